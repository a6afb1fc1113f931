package dev.arbiter.supervise;

import java.time.Duration;

/**
 * The settings the decisions depend on; each generation has its own. A duration of zero switches
 * its limit off.
 *
 * @param workers slots in the fleet, at least 1
 * @param maxBootsAtOnce workers that may boot at the same time, at least 1: one per core
 * @param bootTimeout from spawn to ready
 * @param timeout how long a worker may go without a beat
 * @param heartbeatInterval how often a worker beats
 * @param gracefulTimeout how long a draining worker may take
 * @param linger how long a draining worker's idle connections may be used, at reload and recycle
 * @param stopLinger the same when the arbiter stops
 * @param dumpLimit how long a thread dump may take
 * @param drainDelay how long workers keep accepting after a TERM
 * @param maxRss resident bytes above which a worker is told to leave at once; 0: no limit
 * @param change how a new generation takes over
 * @param size how many workers beside those in slots, and whether their number follows the load
 * @param room how many workers there is memory for
 */
public record FleetPolicy(
    int workers,
    int maxBootsAtOnce,
    Duration bootTimeout,
    Duration timeout,
    Duration heartbeatInterval,
    Duration gracefulTimeout,
    Duration linger,
    Duration stopLinger,
    Duration dumpLimit,
    Duration drainDelay,
    long maxRss,
    Change change,
    Size size,
    Room room) {

  /**
   * How a new generation takes over.
   *
   * @param maxSurge workers that may boot beside those they replace; 0 only with {@code
   *     maxUnavailable}
   * @param maxUnavailable slots that may be without a serving worker meanwhile
   * @param probation how long the first workers serve beside the old ones before they are judged
   * @param canaries how many first workers
   * @param healthPath asked of each new worker before it serves; empty: nothing is asked
   * @param healthTimeout how long it may take to answer
   */
  public record Change(
      int maxSurge,
      int maxUnavailable,
      Duration probation,
      int canaries,
      String healthPath,
      Duration healthTimeout) {
    public Change {
      if (maxSurge + maxUnavailable < 1) {
        throw new IllegalArgumentException("Nobody could be replaced");
      }
    }
  }

  /**
   * How many workers.
   *
   * @param spares workers that are ready and hold no slot
   * @param min fewest slots, 0 where their number does not follow the load
   * @param max most slots, 0 where their number does not follow the load
   */
  public record Size(int spares, int min, int max) {
    /** Whether the number of slots follows the load. */
    public boolean isElastic() {
      return max > 0;
    }
  }

  /**
   * What the machine has room for. Decided outside, where memory is divided.
   *
   * @param workers slots at most
   * @param sum the arithmetic, for who asks for more: {@code at most 4 do: ...}
   * @param firm whether more are refused; else it is only said, because nobody has set a limit
   */
  public record Room(int workers, String sum, boolean firm) {
    /** So many of the slots that are asked for as may be. */
    int most(int wanted) {
      return firm ? Math.min(wanted, workers) : wanted;
    }
  }

  public FleetPolicy {
    if (workers < 1 || maxBootsAtOnce < 1) {
      throw new IllegalArgumentException(
          "A fleet has at least 1 worker and boots at least 1 at a time, not %d and %d"
              .formatted(workers, maxBootsAtOnce));
    }
  }
}
