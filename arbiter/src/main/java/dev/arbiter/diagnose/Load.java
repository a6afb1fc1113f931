package dev.arbiter.diagnose;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * What a process did between samples.
 *
 * @param cpuNanos that its threads ran
 * @param delayNanos that they could have run and had no core
 * @param gcNanos of the CPU time, by the threads that collect
 * @param byThread CPU time of each thread that ran
 */
record Load(
    long wallNanos,
    long cpuNanos,
    long delayNanos,
    long gcNanos,
    long periods,
    long throttled,
    String cgroup,
    Map<Long, Long> byThread) {
  static final Load NONE = new Load(0, 0, 0, 0, 0, 0, "", Map.of());

  private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /**
   * The VM's own threads that collect: the serial collector runs in the VM Thread, which has little
   * else to do for long; the others have workers. The kernel cuts names to 15 characters.
   */
  private static final Pattern COLLECTS =
      Pattern.compile("VM Thread|GC Thread.*|G1 .*|ZWorker.*|ZDriver.*|XWorker.*|Shenandoah.*");

  static Load between(ProcSample before, ProcSample after) {
    long cpu = 0;
    long delay = 0;
    long gc = 0;
    Map<Long, Long> byThread = new HashMap<>();
    for (Map.Entry<Long, ProcSample.Task> entry : after.tasks().entrySet()) {
      ProcSample.Task now = entry.getValue();
      ProcSample.Task then = before.tasks().get(entry.getKey());
      long ran = now.cpuNanos() - (then == null ? 0 : then.cpuNanos());
      cpu += ran;
      delay += now.delayNanos() - (then == null ? 0 : then.delayNanos());
      gc += COLLECTS.matcher(now.name()).matches() ? ran : 0;
      if (ran > 0) {
        byThread.put(entry.getKey(), ran);
      }
    }
    return new Load(
        after.nanos() - before.nanos(),
        cpu,
        delay,
        gc,
        after.throttle().periods() - before.throttle().periods(),
        after.throttle().throttled() - before.throttle().throttled(),
        after.throttle().cgroup(),
        Map.copyOf(byThread));
  }

  Load plus(Load other) {
    Map<Long, Long> threads = new HashMap<>(byThread);
    other.byThread.forEach((thread, ran) -> threads.merge(thread, ran, Long::sum));
    return new Load(
        wallNanos + other.wallNanos,
        cpuNanos + other.cpuNanos,
        delayNanos + other.delayNanos,
        gcNanos + other.gcNanos,
        periods + other.periods,
        throttled + other.throttled,
        other.cgroup.isEmpty() ? cgroup : other.cgroup,
        Map.copyOf(threads));
  }

  /**
   * A part of the time, in percent; 0 if it was seen for too short a time to say so. A thread dump
   * alone keeps the VM Thread busy for some tens of milliseconds.
   */
  int percent(long nanos) {
    return wallNanos < LEAST_NANOS ? 0 : (int) (100 * nanos / wallNanos);
  }

  int throttledPercent() {
    return periods <= 0 ? 0 : (int) (100 * throttled / periods);
  }

  /** The threads that ran most, the busiest first. */
  List<Long> busiest(int count) {
    return byThread.entrySet().stream()
        .sorted(Map.Entry.<Long, Long>comparingByValue().reversed())
        .limit(count)
        .map(Map.Entry::getKey)
        .toList();
  }

  String text() {
    return "in %d ms its threads ran for %d ms (%d ms of it in the collector) and waited %d ms for a core%s"
        .formatted(
            wallNanos / 1_000_000,
            cpuNanos / 1_000_000,
            gcNanos / 1_000_000,
            delayNanos / 1_000_000,
            throttled == 0
                ? ""
                : "; throttled in %d of %d periods of %s".formatted(throttled, periods, cgroup));
  }
}
