package dev.arbiter.http;

import dev.arbiter.worker.AccessAtoms;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;

/**
 * Gunicorn's access log format, compiled to a list of segments: {@code %(h)s}, {@code %(D)s},
 * {@code %({user-agent}i)s} and the rest of its atoms. Used by one thread, the log's writer.
 *
 * <p>Whatever a client chose is escaped, so that it can forge neither a line nor a quoted field.
 */
final class AccessFormat {
  /** Gunicorn's default. */
  static final String DEFAULT = "%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\"";

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("'['dd/MMM/yyyy:HH:mm:ss Z']'", Locale.ROOT);
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  /** One piece of a line. */
  private interface Segment {
    void append(StringBuilder line, AccessRecord entry);
  }

  private final List<Segment> segments = new ArrayList<>();
  private final ZoneId zone = ZoneId.systemDefault();
  private final String pid = "<" + ProcessHandle.current().pid() + ">";
  private long dateSecond = Long.MIN_VALUE;
  private String date = "";

  private AccessFormat(Segment whole) {
    segments.add(whole);
  }

  private AccessFormat(String format) {
    Matcher atoms = AccessAtoms.PATTERN.matcher(format);
    int end = 0;
    while (atoms.find()) {
      literal(format.substring(end, atoms.start()));
      end = atoms.end();
      String letter = atoms.group(2);
      if (letter == null) {
        literal("%");
      } else {
        segments.add(atom(Optional.ofNullable(atoms.group(1)), letter));
      }
    }
    literal(format.substring(end));
  }

  /** For {@code json}, an object in each line; see {@link AccessJson}. */
  static AccessFormat compile(String format) {
    if (format.equals(AccessJson.NAME)) {
      AccessJson json = new AccessJson();
      return new AccessFormat(json::append);
    }
    return new AccessFormat(format);
  }

  /** Appends the line, without its end. */
  void append(StringBuilder line, AccessRecord entry) {
    for (Segment segment : segments) {
      segment.append(line, entry);
    }
  }

  private void literal(String text) {
    if (!text.isEmpty()) {
      segments.add((line, _) -> line.append(text));
    }
  }

  private Segment atom(Optional<String> name, String letter) {
    if (!AccessAtoms.isKnown(name.orElse(null), letter)) {
      return (line, _) -> line.append('-');
    }
    if (name.isPresent()) {
      String field = name.get().toLowerCase(Locale.ROOT);
      return switch (letter) {
        case "i" -> (line, entry) -> escape(line, entry.headers().first(field));
        case "o" -> (line, entry) -> escape(line, entry.responseHeaders().first(field));
        case "e" -> (line, entry) -> escape(line, environ(field, entry));
        default -> throw new IllegalArgumentException(letter);
      };
    }
    return switch (letter) {
      case "h" -> (line, entry) -> line.append(host(entry));
      case "l" -> (line, _) -> line.append('-');
      case "u" -> (line, entry) -> escape(line, user(entry));
      case "t" -> (line, entry) -> line.append(date(entry.endMillis()));
      case "r" -> AccessFormat::requestLine;
      case "m" -> (line, entry) -> escape(line, present(entry.method()));
      case "U" -> (line, entry) -> escape(line, present(path(entry)));
      case "q" -> (line, entry) -> escape(line, query(entry));
      case "H" -> (line, entry) -> escape(line, present(entry.version()));
      case "s" -> (line, entry) -> line.append(entry.status());
      case "B", "b" -> (line, entry) -> line.append(entry.bytes());
      case "f" -> (line, entry) -> escape(line, entry.headers().first("referer"));
      case "a" -> (line, entry) -> escape(line, entry.headers().first("user-agent"));
      case "T" -> (line, entry) -> line.append(entry.nanos() / 1_000_000_000);
      case "M" -> (line, entry) -> line.append(entry.nanos() / 1_000_000);
      case "D" -> (line, entry) -> line.append(entry.nanos() / 1_000);
      case "L" -> AccessFormat::decimalSeconds;
      case "p" -> (line, _) -> line.append(pid);
      default -> throw new IllegalArgumentException(letter);
    };
  }

