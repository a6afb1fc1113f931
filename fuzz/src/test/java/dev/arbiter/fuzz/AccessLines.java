package dev.arbiter.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.app.Headers;
import dev.arbiter.http.AccessWriter;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * What a client may bring into the access log: method, target, referer, user agent, credentials and
 * a field of the response, each ended by a line feed.
 *
 * <p>What must hold: it is one line of printable ASCII, and as many fields in quotes as the format
 * has.
 */
public final class AccessLines {
  private static final String FORMAT =
      "%(h)s \"%(u)s\" \"%(r)s\" \"%(m)s\" \"%(U)s\" \"%(q)s\" \"%(f)s\" \"%(a)s\" \"%({x}o)s\""
          + " \"%({raw_uri}e)s\" \"%({http_referer}e)s\" %(s)s";
  private static final Pattern SHAPE =
      Pattern.compile("203\\.0\\.113\\.9( \"([^\"\\\\]|\\\\.)*+\"){10} 200");

  private AccessLines() {}

  /** One input. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    String[] parts = Arrays.copyOf(new String(bytes, ISO_8859_1).split("\n", -1), 6);
    for (int i = 0; i < parts.length; i++) {
      parts[i] = parts[i] == null ? "" : parts[i].replace('~', '\u2028');
    }
    Headers headers =
        Headers.of(
            "Referer", parts[2], "User-Agent", parts[3], "Authorization", "Basic " + parts[4]);
    String line = AccessWriter.line(FORMAT, parts[0], parts[1], headers, Headers.of("X", parts[5]));
    if (!line.chars().allMatch(c -> c >= ' ' && c < 0x7f) || !SHAPE.matcher(line).matches()) {
      throw new AssertionError(line);
    }
  }
}
