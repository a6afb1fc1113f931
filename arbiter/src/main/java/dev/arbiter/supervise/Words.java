package dev.arbiter.supervise;

import java.time.Duration;

/** How numbers read in the log. */
public final class Words {
  private Words() {}

  /** {@code 430 ms}, {@code 2.5 s}, {@code 30 s}, {@code 3 min 5 s}, {@code 26 h 2 min}. */
  static String time(long nanos) {
    long millis = Math.max(0, nanos) / 1_000_000;
    if (millis < 1_000) {
      return millis + " ms";
    }
    if (millis < 10_000 && millis % 1_000 >= 100) {
      return millis / 1_000 + "." + millis % 1_000 / 100 + " s";
    }
    long seconds = millis / 1_000;
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3_600) {
      return two(seconds / 60, "min", seconds % 60, "s");
    }
    return two(seconds / 3_600, "h", seconds % 3_600 / 60, "min");
  }

  static String time(Duration duration) {
    return time(duration.toNanos());
  }

  /** {@code 1 worker}, {@code 2 workers}. */
  public static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }

  private static String two(long large, String largeUnit, long small, String smallUnit) {
    return small == 0
        ? large + " " + largeUnit
        : large + " " + largeUnit + " " + small + " " + smallUnit;
  }
}
