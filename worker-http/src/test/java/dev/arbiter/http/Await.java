package dev.arbiter.http;

import java.util.concurrent.TimeUnit;

/** Waits for what a test cannot be told of, such as a line in a file. */
final class Await {
  private Await() {}

  /** What is waited for. */
  @FunctionalInterface
  interface Check {
    boolean holds() throws Exception;
  }

  /** Waits until it holds; the test fails if it does not in so many seconds. */
  static void until(long seconds, Check check) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!check.holds()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("It did not come to pass.");
      }
      Thread.onSpinWait();
    }
  }
}
