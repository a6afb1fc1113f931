package dev.arbiter.bench.change;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What an arbiter has written, line by line, with the time at which it was read. Thread-safe. */
final class Log {
  /**
   * @param at in {@link System#nanoTime}
   */
  record Line(long at, String text) {}

  /**
   * A match.
   *
   * @param at when it was read
   * @param next the place after it
   */
  record Found(long at, int next, Matcher match) {}

  private final List<Line> lines = new ArrayList<>();

  /** Reads to the end, on a thread of its own. */
  static Log of(InputStream in) {
    Log log = new Log();
    Thread.ofPlatform().daemon().name("log").start(() -> log.read(in));
    return log;
  }

  private void read(InputStream in) {
    try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        synchronized (lines) {
          lines.add(new Line(System.nanoTime(), line));
          lines.notifyAll();
        }
      }
    } catch (IOException e) {
      synchronized (lines) {
        lines.add(new Line(System.nanoTime(), "(the log cannot be read: " + e + ")"));
      }
    }
  }

  /** A place in it: only what comes later is looked at by {@link #await}. */
  int mark() {
    synchronized (lines) {
      return lines.size();
    }
  }

  List<Line> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  Found await(int mark, Pattern pattern, Duration limit) throws InterruptedException, ChangeFailed {
    long deadline = System.nanoTime() + limit.toNanos();
    int next = mark;
    synchronized (lines) {
      while (true) {
        for (; next < lines.size(); next++) {
          Matcher match = pattern.matcher(lines.get(next).text());
          if (match.find()) {
            return new Found(lines.get(next).at(), next + 1, match);
          }
        }
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new ChangeFailed(
              "no \"%s\" in the log in %d s".formatted(pattern, limit.toSeconds()));
        }
        lines.wait(left / 1_000_000 + 1);
      }
    }
  }
}
