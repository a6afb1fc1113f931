package dev.arbiter.http;

import java.time.Instant;
import java.util.Optional;

/**
 * A line of the access log as a JSON object (RFC 8259), with the members that the default format
 * has, and some more; what is not known is left out. Used by one thread, the log's writer.
 *
 * <p>What a client chose is cut off where it would make a line longer than a pipe takes in one
 * piece: half of an object is none.
 */
final class AccessJson {
  /** What {@code --access-logformat} calls it. */
  static final String NAME = "json";

  /** Of each text, escaped: eight of them and all the rest stay below 4096 bytes. */
  private static final int MOST = 440;

  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private final long pid = ProcessHandle.current().pid();

  void append(StringBuilder line, AccessRecord entry) {
    line.append("{\"time\":\"").append(Instant.ofEpochMilli(entry.endMillis())).append('"');
    text(line, "client", Optional.of(AccessFormat.host(entry)).filter(host -> !host.equals("-")));
    text(line, "user", AccessFormat.user(entry));
    text(line, "method", present(entry.method()));
    text(line, "path", present(AccessFormat.path(entry)));
    text(line, "query", AccessFormat.query(entry).filter(query -> !query.isEmpty()));
    text(line, "version", present(entry.version()));
    line.append(",\"status\":").append(entry.status());
    line.append(",\"bytes\":").append(entry.bytes());
    line.append(",\"duration_us\":").append(entry.nanos() / 1_000);
    text(line, "referer", entry.headers().first("referer"));
    text(line, "user_agent", entry.headers().first("user-agent"));
    line.append(",\"pid\":").append(pid).append('}');
  }

  private static Optional<String> present(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  private static void text(StringBuilder line, String name, Optional<String> value) {
    if (value.isPresent()) {
      line.append(",\"").append(name).append("\":\"");
      escape(line, value.get());
      line.append('"');
    }
  }

  private static void escape(StringBuilder line, String text) {
    int end = line.length() + MOST;
    for (int i = 0; i < text.length(); i++) {
      if (line.length() > end) {
        line.append("...");
        return;
      }
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        line.append('\\').append(c);
      } else if (c >= ' ' && c < 0x7f) {
        line.append(c);
      } else {
        line.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
          line.append(HEX[c >> shift & 15]);
        }
      }
    }
  }
}
