package dev.arbiter.http;

import java.net.SocketAddress;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Connections that are closed before anything of them was HTTP, told now and then. Any thread. */
final class TurnedAway {
  private final String because;
  private final SeldomLog log;

  /**
   * Tells of those that one setting does not let in.
   *
   * @param because the setting and its value
   * @param say writes a line in the arbiter's log: level and text
   */
  TurnedAway(String because, BiConsumer<String, String> say) {
    this.because = because;
    this.log = new SeldomLog(text -> say.accept("warning", text));
  }

  void tell(@Nullable SocketAddress peer, String reason) {
    log.say(
        "A connection from %s was closed: %s, and %s."
            .formatted(ConnectionLog.shown(peer), because, reason));
  }
}
