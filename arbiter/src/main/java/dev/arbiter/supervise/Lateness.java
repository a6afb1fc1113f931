package dev.arbiter.supervise;

import java.time.Duration;

/**
 * Notices that the arbiter itself did not run: stopped, suspended, starved. Goal: it does not take
 * for a worker's silence what is its own. It was late if it was called long after the time it had
 * asked to be called at; then every clock that runs against a worker is given back what was lost,
 * once, and from there on silence counts again.
 */
final class Lateness {
  private static final Duration NOTABLE = Duration.ofSeconds(2);

  private long lastCall;
  private long promised = Long.MAX_VALUE;

  /** Nanoseconds lost since the last call, 0 if it came on time or nothing was due. */
  long lost(long now, Duration heartbeat, Duration timeout) {
    if (promised == Long.MAX_VALUE) {
      return 0;
    }
    long late = now - Math.max(promised, lastCall);
    Duration half = timeout.dividedBy(2); // a short timeout is missed by a short absence
    Duration notable = timeout.isZero() || half.compareTo(NOTABLE) > 0 ? NOTABLE : half;
    // Nobody knows when it stopped; if it was just after the last call, all since then is lost.
    return late > Math.max(notable.toNanos(), 2 * heartbeat.toNanos()) ? now - lastCall : 0;
  }

  /** The call at {@code now} ends; the next one should come at {@code deadline} at the latest. */
  void called(long now, long deadline) {
    lastCall = now;
    promised = deadline;
  }
}
