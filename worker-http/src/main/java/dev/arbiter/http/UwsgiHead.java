package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.worker.AddressList;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The head of one request in the uwsgi protocol (uwsgi-docs, "The uwsgi Protocol"): a packet of
 * variables, after which the body follows as it is. {@link #http} is the same head in HTTP/1.0, for
 * a parser to judge.
 *
 * <p>HTTP/1.0, whatever the client speaks: proxies (nginx's {@code uwsgi_pass}) understand neither
 * chunks nor a second request on a connection.
 */
public final class UwsgiHead implements Prelude {
  /** A kind, 16 bits that count the bytes which follow, a modifier. */
  private static final int START = 4;

  /** Those that are about one connection: the proxy's with its client, and not this one. */
  private static final Set<String> NOT_PASSED_ON =
      Set.of(
          "CONNECTION",
          "CONTENT_LENGTH",
          "CONTENT_TYPE",
          "EXPECT",
          "KEEP_ALIVE",
          "PROXY_CONNECTION",
          "TE",
          "TRAILER",
          "TRANSFER_ENCODING",
          "UPGRADE");

  private byte[] seen = new byte[START];
  private int length;
  private boolean done;
  private @Nullable String fault;
  private final Map<String, String> variables = new HashMap<>();
  private final StringBuilder fields = new StringBuilder();

  @Override
  public boolean done() {
    return done;
  }

  @Override
  public @Nullable String fault() {
    return fault;
  }

  @Override
  public int wants() {
    return done || fault != null ? 0 : seen.length - length;
  }

  @Override
  public void take(ByteBuffer in) {
    for (int wanted = wants(); wanted > 0 && in.hasRemaining(); wanted = wants()) {
      int count = Math.min(wanted, in.remaining());
      in.get(seen, length, count);
      length += count;
      if (length == START) {
        begin();
      }
      if (fault == null && length == seen.length) {
        read();
      }
    }
  }

  private void begin() {
    if (seen[0] != 0) {
      fault = "it does not begin with a request of uwsgi";
      return;
    }
    seen = Arrays.copyOf(seen, START + unsigned(1));
  }

  private int unsigned(int at) {
    return (seen[at] & 0xff) | (seen[at + 1] & 0xff) << 8;
  }

  private void read() {
    int at = START;
    while (at < length && fault == null) {
      String name = text(at);
      at += 2 + (name == null ? 0 : name.length());
      String value = name == null ? null : text(at);
      if (name == null || value == null) {
        fault = "its variables are cut off";
      } else {
        at += 2 + value.length();
        variable(name, value);
      }
    }
    if (fault == null
        && (variable("REQUEST_METHOD").isEmpty() || variable("REQUEST_URI").isEmpty())) {
      fault = "it has no REQUEST_METHOD or no REQUEST_URI";
    }
    done = fault == null;
  }

  /** What stands at {@code at}, after its length; null if it goes beyond the end. */
  private @Nullable String text(int at) {
    if (at + 2 > length || at + 2 + unsigned(at) > length) {
      return null;
    }
    return new String(seen, at + 2, unsigned(at), ISO_8859_1);
  }

  private void variable(String name, String value) {
    // Whatever would end a line of HTTP; all else is for the parser to judge.
    if (value.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)
        || !name.matches("(?!HTTP_$)[A-Za-z0-9_.-]+")) {
      fault = "a variable has a control character, or a name that is none";
    } else if (!name.startsWith("HTTP_")) {
      variables.put(name, value);
    } else if (!NOT_PASSED_ON.contains(name.substring(5).toUpperCase(Locale.ROOT))) {
      field(fields, name.substring(5), value);
    }
  }

  /** {@code USER_AGENT} becomes {@code User-Agent}. */
  private static void field(StringBuilder to, String name, String value) {
    boolean capital = true;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i) == '_' ? '-' : name.charAt(i);
      to.append(capital ? Character.toUpperCase(c) : Character.toLowerCase(c));
      capital = c == '-';
    }
    to.append(": ").append(value).append("\r\n");
  }

  private String variable(String name) {
    return variables.getOrDefault(name, "");
  }

  /** The same head in HTTP/1.0, once it is {@link #done}. */
  public byte[] http() {
    StringBuilder head = new StringBuilder();
    head.append(variable("REQUEST_METHOD")).append(' ').append(variable("REQUEST_URI"));
    head.append(" HTTP/1.0\r\n").append(fields);
    for (String name : List.of("CONTENT_TYPE", "CONTENT_LENGTH")) {
      if (!variable(name).isEmpty()) {
        field(head, name, variable(name));
      }
    }
    return head.append("\r\n").toString().getBytes(ISO_8859_1);
  }

  /**
   * The origin of the request on a connection that {@code socket} is the origin of, once it is
   * {@link #done}. Forwarding fields are the client's, and believed only if that one is trusted.
   */
  Origin origin(ProxySettings settings, Origin socket) {
    boolean https =
        variable("HTTPS").equals("on")
            || variable("HTTPS").equals("1")
            || variable("REQUEST_SCHEME").equals("https");
    String scheme = https ? "https" : "http";
    InetAddress address = AddressList.literal(variable("REMOTE_ADDR"));
    if (address == null) {
      return new Origin(socket.client(), socket.server(), scheme, null, false);
    }
    String port = variable("REMOTE_PORT");
    int number = port.matches("[0-9]{1,5}") ? Math.min(0xffff, Integer.parseInt(port)) : 0;
    return settings.origin(false, new InetSocketAddress(address, number), socket.server(), scheme);
  }
}
