package dev.arbiter.http;

import dev.arbiter.worker.AddressList;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What trusted proxies say about one request: {@code X-Forwarded-For}, {@code -Proto}, {@code
 * -Host}, {@code -Port}, or {@code Forwarded} (RFC 7239). Lives while the request begins; made only
 * where the peer is trusted and sent such a field.
 *
 * <p>Each proxy adds the address of its own client at the right. So the list is walked from the
 * right for as long as it names other trusted proxies; the first address that is none is the
 * client's, whatever stands to the left of it. If all are trusted, the leftmost is.
 *
 * <p>Design note: what is safe. Every decision below gives up knowledge rather than believe. An
 * address that cannot be read, or that is hidden on purpose, makes the client unknown, not the
 * proxy's own address, which an app may take for one of its own. Where both kinds of field came,
 * {@code Forwarded} is not looked at: most proxies set only the X- fields and pass on a client's
 * {@code Forwarded} as it is. Values that contradict each other count as not given. {@code
 * X-Forwarded-Prefix} is never read: where the app is mounted is the operator's word alone ({@code
 * --root-path}).
 */
final class Forwarding {
  /** More proxies than any request passes: who says so is not believed. */
  private static final int HOPS = 64;

  /** What nginx calls a client that came over a Unix socket, as a second nginx does. */
  private static final String UNIX_HOP = "unix:";

  private enum Field {
    NONE,
    FOR,
    PROTO,
    HOST,
    PORT,
    FORWARDED
  }

  private final ProxySettings settings;
  private final IncomingHead head;
  private int hops;
  private boolean found;
  private @Nullable InetSocketAddress client;

  Forwarding(ProxySettings settings, IncomingHead head) {
    this.settings = settings;
    this.head = head;
  }

  /** Whether a field is one of those that are read here. Told apart by length first. */
  static boolean reads(String name) {
    return field(name) != Field.NONE;
  }

  private static Field field(String name) {
    return switch (name.length()) {
      case 9 -> name.equalsIgnoreCase("forwarded") ? Field.FORWARDED : Field.NONE;
      case 15 -> name.equalsIgnoreCase("x-forwarded-for") ? Field.FOR : Field.NONE;
      case 16 ->
          name.equalsIgnoreCase("x-forwarded-host")
              ? Field.HOST
              : name.equalsIgnoreCase("x-forwarded-port") ? Field.PORT : Field.NONE;
      case 17 -> name.equalsIgnoreCase("x-forwarded-proto") ? Field.PROTO : Field.NONE;
      default -> Field.NONE;
    };
  }

  /** The origin of the request; {@code connection} is that of the trusted peer. */
  Origin origin(Origin connection) {
    List<String> addresses = new ArrayList<>();
    List<String> forwarded = new ArrayList<>();
    Single proto = new Single();
    Single host = new Single();
    Single port = new Single();
    boolean any = head.toldScheme() != null;
    for (int i = 0; i < head.size(); i++) {
      Field field = field(head.name(i));
      String value = head.value(i);
      switch (field) {
        case NONE -> {}
        case FOR -> addresses.add(value);
        case PROTO -> proto.add(value);
        case HOST -> host.add(value);
        case PORT -> port.add(value);
        case FORWARDED -> forwarded.add(value);
      }
      any |= field != Field.NONE && field != Field.FORWARDED;
    }
    return any
        ? byXFields(connection, addresses, proto, host, port)
        : byForwarded(connection, forwarded);
  }

  /** A fact that is told once, or several times alike. */
  private static final class Single {
    private @Nullable String value;
    private boolean contradicted;

    void add(String list) {
      for (String part : list.split(",", -1)) {
        String one = part.strip();
        if (one.isEmpty()) {
          continue;
        }
        contradicted |= value != null && !value.equalsIgnoreCase(one);
        value = value == null ? one : value;
      }
    }

    @Nullable String get() {
      return contradicted ? null : value;
    }
  }

  // ---- X-Forwarded-*

  private Origin byXFields(
      Origin connection, List<String> lists, Single proto, Single host, Single port) {
    boolean named = false;
    for (int i = lists.size() - 1; i >= 0 && !found; i--) {
      String list = lists.get(i);
      int end = list.length();
      while (end >= 0 && !found) {
        int comma = list.lastIndexOf(',', end - 1);
        String part = list.substring(comma + 1, end).strip();
        // RFC 9110 section 5.6.1: empty parts of a list are to be ignored.
        if (!part.isEmpty()) {
          named = true;
          visit(part);
        }
        end = comma;
      }
    }
    // What the operator has named goes before what every proxy may send.
    String toldScheme = head.toldScheme();
    String scheme = toldScheme == null ? scheme(proto.get(), connection.scheme()) : toldScheme;
    return new Origin(
        named ? client : connection.client(),
        connection.server(),
        scheme,
        host(authority(host.get()), port.get(), scheme),
        false);
  }

