package dev.arbiter.netty;

import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import org.jspecify.annotations.Nullable;

/** The ways to end a channel, with TLS on it or not. On its loop; one for each connection. */
final class ChannelEnd {
  private final Channel channel;
  private final @Nullable TlsGate tls;

  ChannelEnd(Channel channel, @Nullable TlsGate tls) {
    this.channel = channel;
    this.tls = tls;
  }

  /** Says that nothing more follows; the client may still send. */
  void shutdownOutput() {
    if (tls == null) {
      ((DuplexChannel) channel).shutdownOutput();
    } else {
      tls.shutdownOutput();
    }
  }

  /** Closes without a word in TLS: it was said, or the client is not to believe it. */
  void close() {
    if (tls == null) {
      channel.close();
    } else {
      tls.close();
    }
  }
}
