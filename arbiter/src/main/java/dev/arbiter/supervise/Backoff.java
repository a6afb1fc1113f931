package dev.arbiter.supervise;

import java.time.Duration;

/**
 * How long one slot waits before its next boot. Goal: a worker that dies once is replaced at once;
 * one that dies again and again costs the others little, and comes back within half a minute of its
 * cause being mended.
 *
 * <p>Counted are deaths before ready, or early after it. The <i>n</i>-th in a row waits
 * 1.5<sup><i>n</i></sup> seconds, at most 30.
 */
final class Backoff {
  /** A worker that lived this long after it was ready did not fail to start. */
  static final long EARLY = Duration.ofSeconds(5).toNanos();

  private static final double BASE = 1.5;
  private static final double LONGEST = 30;

  private int failures;
  private long opensAt = Long.MIN_VALUE;

  /** One more failure; answers how long the slot now waits. */
  long failed(long now) {
    failures++;
    long wait = (long) (Math.min(LONGEST, Math.pow(BASE, failures)) * 1e9);
    opensAt = now + wait;
    return wait;
  }

  /** A worker stayed, or what is booted next is not what failed. */
  void clear() {
    failures = 0;
    opensAt = Long.MIN_VALUE;
  }

  /** Goes on where another arbiter was. */
  void resume(int failed, long opens) {
    failures = failed;
    opensAt = opens;
  }

  int failures() {
    return failures;
  }

  boolean open(long now) {
    return opensAt <= now;
  }

  long opensAt() {
    return opensAt;
  }
}
