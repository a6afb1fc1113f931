package dev.arbiter.supervise;

import java.util.List;

/**
 * How many slots the load wants, between the fewest and the most of the settings. Goals:
 *
 * <ol>
 *   <li>connections that wait get another worker after {@value #QUEUED_FOR} looks, which are a
 *       second apart: a burst that the workers there can take in one second needs none;
 *   <li>so do workers that are busy for {@value #BUSY_FOR} looks, before anybody waits;
 *   <li>a worker goes when the rest would not be busy without it, for {@value #IDLE_FOR} looks;
 *   <li>after a change the load is given time to settle, so that the number does not swing.
 * </ol>
 */
final class Elastic {
  static final int QUEUED_FOR = 2;
  static final int BUSY_FOR = 5;
  static final int IDLE_FOR = 60;
  private static final int SETTLE = 5;
  private static final int BUSY = 75;
  private static final int IDLE = 40;

  private int queued;
  private int busy;
  private int idle;
  private int settling;

  /** What to change the number of slots by: -1, 0 or 1. */
  int look(FleetPolicy.Size size, int slots, int waiting, List<Integer> busyPercent) {
    if (slots < size.min()) {
      return 1;
    }
    if (slots > size.max()) {
      return -1;
    }
    if (settling > 0) {
      settling--;
      return 0;
    }
    double sum = busyPercent.stream().mapToInt(Integer::intValue).sum();
    double average = busyPercent.isEmpty() ? 0 : sum / busyPercent.size();
    double withoutOne = busyPercent.size() < 2 ? 100 : sum / (busyPercent.size() - 1);
    queued = waiting > 0 ? queued + 1 : 0;
    busy = average >= BUSY ? busy + 1 : 0;
    idle = waiting == 0 && withoutOne <= IDLE ? idle + 1 : 0;
    if (slots < size.max() && (queued >= QUEUED_FOR || busy >= BUSY_FOR)) {
      return changed(1);
    }
    if (slots > size.min() && idle >= IDLE_FOR) {
      return changed(-1);
    }
    return 0;
  }

  private int changed(int by) {
    queued = 0;
    busy = 0;
    // One after the other, but the next one sooner: a quiet night is quiet for all of them.
    idle = by < 0 ? IDLE_FOR / 2 : 0;
    settling = SETTLE;
    return by;
  }
}
