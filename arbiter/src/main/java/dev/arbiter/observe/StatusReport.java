package dev.arbiter.observe;

import dev.arbiter.loop.FleetView;
import dev.arbiter.settings.Config;
import dev.arbiter.supervise.Tally;
import dev.arbiter.supervise.WorkerState;
import dev.arbiter.supervise.WorkerView;
import dev.arbiter.wire.Vitals;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What an operator is told about an arbiter and its workers: by {@code arbiterctl} as tables, and
 * as it is, in JSON. Times are milliseconds, memory is bytes, counters run from a worker's start.
 *
 * @param started ISO 8601
 * @param state of the fleet; see docs/lifecycle.md
 * @param degraded whether fewer workers serve than should, or too many were lost of late
 * @param workersWanted slots of this generation when it began
 * @param serving workers that accept connections
 * @param total of the workers that are there now
 * @param departures what workers ended of, since the arbiter began
 * @param deaths the last 100 workers that were lost, the oldest first
 */
public record StatusReport(
    String name,
    String version,
    long pid,
    Instant started,
    long uptimeMillis,
    String state,
    boolean degraded,
    long generation,
    String app,
    String workerClass,
    int workersWanted,
    int serving,
    List<String> listeners,
    Load total,
    List<Worker> workers,
    Map<String, Integer> departures,
    List<Death> deaths) {

  /**
   * One worker.
   *
   * @param spare whether it is kept ready, without a slot
   * @param phase of its boot, empty before its first message
   * @param lastBeat ISO 8601; empty before the first
   * @param load as of its last beat; empty before the first
   */
  public record Worker(
      int slot,
      boolean spare,
      long pid,
      long generation,
      String state,
      long ageMillis,
      String phase,
      Optional<Instant> lastBeat,
      Optional<Load> load) {

    private static Worker of(WorkerView view, FleetView fleet, Identity arbiter) {
      return new Worker(
          view.slot(),
          view.spare(),
          view.pid(),
          view.generation(),
          view.state().name(),
          TimeUnit.NANOSECONDS.toMillis(fleet.nanos() - view.spawnedNanos()),
          view.phase(),
          Optional.ofNullable(fleet.beats().get(view.worker())).map(arbiter::wallTime),
          view.vitals().map(vitals -> Load.of(List.of(vitals))));
    }
  }

  /**
   * A worker that was lost: nobody had told it to leave, or it was not well.
   *
   * @param time ISO 8601
   * @param cause as in {@code departures}
   * @param text what the log said, its first line
   */
  public record Death(Instant time, int slot, long pid, String cause, String text) {

    private static Death of(Tally.Death death, Identity arbiter) {
      return new Death(
          arbiter.wallTime(death.nanos()),
          death.slot(),
          death.pid(),
          death.cause().word(),
          death.text().lines().findFirst().orElse(""));
    }
  }

  /**
   * What is done and held, of one worker or of several together.
   *
   * @param requests answered
   * @param oldestMillis age of the oldest request under way
   * @param busyPercent of one worker; of several, their mean
   * @param latencyMillis {@code p50}, {@code p90}, {@code p99}: that share took no longer. Upper
   *     ends of buckets that double in width
   * @param responses by class, {@code 1xx} to {@code 5xx}
   * @param droppedLines output and access records nobody took
   */
  public record Load(
      long requests,
      int inFlight,
      long oldestMillis,
      int connections,
      long accepted,
      int busyPercent,
      int overdue,
      Map<String, Double> latencyMillis,
      Map<String, Long> responses,
      long bytesIn,
      long bytesOut,
      long rss,
      long heapUsed,
      long heapAfterGc,
      long heapMax,
      long metaspace,
      long direct,
      long gcMillis,
      long droppedLines) {

    private static Load of(List<Vitals> all) {
      return new Load(
          all.stream().mapToLong(Vitals::done).sum(),
          all.stream().mapToInt(Vitals::inFlight).sum(),
          all.stream().mapToLong(Vitals::oldestMillis).max().orElse(0),
          all.stream().mapToInt(Vitals::connections).sum(),
          all.stream().mapToLong(Vitals::accepted).sum(),
          (int) all.stream().mapToInt(Vitals::busyPercent).average().orElse(0),
          all.stream().mapToInt(Vitals::overdue).sum(),
          percentiles(sums(all.stream().map(Vitals::latency).toList())),
          classes(sums(all.stream().map(Vitals::statusClasses).toList())),
          all.stream().mapToLong(Vitals::bytesIn).sum(),
          all.stream().mapToLong(Vitals::bytesOut).sum(),
          all.stream().mapToLong(Vitals::rss).sum(),
          all.stream().mapToLong(Vitals::heapUsed).sum(),
          all.stream().mapToLong(Vitals::heapAfterGc).sum(),
          all.stream().mapToLong(Vitals::heapMax).sum(),
          all.stream().mapToLong(Vitals::metaspace).sum(),
          all.stream().mapToLong(Vitals::direct).sum(),
          all.stream().mapToLong(Vitals::gcMillis).sum(),
          all.stream().mapToLong(Vitals::dropped).sum());
    }

    private static List<Long> sums(List<List<Long>> rows) {
      List<Long> sums = new ArrayList<>();
      for (List<Long> row : rows) {
        for (int i = 0; i < row.size(); i++) {
          if (i == sums.size()) {
            sums.add(0L);
          }
          sums.set(i, sums.get(i) + row.get(i));
        }
      }
      return sums;
    }

    private static Map<String, Long> classes(List<Long> counts) {
      Map<String, Long> named = new LinkedHashMap<>();
      for (int i = 0; i < counts.size(); i++) {
        named.put(i + 1 + "xx", counts.get(i));
      }
      return named;
    }

    /** Bucket <i>i</i> holds what took at most 2<sup>i</sup> times 100 microseconds. */
    private static Map<String, Double> percentiles(List<Long> buckets) {
      Map<String, Double> named = new LinkedHashMap<>();
      long count = buckets.stream().mapToLong(Long::longValue).sum();
      for (int percent : count == 0 ? new int[0] : new int[] {50, 90, 99}) {
        long below = 0;
        int bucket = -1;
        while (100 * below < percent * count) {
          below += buckets.get(++bucket);
        }
        named.put("p" + percent, Math.scalb(0.1, bucket));
      }
      return named;
    }
  }

  /** Puts together what {@code view} shows. */
  public static StatusReport of(Identity arbiter, FleetView view) {
    return new StatusReport(
        arbiter.name(),
        arbiter.version(),
        arbiter.pid(),
        arbiter.started(),
        TimeUnit.NANOSECONDS.toMillis(view.nanos() - arbiter.startedNanos()),
        view.state().name(),
        view.degraded(),
        view.generation(),
        text(view.config(), "app"),
        text(view.config(), "worker-class"),
        view.wanted(),
        (int)
            view.workers().stream().filter(worker -> worker.state() == WorkerState.SERVING).count(),
        view.listeners(),
        Load.of(view.workers().stream().flatMap(worker -> worker.vitals().stream()).toList()),
        view.workers().stream().map(worker -> Worker.of(worker, view, arbiter)).toList(),
        view.departures(),
        view.deaths().stream().map(death -> Death.of(death, arbiter)).toList());
  }

  private static String text(Optional<Config> config, String setting) {
    return config.map(settings -> settings.text(setting)).orElse("");
  }
}
