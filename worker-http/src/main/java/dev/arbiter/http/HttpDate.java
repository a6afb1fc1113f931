package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The {@code Date} header's text, made once a second. Any thread; two that race make the same text
 * twice.
 */
public final class HttpDate {
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private static volatile Second last = Second.of(0);

  private HttpDate() {}

  @SuppressWarnings("ArrayRecordComponent") // ready to be sent, and never compared
  record Second(long epoch, String text, byte[] line) {
    static Second of(long epoch) {
      String text = FORMAT.format(Instant.ofEpochSecond(epoch));
      return new Second(epoch, text, ("Date: " + text + "\r\n").getBytes(US_ASCII));
    }
  }

  private static Second current() {
    return at(System.currentTimeMillis());
  }

  /** Of the second that {@code millis} is in. */
  static Second at(long millis) {
    long epoch = millis / 1000;
    Second known = last;
    if (known.epoch != epoch) {
      known = Second.of(epoch);
      last = known;
    }
    return known;
  }

  /** RFC 9110 section 5.6.7: {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
  public static String now() {
    return current().text;
  }

  /** The whole header line with its end, ready to be sent; not to be changed. */
  public static byte[] line() {
    return current().line;
  }
}