  /** Takes the next address from the right; {@link #found} if the walk ends with it. */
  private void visit(String node) {
    if (++hops > HOPS) {
      unknown();
    } else if (node.equals(UNIX_HOP)) {
      client = null; // its own client stands to the left, if there is one
    } else {
      client = node(node);
      found = client == null || !settings.forwards(client);
    }
  }

  private void unknown() {
    client = null;
    found = true;
  }

  /**
   * An address with or without a port, IPv6 with a port in brackets. Null for anything else: {@code
   * unknown} and obfuscated names (RFC 7239 sections 6.2 and 6.3) too.
   */
  private static @Nullable InetSocketAddress node(String text) {
    String address = text;
    String port = "";
    if (text.startsWith("[")) {
      int close = text.indexOf(']');
      if (close < 0 || text.indexOf(':') < 0) {
        return null;
      }
      address = text.substring(1, close);
      port = text.substring(close + 1);
      if (address.indexOf(':') < 0) {
        return null;
      }
    } else {
      int colon = text.indexOf(':');
      if (colon >= 0 && text.indexOf(':', colon + 1) < 0) {
        address = text.substring(0, colon);
        port = text.substring(colon);
      }
    }
    InetAddress literal = AddressList.literal(address);
    int number = port.isEmpty() ? 0 : port.charAt(0) == ':' ? nodePort(port.substring(1)) : -1;
    return literal == null || number < 0 ? null : new InetSocketAddress(literal, number);
  }

  /** Whether brackets are where an address of several colons needs them. */
  private static boolean bracketed(String node) {
    return node.startsWith("[") || node.indexOf(':') == node.lastIndexOf(':');
  }

  /** RFC 7239 section 6: digits, or an obfuscated name that says no more than none. */
  private static int nodePort(String text) {
    return text.length() > 1 && text.charAt(0) == '_' && Syntax.token(text) ? 0 : portNumber(text);
  }

  /** -1 if it is none. */
  private static int portNumber(String text) {
    if (text.isEmpty() || text.length() > 5) {
      return -1;
    }
    int number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = number * 10 + (c - '0');
    }
    return number > 0xffff ? -1 : number;
  }

  private static String scheme(@Nullable String told, String otherwise) {
    return switch (told == null ? "" : told.toLowerCase(Locale.ROOT)) {
      case "http" -> "http";
      case "https" -> "https";
      case "ws" -> Leniency.WEBSOCKET_SCHEMES ? "http" : otherwise;
      case "wss" -> Leniency.WEBSOCKET_SCHEMES ? "https" : otherwise;
      default -> otherwise;
    };
  }

  private static @Nullable String authority(@Nullable String told) {
    return told != null && Syntax.authority(told) ? told : null;
  }

  /** A port is added to a host that has none, unless it is the scheme's own. */
  private @Nullable String host(@Nullable String told, @Nullable String port, String scheme) {
    int number = port == null ? -1 : portNumber(port);
    if (number <= 0 || number == (scheme.equals("https") ? 443 : 80)) {
      return told;
    }
    String host = told == null ? head.first("host") : told;
    if (host == null || host.isEmpty() || host.indexOf(':', host.lastIndexOf(']') + 1) >= 0) {
      return told;
    }
    return host + ":" + number;
  }

  // ---- Forwarded

  private Origin byForwarded(Origin connection, List<String> lists) {
    ForwardedElement last = null;
    for (int i = lists.size() - 1; i >= 0 && !found; i--) {
      // Line by line: what a client left open must not swallow what a proxy added.
      List<ForwardedElement> elements = ForwardedElement.parse(lists.get(i));
      if (elements == null) {
        last = null;
        unknown();
        break;
      }
      for (int j = elements.size() - 1; j >= 0 && !found; j--) {
        last = elements.get(j);
        String node = last.node();
        if (node == null || !(Leniency.BARE_IPV6_IN_FORWARDED || bracketed(node))) {
          unknown(); // a proxy that does not say whom it forwards
        } else {
          visit(node);
        }
      }
    }
    boolean told = last != null || found;
    return new Origin(
        told ? client : connection.client(),
        connection.server(),
        last == null ? connection.scheme() : scheme(last.proto(), connection.scheme()),
        last == null ? null : authority(last.host()),
        false);
  }
}
