package dev.arbiter.netty;

import dev.arbiter.http.Prelude;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.ByteBuffer;

/**
 * Takes a prelude off a connection, before what follows sees a byte, and leaves the pipeline. On
 * the connection's loop. The time for it is that for the first request.
 */
abstract class PreludeHandler<P extends Prelude> extends ChannelInboundHandlerAdapter {
  final P prelude;

  PreludeHandler(P prelude) {
    this.prelude = prelude;
  }

  /** It has a fault: closes the connection. */
  abstract void refuse(ChannelHandlerContext ctx, String fault);

  /** It is complete. What the connection goes on with may be fired, and its next bytes follow. */
  abstract void passed(ChannelHandlerContext ctx);

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (prelude.fault() != null) {
      bytes.release();
      return;
    }
    ByteBuffer view = bytes.nioBuffer();
    int before = view.remaining();
    prelude.take(view);
    bytes.skipBytes(before - view.remaining());
    String fault = prelude.fault();
    if (fault != null) {
      bytes.release();
      refuse(ctx, fault);
      return;
    }
    if (prelude.done()) {
      ctx.pipeline().remove(this);
      passed(ctx);
    }
    if (bytes.isReadable()) {
      ctx.fireChannelRead(bytes);
    } else {
      bytes.release();
    }
  }
}
