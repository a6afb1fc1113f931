package dev.arbiter.netty;

import dev.arbiter.http.UwsgiGate;
import dev.arbiter.http.UwsgiHead;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;

/**
 * Reads a request's head in the uwsgi protocol and passes it on in HTTP: its body is the same in
 * both.
 */
final class UwsgiHandler extends PreludeHandler<UwsgiHead> {
  private final UwsgiGate gate;
  private final HttpConnection connection;

  UwsgiHandler(UwsgiGate gate, HttpConnection connection) {
    super(new UwsgiHead());
    this.gate = gate;
    this.connection = connection;
  }

  @Override
  void refuse(ChannelHandlerContext ctx, String fault) {
    gate.turnedAway(connection.origin().client(), fault);
    ctx.writeAndFlush(Unpooled.wrappedBuffer(UwsgiGate.badRequest()))
        .addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  void passed(ChannelHandlerContext ctx) {
    connection.announced(gate.origin(prelude, connection.origin()));
    ctx.fireChannelRead(Unpooled.wrappedBuffer(prelude.http()));
  }
}
