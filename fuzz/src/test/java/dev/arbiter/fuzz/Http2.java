package dev.arbiter.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.http.HttpSettings;
import dev.arbiter.netty.StreamReader;
import dev.arbiter.sync.HeadReader;
import dev.arbiter.worker.WorkerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The field list of one request in HTTP/2: a line for each field, its name before the first {@code
 * =}.
 *
 * <p>What must hold: what is accepted is fit to be written as HTTP/1.1. And where the list can be
 * said there, that is read as the same request, or both are refused.
 */
public final class Http2 {
  private static final HttpSettings SETTINGS = HttpSettings.from(new WorkerSettings(Map.of()));

  /** With more, limits are reached, which count cookies in HTTP/1 only one by one. */
  private static final int MOST = 90;

  /** RFC 9113 section 8.2.2: they are another thing in HTTP/1, or nothing in HTTP/2. */
  private static final Set<String> OF_CONNECTION =
      Set.of("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade");

  private Http2() {}

  private record Field(String name, String value) {}

  /** One input. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    List<Field> fields = fields(new String(bytes, ISO_8859_1));
    if (fields.size() > MOST) {
      return;
    }
    List<String> flat = new ArrayList<>();
    fields.forEach(field -> flat.addAll(List.of(field.name(), field.value())));
    ReadHead read = StreamReader.read(SETTINGS, flat);
    if (read != null) {
      check(read);
    }
    String text = text(fields);
    if (text == null) {
      return;
    }
    ReadHead also = HeadReader.read(SETTINGS, text.getBytes(ISO_8859_1));
    String one = read == null ? "refused" : read.toString();
    String other = also == null ? "refused" : also.withOneCookie().toString();
    if (!one.equals(other)) {
      throw new AssertionError("HTTP/2: %s%nHTTP/1: %s%n%s".formatted(one, other, text));
    }
  }

  private static List<Field> fields(String text) {
    List<Field> fields = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      int equals = line.indexOf('=');
      if (equals >= 0) {
        fields.add(new Field(line.substring(0, equals), line.substring(equals + 1)));
      }
    }
    return fields;
  }

  /** Whoever writes it on, in whatever version, writes one request. */
  private static void check(ReadHead read) {
    require(read.method().matches("[!#$%&'*+.^_`|~0-9A-Z-]+"), "method", read);
    require(read.rawPath().matches("[/*][\\x21-\\x7e]*"), "path", read);
    require(read.query().matches("[\\x21-\\x7e]*"), "query", read);
    int hosts = 0;
    for (String field : read.fields()) {
      require(
          field.matches(
              "[!#$%&'*+.^_`|~0-9a-z-]+: ([^\\x00-\\x20\\x7f]([^\\x00-\\x08\\x0a-\\x1f\\x7f]*[^\\x00-\\x20\\x7f])?)?"),
          "field",
          read);
      hosts += field.startsWith("host: ") ? 1 : 0;
    }
    require(hosts == 1, "host", read);
  }

  private static void require(boolean holds, String what, ReadHead read) {
    if (!holds) {
      throw new AssertionError(what + ": " + read);
    }
  }

  /** As HTTP/1.1 says it; null if it cannot, or where HTTP/2 has a rule of its own. */
  private static @Nullable String text(List<Field> fields) {
    String method = null;
    String scheme = null;
    String path = null;
    String authority = null;
    StringBuilder lines = new StringBuilder();
    boolean late = false;
    boolean hostSaid = false;
    for (Field field : fields) {
      String value = field.value();
      if (padded(value)) {
        return null;
      }
      if (field.name().startsWith(":")) {
        if (late || value.isEmpty()) {
          return null;
        }
        switch (field.name()) {
          case ":method" -> {
            if (method != null) {
              return null;
            }
            method = value;
          }
          case ":scheme" -> {
            if (scheme != null || !value.matches("https?")) {
              return null;
            }
            scheme = value;
          }
          case ":path" -> {
            if (path != null || !(value.startsWith("/") || value.equals("*"))) {
              return null;
            }
            path = value;
          }
          case ":authority" -> {
            if (authority != null) {
              return null;
            }
            authority = value;
          }
          default -> {
            return null;
          }
        }
        continue;
      }
      late = true;
      String name = field.name();
      if (OF_CONNECTION.contains(name.toLowerCase(Locale.ROOT))
          || name.indexOf(':') >= 0
          || !name.equals(name.toLowerCase(Locale.ROOT))) {
        return null;
      }
      if (!hostSaid && name.equals("host") && value.equalsIgnoreCase(authority)) {
        hostSaid = true;
      } else {
        lines.append(name).append(": ").append(value).append("\r\n");
      }
    }
    if (method == null || scheme == null || path == null) {
      return null;
    }
    String host = authority == null ? "" : "host: " + authority + "\r\n";
    return method + " " + path + " HTTP/1.1\r\n" + host + lines + "\r\n";
  }

  private static boolean padded(String value) {
    return !value.isEmpty()
        && (" \t".indexOf(value.charAt(0)) >= 0
            || " \t".indexOf(value.charAt(value.length() - 1)) >= 0);
  }
}
