package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.worker.AddressList;
import dev.arbiter.worker.WorkerSettings;
import java.net.SocketAddress;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Where connections are let in, if they speak uwsgi ({@code --protocol uwsgi}). One in each worker,
 * for its life. Any thread.
 */
public final class UwsgiGate {
  private static final byte[] BAD_REQUEST =
      "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
          .getBytes(US_ASCII);

  private final boolean on;
  private final AddressList allowed;
  private final ProxySettings settings;
  private final TurnedAway turnedAway;

  /**
   * With the worker's settings.
   *
   * @param say writes a line in the arbiter's log: level and text
   */
  public UwsgiGate(WorkerSettings settings, ProxySettings proxies, BiConsumer<String, String> say) {
    this.on = settings.text("protocol").orElse("http").equals("uwsgi");
    this.allowed = ProxySettings.list(settings, "uwsgi-allow-from");
    this.settings = proxies;
    this.turnedAway = new TurnedAway("protocol is uwsgi", say);
  }

  /** Whether connections speak uwsgi, so that {@link #admits} is to be asked. */
  public boolean on() {
    return on;
  }

  /**
   * Whether a new connection may speak it, for it may claim to be any client; said in the log if
   * not. A Unix peer always may.
   */
  public boolean admits(boolean unix, Origin socket) {
    if (unix || ProxySettings.in(allowed, socket.client())) {
      return true;
    }
    turnedAway(socket.client(), "it is not in --uwsgi-allow-from");
    return false;
  }

  /** The origin of a request whose head is complete. */
  public Origin origin(UwsgiHead head, Origin socket) {
    return head.origin(settings, socket);
  }

  /** A connection is closed before anything of it was a request. */
  public void turnedAway(@Nullable SocketAddress peer, String reason) {
    turnedAway.tell(peer, reason);
  }

  /** What a peer is answered whose head has a fault. */
  public static byte[] badRequest() {
    return BAD_REQUEST.clone();
  }
}
