package dev.arbiter.app.files;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Bytes of a file, both ends included (RFC 9110 section 14.1.2).
 *
 * @param first from 0
 * @param last below the file's size
 */
record ByteRange(long first, long last) {

  /** More than a client needs, and fewer than would be an attack. */
  private static final int MOST = 32;

  private static final String UNIT = "bytes=";

  /** Beyond any file; and no sum of two numbers overflows. */
  private static final BigInteger BEYOND = BigInteger.TWO.pow(62);

  /** What {@link Long#parseLong} takes without a look at the number. */
  private static final int DIGITS = 18;

  /**
   * Leniency, RFC 9110 section 14.1.1: blanks between the equals sign and the first range, where
   * the grammar has them around commas only.
   */
  private static final boolean BLANKS_AFTER_UNIT = true;

  long length() {
    return last - first + 1;
  }

  /**
   * What a Range field asks for, in order and without overlap; neighbours are joined. Asked for in
   * another order they would need a response each, which nobody has to give (section 14.2).
   *
   * @return empty if the field is to be ignored: another unit, malformed, or too many; an empty
   *     list if none of it is in the file: 416
   */
  static Optional<List<ByteRange>> of(String field, long size) {
    if (!field.regionMatches(true, 0, UNIT, 0, UNIT.length())) {
      return Optional.empty();
    }
    if (!BLANKS_AFTER_UNIT
        && !strip(field.substring(UNIT.length())).equals(field.substring(UNIT.length()))) {
      return Optional.empty();
    }
    String[] specs = field.substring(UNIT.length()).split(",", -1);
    if (specs.length > MOST) {
      return Optional.empty();
    }
    List<ByteRange> ranges = new ArrayList<>();
    boolean any = false;
    for (String each : specs) {
      String spec = strip(each);
      if (spec.isEmpty()) {
        continue; // an empty element of a list is ignored (section 5.6.1.2)
      }
      any = true;
      int dash = spec.indexOf('-');
      if (dash < 0 || spec.length() == 1) {
        return Optional.empty();
      }
      String from = spec.substring(0, dash);
      String to = spec.substring(dash + 1);
      if (!number(from) || !number(to)) {
        return Optional.empty();
      }
      if (from.isEmpty()) {
        long suffix = Math.min(size, clipped(to));
        if (suffix > 0) {
          ranges.add(new ByteRange(size - suffix, size - 1));
        }
        continue;
      }
      long first = clipped(from);
      long last = to.isEmpty() ? Long.MAX_VALUE : clipped(to);
      if (last < first || (first == last && exceeds(from, to))) {
        return Optional.empty();
      }
      if (first < size) {
        ranges.add(new ByteRange(first, Math.min(last, size - 1)));
      }
    }
    return any ? Optional.of(joined(ranges)) : Optional.empty();
  }

  private static String strip(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && (text.charAt(start) == ' ' || text.charAt(start) == '\t')) {
      start++;
    }
    while (end > start && (text.charAt(end - 1) == ' ' || text.charAt(end - 1) == '\t')) {
      end--;
    }
    return text.substring(start, end);
  }

  private static boolean number(String text) {
    return text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /**
   * The number, or one beyond any file: a position is as well-formed with twenty digits as with
   * two, and not in the file (section 14.1.1).
   */
  private static long clipped(String number) {
    return number.length() <= DIGITS
        ? Long.parseLong(number)
        : new BigInteger(number).min(BEYOND).longValue();
  }

  /** Whether the first is larger where both may be clipped, and so look alike. */
  private static boolean exceeds(String first, String last) {
    return !last.isEmpty() && new BigInteger(first).compareTo(new BigInteger(last)) > 0;
  }

  private static List<ByteRange> joined(List<ByteRange> ranges) {
    ranges.sort(Comparator.comparingLong(ByteRange::first));
    List<ByteRange> joined = new ArrayList<>();
    for (ByteRange range : ranges) {
      ByteRange before = joined.isEmpty() ? null : joined.getLast();
      if (before == null || range.first > before.last + 1) {
        joined.add(range);
      } else {
        joined.set(
            joined.size() - 1, new ByteRange(before.first, Math.max(before.last, range.last)));
      }
    }
    return joined;
  }
}
