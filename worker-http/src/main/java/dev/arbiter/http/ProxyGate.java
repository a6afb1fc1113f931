package dev.arbiter.http;

import dev.arbiter.http.ProxyPreamble.Mode;
import java.net.SocketAddress;
import java.util.Locale;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Where connections are let in, if they have to begin with a PROXY preamble. One in each worker,
 * for its life. Any thread.
 */
public final class ProxyGate {
  private final ProxySettings settings;
  private final TurnedAway turnedAway;

  /**
   * With the worker's settings.
   *
   * @param say writes a line in the arbiter's log: level and text
   */
  public ProxyGate(ProxySettings settings, BiConsumer<String, String> say) {
    this.settings = settings;
    this.turnedAway =
        new TurnedAway(
            "proxy-protocol is " + settings.protocol().name().toLowerCase(Locale.ROOT), say);
  }

  /** Whether connections begin with a preamble, so that {@link #admits} is to be asked. */
  public boolean on() {
    return settings.protocol() != Mode.OFF;
  }

  /** Whether a new connection may announce whom it is for; said in the log if not. */
  public boolean admits(boolean unix, Origin socket) {
    if (unix || settings.announces(socket.client())) {
      return true;
    }
    turnedAway(socket.client(), "it is not in --proxy-allow-from");
    return false;
  }

  /** A preamble that is to be read before anything else on a connection. */
  public ProxyPreamble preamble() {
    return new ProxyPreamble(settings.protocol());
  }

  /** The origin of a connection whose preamble is complete. */
  public Origin origin(ProxyPreamble preamble, Origin socket) {
    return preamble.origin(settings, socket);
  }

  /** A connection is closed before anything was read of it but its preamble. */
  public void turnedAway(@Nullable SocketAddress peer, String reason) {
    turnedAway.tell(peer, reason);
  }
}
