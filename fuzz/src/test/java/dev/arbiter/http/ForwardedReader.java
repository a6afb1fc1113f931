package dev.arbiter.http;

import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** Finds a request's origin as the workers do, for one that came from a trusted proxy. */
@NullMarked
public final class ForwardedReader {
  private static final ProxySettings SETTINGS = Proxies.settings();
  private static final Origin PROXY =
      new Origin(
          new InetSocketAddress("10.0.0.1", 5),
          new InetSocketAddress("10.0.0.2", 80),
          "http",
          null,
          true);

  private ForwardedReader() {}

  /** The origin, by fields of {@code name: value}; null if the head is refused. */
  public static @Nullable Origin origin(List<String> lines) {
    IncomingHead head = new IncomingHead(RequestRules.STANDARD, true);
    head.line("GET", "/", "HTTP/1.1");
    head.field("Host", "a");
    for (String line : lines) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        head.field(line.substring(0, colon), value(line, colon));
      }
    }
    return head.end() ? SETTINGS.origin(head, PROXY) : null;
  }

  /** What stands behind the colon, without the white space of RFC 9110 section 5.6.3 around it. */
  static String value(String line, int colon) {
    return line.substring(colon + 1).replaceAll("^[ \t]+|[ \t]+$", "");
  }

  /** Whether it is one of the fields that are read. */
  public static boolean reads(String line) {
    int colon = line.indexOf(':');
    return colon > 0 && Forwarding.reads(line.substring(0, colon));
  }

  /** Whether what is told of the host may be used as one. */
  public static boolean harmless(@Nullable String host) {
    return host == null || Syntax.authority(host);
  }
}
