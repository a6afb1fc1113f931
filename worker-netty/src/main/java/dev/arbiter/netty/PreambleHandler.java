package dev.arbiter.netty;

import dev.arbiter.http.ProxyGate;
import dev.arbiter.http.ProxyPreamble;
import io.netty.channel.ChannelHandlerContext;

/** Takes the PROXY preamble off a connection, before TLS and HTTP. */
final class PreambleHandler extends PreludeHandler<ProxyPreamble> {
  private final ProxyGate gate;
  private final HttpConnection connection;

  PreambleHandler(ProxyGate gate, HttpConnection connection) {
    super(gate.preamble());
    this.gate = gate;
    this.connection = connection;
  }

  @Override
  void refuse(ChannelHandlerContext ctx, String fault) {
    gate.turnedAway(connection.origin().client(), fault);
    ctx.close();
  }

  @Override
  void passed(ChannelHandlerContext ctx) {
    connection.announced(gate.origin(prelude, connection.origin()));
  }
}