  private static void requestLine(StringBuilder line, AccessRecord entry) {
    if (entry.method().isEmpty()) {
      line.append('-');
      return;
    }
    escape(line, entry.method());
    line.append(' ');
    escape(line, entry.target());
    // There is none behind a target that was too long to be read to its end.
    if (!entry.version().isEmpty()) {
      line.append(' ');
      escape(line, entry.version());
    }
  }

  private static void decimalSeconds(StringBuilder line, AccessRecord entry) {
    long micros = entry.nanos() / 1_000;
    String fraction = Long.toString(1_000_000 + micros % 1_000_000);
    line.append(micros / 1_000_000).append('.').append(fraction, 1, fraction.length());
  }

  /** One client fills a second with many lines: the text is kept for as long as it is the same. */
  private String date(long millis) {
    long second = Math.floorDiv(millis, 1000);
    if (second != dateSecond) {
      date = DATE.format(Instant.ofEpochSecond(second).atZone(zone));
      dateSecond = second;
    }
    return date;
  }

  static String host(AccessRecord entry) {
    if (entry.client() instanceof InetSocketAddress inet && inet.getAddress() != null) {
      String address = inet.getAddress().getHostAddress();
      int scope = address.indexOf('%');
      return scope < 0 ? address : address.substring(0, scope);
    }
    return "-";
  }

  private static Optional<String> present(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  static String path(AccessRecord entry) {
    int query = entry.target().indexOf('?');
    return query < 0 ? entry.target() : entry.target().substring(0, query);
  }

  /** Unlike the others, Gunicorn leaves an absent query empty. */
  static Optional<String> query(AccessRecord entry) {
    int query = entry.target().indexOf('?');
    return Optional.of(query < 0 ? "" : entry.target().substring(query + 1));
  }

  static Optional<String> user(AccessRecord entry) {
    return entry
        .headers()
        .first("authorization")
        .filter(value -> value.regionMatches(true, 0, "basic ", 0, 6))
        .flatMap(value -> userOf(value.substring(6).strip()));
  }

  private static Optional<String> userOf(String credentials) {
    String plain;
    try {
      plain = new String(Base64.getDecoder().decode(credentials), StandardCharsets.ISO_8859_1);
    } catch (IllegalArgumentException _) {
      // Not base64: the client named no user.
      return Optional.empty();
    }
    int colon = plain.indexOf(':');
    return colon < 0 ? Optional.empty() : present(plain.substring(0, colon));
  }

  /** The names a WSGI environment has for what is known here; any other is a process variable. */
  private static Optional<String> environ(String name, AccessRecord entry) {
    return switch (name) {
      case "request_method" -> present(entry.method());
      case "raw_uri", "request_uri" -> present(entry.target());
      case "path_info" -> present(path(entry));
      case "query_string" -> query(entry);
      case "server_protocol" -> present(entry.version());
      case "remote_addr" -> Optional.of(host(entry));
      case "remote_port" ->
          entry.client() instanceof InetSocketAddress inet
              ? Optional.of(Integer.toString(inet.getPort()))
              : Optional.empty();
      case "content_type", "content_length" -> entry.headers().first(name.replace('_', '-'));
      default ->
          name.startsWith("http_")
              ? entry.headers().first(name.substring(5).replace('_', '-'))
              : Optional.ofNullable(System.getenv(name.toUpperCase(Locale.ROOT)));
    };
  }

  private static void escape(StringBuilder line, Optional<String> text) {
    if (text.isPresent()) {
      escape(line, text.get());
    } else {
      line.append('-');
    }
  }

  private static void escape(StringBuilder line, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        line.append('\\').append(c);
      } else if (c >= ' ' && c < 0x7f) {
        line.append(c);
      } else if (c <= 0xff) {
        line.append("\\x").append(HEX[c >> 4]).append(HEX[c & 15]);
      } else {
        line.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
          line.append(HEX[c >> shift & 15]);
        }
      }
    }
  }
}
