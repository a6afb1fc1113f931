package dev.arbiter.netty;

import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.tls.ServerTls;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * What stands between a connection and its TLS: before Netty's handler in the pipeline, it sees
 * clients that speak HTTP in the clear, and throws away what comes after the end. On the
 * connection's loop; lives as long as its channel.
 */
final class TlsGate extends ChannelInboundHandlerAdapter {
  /** Told to the connection: the client does not speak TLS, and is answered as it speaks. */
  record PlainHttp() {}

  private enum Phase {
    NOTHING_READ,
    PASSING,
    DROPPING
  }

  private final Channel channel;
  private final ServerTls tls;
  private final SSLEngine engine;
  private final SslHandler handler;
  private Phase phase = Phase.NOTHING_READ;
  private boolean plain;
  private @Nullable TlsInfo info;

  private TlsGate(Channel channel, ServerTls tls) {
    this.channel = channel;
    this.tls = tls;
    engine = tls.engine();
    handler = new SslHandler(engine);
    handler.setHandshakeTimeoutMillis(0); // the connection's ticks keep all its limits
  }

  /** Puts TLS first in a pipeline that is still empty. */
  static TlsGate install(Channel channel, ServerTls tls) {
    TlsGate gate = new TlsGate(channel, tls);
    channel.pipeline().addLast(gate, gate.handler);
    return gate;
  }

  /**
   * What an app is told of a connection, in any version of HTTP: known from the end of the
   * handshake on; null in the clear.
   */
  static @Nullable TlsInfo info(@Nullable TlsGate gate) {
    return gate == null ? null : gate.info;
  }

  /** As TLS itself has it; any thread may ask. */
  SSLSession session() {
    return engine.getSession();
  }

  /** The handshake is over. Returns what ALPN chose; empty if the client did not ask. */
  String shaken() {
    info = tls.info(engine);
    String chosen = engine.getApplicationProtocol();
    return chosen == null ? "" : chosen;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (phase == Phase.NOTHING_READ && ((ByteBuf) message).isReadable()) {
      ByteBuf bytes = (ByteBuf) message;
      plain = ServerTls.isPlainHttp(bytes.getByte(bytes.readerIndex()));
      phase = plain ? Phase.DROPPING : Phase.PASSING;
      if (plain) {
        bytes.release();
        ctx.pipeline().remove(handler);
        ctx.fireUserEventTriggered(new PlainHttp());
        return;
      }
    }
    if (phase == Phase.DROPPING) {
      ReferenceCountUtil.release(message);
    } else {
      ctx.fireChannelRead(message);
    }
  }

  /**
   * Says that nothing more follows, in TLS (RFC 8446 section 6.1) and in TCP. What the client still
   * sends is no longer decrypted.
   */
  void shutdownOutput() {
    phase = Phase.DROPPING;
    if (plain) {
      ((DuplexChannel) channel).shutdownOutput();
    } else {
      handler.closeOutbound().addListener(_ -> ((DuplexChannel) channel).shutdownOutput());
    }
  }

  /**
   * Closes without telling the client in TLS that this is the end: after {@link #shutdownOutput} it
   * knows, and of a response that was cut it must not believe it.
   */
  void close() {
    ChannelHandlerContext ctx = plain ? null : channel.pipeline().context(handler);
    if (ctx == null) {
      channel.close();
    } else {
      ctx.close(); // from there towards the socket, past the handler itself
    }
  }
}
