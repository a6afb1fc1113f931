package dev.arbiter.tests;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a process wrote, line by line. Filled by its two pumps, read and awaited by the test; all
 * methods may be called from any thread.
 */
final class Journal {
  /** Where a line was written. */
  enum Source {
    OUT,
    ERR
  }

  /**
   * @param millis since the process was started
   */
  record Line(Source source, String text, long millis) {
    @Override
    public String toString() {
      return "%7.3f %s %s".formatted(millis / 1000.0, source == Source.OUT ? "out" : "err", text);
    }
  }

  private final long start = System.nanoTime();
  private final List<Line> lines = new ArrayList<>();
  private int open = Source.values().length;

  synchronized void add(Source source, String text) {
    lines.add(new Line(source, text, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)));
    notifyAll();
  }

  /** One of the two streams has ended. */
  synchronized void ended() {
    open--;
    notifyAll();
  }

  /** Whether both streams have ended. */
  synchronized boolean over() {
    return open == 0;
  }

  /** A position: what is awaited from here on was written later. */
  synchronized int mark() {
    return lines.size();
  }

  synchronized List<Line> lines() {
    return List.copyOf(lines);
  }

  /** All that was written, for a look at it as a whole. */
  String text() {
    StringBuilder all = new StringBuilder();
    lines().forEach(line -> all.append(line.text).append('\n'));
    return all.toString();
  }

  /** Every match, at most one a line. */
  List<MatchResult> all(Pattern pattern) {
    return lines().stream()
        .map(line -> pattern.matcher(line.text))
        .filter(Matcher::find)
        .map(Matcher::toMatchResult)
        .toList();
  }

  boolean contains(Pattern pattern) {
    return !all(pattern).isEmpty();
  }

  /** Waits for a line that contains a match. */
  MatchResult await(Pattern pattern, Duration limit) throws InterruptedException {
    return await(0, pattern, 1, limit);
  }

  /** Waits for a line after {@code mark}. */
  MatchResult awaitAfter(int mark, Pattern pattern, Duration limit) throws InterruptedException {
    return await(mark, pattern, 1, limit);
  }

  /** Waits until {@code times} lines after {@code mark} contain a match; returns the last. */
  synchronized MatchResult await(int mark, Pattern pattern, int times, Duration limit)
      throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    int next = mark;
    int found = 0;
    while (true) {
      for (; next < lines.size(); next++) {
        Optional<MatchResult> match = match(pattern, lines.get(next));
        if (match.isPresent() && ++found == times) {
          return match.get();
        }
      }
      long left = end - System.nanoTime();
      if (open == 0 || left <= 0) {
        throw new AssertionError(
            "%s of %s lines matching \"%s\" %s"
                .formatted(
                    found,
                    times,
                    pattern,
                    open == 0
                        ? "before the process ended its output"
                        : "within " + limit.toMillis() + " ms"));
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  private static Optional<MatchResult> match(Pattern pattern, Line line) {
    Matcher matcher = pattern.matcher(line.text);
    return matcher.find() ? Optional.of(matcher.toMatchResult()) : Optional.empty();
  }
}
