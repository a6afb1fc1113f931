package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * A row of {@code odd-requests.txt}, which every HTTP worker is tested with.
 *
 * @param status what is answered
 * @param closes whether the connection closes after it
 * @param raw the bytes, one in each character
 */
public record OddRequest(String name, int status, boolean closes, String raw) {

  /** The whole table. */
  public static List<OddRequest> all() {
    try (InputStream file = OddRequest.class.getResourceAsStream("odd-requests.txt")) {
      if (file == null) {
        throw new IllegalStateException("odd-requests.txt is missing");
      }
      return new BufferedReader(new InputStreamReader(file, US_ASCII))
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(OddRequest::parse)
          .toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static OddRequest parse(String line) {
    String[] parts = line.split(" \\| ", 3);
    String outcome = parts[0];
    int status = Integer.parseInt(outcome.substring(0, 3));
    boolean closes = outcome.endsWith(" close") || status >= 400;
    return new OddRequest(parts[1], status, closes, unescape(repeat(parts[2])));
  }

  /** What is sent. */
  public byte[] bytes() {
    return raw.getBytes(ISO_8859_1);
  }

  @Override
  public String toString() {
    return name;
  }

  /** The innermost repetition has no brace inside. */
  private static String repeat(String text) {
    int close = text.indexOf('}');
    if (close < 0) {
      return text;
    }
    int open = text.lastIndexOf('{', close);
    int colon = text.indexOf(':', open);
    int times = Integer.parseInt(text.substring(open + 1, colon));
    return repeat(
        text.substring(0, open)
            + text.substring(colon + 1, close).repeat(times)
            + text.substring(close + 1));
  }

  private static String unescape(String text) {
    StringBuilder bytes = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        bytes.append(c);
        continue;
      }
      char kind = text.charAt(++i);
      switch (kind) {
        case 'r' -> bytes.append('\r');
        case 'n' -> bytes.append('\n');
        case 't' -> bytes.append('\t');
        case '\\' -> bytes.append('\\');
        case 'x' -> {
          bytes.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
          i += 2;
        }
        default -> throw new IllegalArgumentException("unknown escape in: " + text);
      }
    }
    return bytes.toString();
  }
}
