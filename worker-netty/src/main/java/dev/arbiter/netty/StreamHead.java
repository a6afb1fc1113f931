package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.ResponseHead;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns the field lists of HTTP/2 into the heads that everything else works with, and back. Static,
 * for any thread.
 */
final class StreamHead {
  private static final int STATUS_AT = "HTTP/1.1 ".length();

  private StreamHead() {}

  /**
   * Makes a head of what a client sent, and judges it as in HTTP/1.
   *
   * @param body whether the head did not end the stream
   * @param connects whether an extended CONNECT may ask for a WebSocket (RFC 8441)
   * @return null if it is malformed in the sense of RFC 9113 section 8.1.1, which no status answers
   */
  static @Nullable IncomingHead request(
      IncomingHead head, Http2Headers fields, boolean body, boolean connects) {
    String method = null;
    String scheme = null;
    String path = null;
    String authority = null;
    String protocol = null;
    StringBuilder cookie = null;
    for (Map.Entry<CharSequence, CharSequence> field : fields) {
      String value = field.getValue().toString();
      CharSequence name = field.getKey();
      if (name.isEmpty() || padded(value)) {
        return null;
      }
      if (name.charAt(0) == ':') {
        switch (name.toString()) {
          case ":method" -> method = once(method, value);
          case ":scheme" -> scheme = once(scheme, value);
          case ":path" -> path = once(path, value);
          case ":authority" -> authority = once(authority, value);
          case ":protocol" -> protocol = once(protocol, value);
          default -> {
            return null;
          }
        }
      } else if (AsciiString.contentEquals(name, "cookie")) {
        // RFC 9113 section 8.2.3: what was taken apart for the sake of compression.
        cookie = cookie == null ? new StringBuilder(value) : cookie.append("; ").append(value);
      }
    }
    boolean connect = "CONNECT".equals(method) && protocol == null;
    if (protocol != null && (wrong(protocol) || !connects || !"CONNECT".equals(method))) {
      return null;
    }
    if (method == null
        || method.isEmpty()
        || TWICE.equals(authority)
        || (!connect && (wrong(scheme) || wrong(path)))) {
      return null;
    }
    if (protocol == null) {
      head.pseudo(method, path == null ? "" : path, authority, body);
    } else {
      head.connect(protocol, Objects.requireNonNull(path), authority);
    }
    int hosts = 0;
    for (Map.Entry<CharSequence, CharSequence> field : fields) {
      String name = field.getKey().toString();
      String value = field.getValue().toString();
      boolean said =
          name.charAt(0) == ':'
              || name.equals("cookie")
              // Once: a second one is refused as in HTTP/1, be they all the same.
              || (name.equals("host") && hosts++ == 0 && value.equalsIgnoreCase(authority));
      if (!said) {
        head.field(name, value);
      }
    }
    if (cookie != null) {
      head.field("cookie", cookie.toString());
    }
    head.end();
    return head;
  }

  /** No value of a pseudo field: it was there twice. */
  private static final String TWICE = "\0";

  private static String once(@Nullable String before, String value) {
    return before == null ? value : TWICE;
  }

  private static boolean wrong(@Nullable String value) {
    return value == null || value.isEmpty() || value.equals(TWICE);
  }

  /** RFC 9113 section 8.2.1: a value neither begins nor ends with white space. */
  private static boolean padded(String value) {
    return !value.isEmpty() && (blank(value.charAt(0)) || blank(value.charAt(value.length() - 1)));
  }

  private static boolean blank(char c) {
    return c == ' ' || c == '\t';
  }

  /**
   * Makes a field list of a response's head.
   *
   * <p>Design note. {@link ResponseHead} is the one place that decides what an app may say and what
   * is added, and it makes lines. Here they are taken apart again, without a copy of each: the
   * names and values are parts of one array.
   */
  static Http2Headers response(ResponseHead head) {
    byte[] bytes = Arrays.copyOf(head.bytes(), head.length());
    Http2Headers fields = new DefaultHttp2Headers(false, 16);
    fields.status(new AsciiString(bytes, STATUS_AT, 3, false));
    return add(fields, bytes);
  }

  /** Makes a field list of what {@link ResponseHead#encodeTrailers} has made; takes the array. */
  static Http2Headers trailers(byte[] bytes) {
    return add(new DefaultHttp2Headers(false, 4), bytes);
  }

  /** Adds the fields behind the first line. */
  private static Http2Headers add(Http2Headers fields, byte[] bytes) {
    int at = endOfLine(bytes, 0);
    while (bytes[at] != '\r') {
      int colon = at;
      while (bytes[colon] != ':') {
        if (bytes[colon] >= 'A' && bytes[colon] <= 'Z') {
          bytes[colon] |= 0x20;
        }
        colon++;
      }
      int next = endOfLine(bytes, colon);
      AsciiString name = new AsciiString(bytes, at, colon - at, false);
      if (!ofConnection(name)) {
        fields.add(name, new AsciiString(bytes, colon + 2, next - colon - 4, false));
      }
      at = next;
    }
    return fields;
  }

  private static int endOfLine(byte[] bytes, int from) {
    int at = from;
    while (bytes[at] != '\n') {
      at++;
    }
    return at + 1;
  }

  /** RFC 9113 section 8.2.2: what only says something about a connection of HTTP/1. */
  private static boolean ofConnection(AsciiString name) {
    return switch (name.length()) {
      case 7 -> name.contentEquals("upgrade");
      case 10 -> name.contentEquals("connection");
      case 17 -> name.contentEquals("transfer-encoding");
      default -> false;
    };
  }

  /** The field list of an interim response that has no fields. */
  static Http2Headers interim(int status) {
    return new DefaultHttp2Headers(false, 1)
        .status(new AsciiString(String.valueOf(status).getBytes(US_ASCII), false));
  }
}
