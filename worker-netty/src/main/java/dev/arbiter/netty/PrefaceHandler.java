package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Tells by the first bytes of a connection in the clear whether it speaks HTTP/2 (RFC 9113 section
 * 3.4), and leaves the pipeline. On the connection's loop. The time for it is that for the first
 * request.
 */
final class PrefaceHandler extends ChannelInboundHandlerAdapter {
  private static final ByteBuf PREFACE =
      Unpooled.unreleasableBuffer(
          Unpooled.copiedBuffer("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", US_ASCII).asReadOnly());

  private final HttpConnection connection;
  private final boolean only;
  private ByteBuf seen = Unpooled.EMPTY_BUFFER;

  /**
   * @param only whether nothing else is spoken, so that whatever comes is judged as HTTP/2
   */
  PrefaceHandler(HttpConnection connection, boolean only) {
    this.connection = connection;
    this.only = only;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = Unpooled.wrappedBuffer(seen, (ByteBuf) message);
    int count = Math.min(bytes.readableBytes(), PREFACE.readableBytes());
    boolean begun =
        ByteBufUtil.equals(bytes, bytes.readerIndex(), PREFACE, PREFACE.readerIndex(), count);
    if (begun && !only && count < PREFACE.readableBytes()) {
      seen = bytes;
      return;
    }
    seen = Unpooled.EMPTY_BUFFER;
    if (begun || only) {
      connection.beginHttp2();
    }
    // First, since a request looks for what else has come before it is answered, through the
    // pipeline.
    ctx.pipeline().remove(this);
    ctx.fireChannelRead(bytes);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    seen.release();
  }
}
