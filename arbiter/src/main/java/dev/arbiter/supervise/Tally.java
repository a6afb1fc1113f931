package dev.arbiter.supervise;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts what workers died of, and knows when to give up. Goal: an arbiter that has never had a
 * worker that lasted says so and leaves, and one that has keeps trying for ever, for what broke its
 * workers (a database, a disk) may come back.
 *
 * <p>Giving up: {@value #HOPELESS} early deaths in a row, fleet-wide, and no worker ever lived
 * {@link Backoff#EARLY} past ready.
 */
public final class Tally {
  static final int HOPELESS = 10;

  /** What a worker's end was. */
  public enum Cause {
    /** It was told to leave, and did. */
    PLANNED,
    /** It was told to leave, and had to be killed. */
    OVERSTAYED,
    /** It could not start. */
    BOOT,
    /** It died within {@link Backoff#EARLY} of being ready. */
    EARLY,
    /** It died later. */
    DIED,
    /** It was silent. */
    SILENT,
    /** A request was over its time. */
    STUCK,
    /** It had more memory than it may. */
    OVERWEIGHT;

    /** As programs read it: {@code boot}, {@code died}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Deaths that are remembered one by one. */
  static final int REMEMBERED = 100;

  private static final long INTENSITY_PERIOD = Duration.ofMinutes(1).toNanos();

  /**
   * One that nobody had planned.
   *
   * @param nanos when, on the clock given to {@link Fleet#on}
   * @param text what the log said
   */
  public record Death(long nanos, int slot, long pid, Cause cause, String text) {}

  private final Map<Cause, Integer> counts = new EnumMap<>(Cause.class);
  private final Deque<Death> deaths = new ArrayDeque<>();
  private int earlyInARow;
  private boolean everSettled;

  /** A worker is lost that should not have been. */
  void died(WorkerHandle worker, Cause cause, String text, long now) {
    count(cause);
    if (deaths.size() == REMEMBERED) {
      deaths.removeFirst();
    }
    deaths.addLast(new Death(now, worker.slot, worker.pid, cause, text));
  }

  /** The last ones, the oldest first. */
  List<Death> deaths() {
    return List.copyOf(deaths);
  }

  /**
   * Whether more die than may: more within a minute than three, or twice as many as there are
   * slots. Nobody is given up for it, but the fleet says that it is not well.
   */
  boolean isIntense(int slots, long now) {
    long recent = deaths.stream().filter(death -> now - death.nanos() < INTENSITY_PERIOD).count();
    return recent > Math.max(3, 2L * slots);
  }

  void count(Cause cause) {
    counts.merge(cause, 1, Integer::sum);
    if (cause == Cause.BOOT || cause == Cause.EARLY) {
      earlyInARow++;
    }
  }

  /** A worker has lived long enough. */
  void settled() {
    everSettled = true;
    earlyInARow = 0;
  }

  /** Goes on where another arbiter was; a cause it alone knew is not counted here. */
  void resume(Map<String, Integer> before, List<Death> lost, boolean settledOnce) {
    deaths.addAll(lost);
    for (Cause cause : Cause.values()) {
      Integer count = before.get(cause.name().toLowerCase(Locale.ROOT));
      if (count != null) {
        counts.put(cause, count);
      }
    }
    everSettled = settledOnce;
  }

  boolean everSettled() {
    return everSettled;
  }

  boolean hopeless() {
    return !everSettled && earlyInARow >= HOPELESS;
  }

  Map<String, Integer> counts() {
    Map<String, Integer> named = new TreeMap<>();
    counts.forEach((cause, count) -> named.put(cause.word(), count));
    return named;
  }

  int of(Cause cause) {
    return counts.getOrDefault(cause, 0);
  }
}
