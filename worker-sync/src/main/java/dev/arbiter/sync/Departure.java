package dev.arbiter.sync;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Whether the worker leaves, and until when idle connections may linger. Any thread. */
final class Departure {
  /**
   * A connection that was never used is one that its client has only just opened, and which its
   * first request may be on the way to.
   */
  private static final long UNUSED_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  private volatile boolean leaving;
  private volatile long idleUntil = Link.NEVER;
  private volatile long unusedUntil = Link.NEVER;

  /** May come again, with less time. */
  synchronized void begin(Duration linger) {
    long until = System.nanoTime() + linger.toNanos();
    if (idleUntil == Link.NEVER || until - idleUntil < 0) {
      idleUntil = until;
    }
    if (unusedUntil == Link.NEVER) {
      unusedUntil = System.nanoTime() + UNUSED_NANOS;
    }
    leaving = true;
  }

  /** As if it had never begun. */
  synchronized void callOff() {
    leaving = false;
    idleUntil = Link.NEVER;
    unusedUntil = Link.NEVER;
  }

  boolean leaving() {
    return leaving;
  }

  /**
   * The moment at which idle connections are closed, or {@link Link#NEVER}.
   *
   * @param used whether a request has come on it
   */
  long idleUntil(boolean used) {
    long until = idleUntil;
    return used || until == Link.NEVER || until - unusedUntil > 0 ? until : unusedUntil;
  }
}
