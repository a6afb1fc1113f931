package dev.arbiter.sync;

import java.time.Duration;

/** Whether the worker leaves, and until when idle connections may linger. Any thread. */
final class Departure {
  private volatile boolean leaving;
  private volatile long idleUntil = Link.NEVER;

  /** May come again, with less time. */
  synchronized void begin(Duration linger) {
    long until = System.nanoTime() + linger.toNanos();
    if (idleUntil == Link.NEVER || until - idleUntil < 0) {
      idleUntil = until;
    }
    leaving = true;
  }

  boolean leaving() {
    return leaving;
  }

  /** The moment at which idle connections are closed, or {@link Link#NEVER}. */
  long idleUntil() {
    return idleUntil;
  }
}
