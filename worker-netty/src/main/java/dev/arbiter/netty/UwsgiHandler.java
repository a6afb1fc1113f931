package dev.arbiter.netty;

import dev.arbiter.http.UwsgiGate;
import dev.arbiter.http.UwsgiHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.ByteBuffer;

/**
 * Reads a request's head in the uwsgi protocol, passes it on in HTTP, and leaves the pipeline: its
 * body is the same in both. On the connection's loop. The time for it is that for the first
 * request.
 */
final class UwsgiHandler extends ChannelInboundHandlerAdapter {
  private final UwsgiGate gate;
  private final HttpConnection connection;
  private final UwsgiHead head = new UwsgiHead();

  UwsgiHandler(UwsgiGate gate, HttpConnection connection) {
    this.gate = gate;
    this.connection = connection;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (head.fault() != null) {
      bytes.release();
      return;
    }
    ByteBuffer view = bytes.nioBuffer();
    int before = view.remaining();
    head.take(view);
    bytes.skipBytes(before - view.remaining());
    String fault = head.fault();
    if (fault != null) {
      gate.turnedAway(connection.origin().client(), fault);
      bytes.release();
      ctx.writeAndFlush(Unpooled.wrappedBuffer(UwsgiGate.badRequest()))
          .addListener(ChannelFutureListener.CLOSE);
      return;
    }
    if (!head.done()) {
      bytes.release();
      return;
    }
    connection.announced(gate.origin(head, connection.origin()));
    ctx.pipeline().remove(this);
    ctx.fireChannelRead(Unpooled.wrappedBuffer(head.http()));
    if (bytes.isReadable()) {
      ctx.fireChannelRead(bytes);
    } else {
      bytes.release();
    }
  }
}
