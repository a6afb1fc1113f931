package dev.arbiter.app.files;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Dates in header fields (RFC 9110 section 5.6.7). */
final class HttpDates {
  private static final DateTimeFormatter FIXED =
      DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ENGLISH);

  /** What a recipient must still understand: the formats of RFC 850 and of asctime(). */
  private static final DateTimeFormatter ASCTIME =
      DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss uuuu", Locale.ENGLISH);

  /**
   * Leniency, RFC 9110 section 5.6.7: a 31st of a month that has no such day is its last, and
   * 24:00:00 the next day's beginning, if the day of the week fits. Recipients are encouraged to be
   * robust, and all that hangs on a date is whether a file is sent again.
   */
  private static final ResolverStyle BEYOND_THE_CALENDAR = ResolverStyle.SMART;

  private HttpDates() {}

  static String format(Instant time) {
    return FIXED.format(time.atOffset(ZoneOffset.UTC));
  }

  /** Empty if it is in none of the three formats: such a field is ignored. */
  static Optional<Instant> parse(String text, Instant now) {
    for (DateTimeFormatter format : List.of(FIXED, rfc850(now), ASCTIME)) {
      try {
        return Optional.of(
            LocalDateTime.parse(text, format.withResolverStyle(BEYOND_THE_CALENDAR))
                .toInstant(ZoneOffset.UTC));
      } catch (DateTimeParseException _) {
        // Then perhaps the next.
      }
    }
    return Optional.empty();
  }

  /** A year of two digits is at most 50 years ahead, else of the last century. */
  private static DateTimeFormatter rfc850(Instant now) {
    int base = now.atOffset(ZoneOffset.UTC).plus(50, ChronoUnit.YEARS).getYear() - 99;
    return new DateTimeFormatterBuilder()
        .appendPattern("EEEE, dd-MMM-")
        .appendValueReduced(ChronoField.YEAR, 2, 2, base)
        .appendPattern(" HH:mm:ss 'GMT'")
        .toFormatter(Locale.ENGLISH);
  }
}
