package dev.arbiter.tests;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Waits for what tells nobody when it happens: the state of another process, a file. Everything
 * else is awaited where it arrives ({@link Journal}).
 */
final class Await {
  /** What a condition may throw; a failure counts as "not yet". */
  @FunctionalInterface
  interface Check {
    boolean holds() throws Exception;
  }

  @FunctionalInterface
  interface Probe<T> {
    Optional<T> look() throws Exception;
  }

  private static final long PAUSE_MILLIS = 10;

  private Await() {}

  /** Waits until {@code check} holds. */
  static void until(String what, Duration limit, Check check) throws InterruptedException {
    value(what, limit, () -> check.holds() ? Optional.of(true) : Optional.empty());
  }

  /** Waits until {@code probe} finds something. */
  static <T> T value(String what, Duration limit, Probe<T> probe) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    @Nullable Exception last = null;
    while (true) {
      try {
        Optional<T> found = probe.look();
        if (found.isPresent()) {
          return found.get();
        }
        last = null;
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        last = e;
      }
      if (System.nanoTime() - end >= 0) {
        throw new AssertionError("Not within " + limit.toMillis() + " ms: " + what, last);
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
  }

  /**
   * Watches that {@code check} holds all the time: for what must <em>not</em> happen, where there
   * is no event to wait for.
   */
  static void throughout(String what, Duration time, Check check) throws Exception {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - end < 0) {
      if (!check.holds()) {
        throw new AssertionError("No longer true: " + what);
      }
      TimeUnit.MILLISECONDS.sleep(5 * PAUSE_MILLIS);
    }
  }
}
