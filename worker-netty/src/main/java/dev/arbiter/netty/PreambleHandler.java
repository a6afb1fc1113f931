package dev.arbiter.netty;

import dev.arbiter.http.ProxyGate;
import dev.arbiter.http.ProxyPreamble;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.ByteBuffer;

/**
 * Takes the PROXY preamble off a connection, before TLS and HTTP see a byte, and leaves the
 * pipeline. On the connection's loop. The time for it is that for the first request.
 */
final class PreambleHandler extends ChannelInboundHandlerAdapter {
  private final ProxyGate gate;
  private final HttpConnection connection;
  private final ProxyPreamble preamble;

  PreambleHandler(ProxyGate gate, HttpConnection connection) {
    this.gate = gate;
    this.connection = connection;
    this.preamble = gate.preamble();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (preamble.fault() != null) {
      bytes.release();
      return;
    }
    ByteBuffer view = bytes.nioBuffer();
    int before = view.remaining();
    preamble.take(view);
    bytes.skipBytes(before - view.remaining());
    String fault = preamble.fault();
    if (fault != null) {
      gate.turnedAway(connection.origin().client(), fault);
      bytes.release();
      ctx.close();
      return;
    }
    if (preamble.done()) {
      connection.announced(gate.origin(preamble, connection.origin()));
      ctx.pipeline().remove(this);
    }
    if (bytes.isReadable()) {
      ctx.fireChannelRead(bytes);
    } else {
      bytes.release();
    }
  }
}
