package dev.arbiter.http;

import dev.arbiter.worker.AddressList;
import dev.arbiter.worker.WorkerSettings;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whom to believe about where requests come from. Immutable, any thread.
 *
 * @param headers whether forwarding fields are read at all
 * @param forwarders peers whose forwarding fields are believed
 * @param protocol whether connections begin with a PROXY preamble, and which
 * @param announcers peers that may send one; all others are not served then
 */
public record ProxySettings(
    boolean headers, AddressList forwarders, ProxyPreamble.Mode protocol, AddressList announcers) {
  /** As the operator set them. */
  public static ProxySettings from(WorkerSettings settings) {
    return new ProxySettings(
        settings.flag("proxy-headers", true),
        list(settings, "forwarded-allow-ips"),
        ProxyPreamble.Mode.valueOf(
            settings.text("proxy-protocol").orElse("off").toUpperCase(Locale.ROOT)),
        list(settings, "proxy-allow-from"));
  }

  /** The arbiter sends its default; what it does not send was emptied, and means nobody. */
  static AddressList list(WorkerSettings settings, String name) {
    return AddressList.parse(settings.text(name).orElse(""));
  }

  /**
   * The origin of a connection, as its socket tells it.
   *
   * @param unix whether it is a Unix socket: who may open that is the file system's business, so
   *     its peers are trusted. A TCP peer whose address cannot be told, because it has reset the
   *     connection already, is not
   */
  public Origin origin(
      boolean unix, @Nullable SocketAddress client, @Nullable SocketAddress server, String scheme) {
    return unix
        ? new Origin(null, null, scheme, null, headers)
        : new Origin(client, server, scheme, null, headers && in(forwarders, client));
  }

  /** The origin of {@code head}, which came over a connection of origin {@code connection}. */
  public Origin origin(IncomingHead head, Origin connection) {
    return head.forwarded() ? new Forwarding(this, head).origin(connection) : connection;
  }

  /** Whether an address of a forwarding field is that of another proxy in front. */
  boolean forwards(SocketAddress hop) {
    return in(forwarders, hop);
  }

  /** Whether a TCP peer may send a PROXY preamble; a Unix peer always may. */
  boolean announces(@Nullable SocketAddress peer) {
    return in(announcers, peer);
  }

  /** Whether a TCP peer is in a list. */
  static boolean in(AddressList list, @Nullable SocketAddress peer) {
    return peer instanceof InetSocketAddress inet
        && inet.getAddress() != null
        && list.contains(inet.getAddress());
  }
}
