package dev.arbiter.worker;

import dev.arbiter.wire.Vitals;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Whether a worker has aged so far that it should be replaced: by time, or by what it holds of the
 * machine. Goal: a leak is met while the worker still serves well, and costs nobody a request. Pure
 * but for what it remembers of the heap; asked at each beat.
 *
 * <p>Limits of memory are soft: the arbiter brings a replacement first. The figures are in the
 * reason, so that an operator sees from the log alone by how much, and whether it was a leak.
 */
final class Wear {
  private static final long MEGABYTE = 1 << 20;

  /** As many collections in a row, each leaving more than the one before, are called growing. */
  private static final int TREND = 4;

  private final Duration maxLifetime;
  private final Duration lifetime;
  private final long maxRss;
  private final long maxHeapAfterGc;
  private final long maxMetaspace;
  private final long maxDirect;
  private final Deque<Long> afterGc = new ArrayDeque<>();

  /**
   * What is looked at.
   *
   * @param age since the worker was ready
   * @param rss resident bytes
   * @param heapAfterGc bytes in use after the last collection, 0 before the first
   * @param heapMax bytes
   * @param metaspace bytes
   * @param direct bytes
   */
  record Reading(
      Duration age, long rss, long heapAfterGc, long heapMax, long metaspace, long direct) {

    static Reading of(Duration age, Vitals vitals) {
      return new Reading(
          age,
          vitals.rss(),
          vitals.heapAfterGc(),
          vitals.heapMax(),
          vitals.metaspace(),
          vitals.direct());
    }
  }

  /**
   * @param random for the share of the jitter, so that workers of one age do not leave together
   */
  Wear(WorkerSettings settings, RandomGenerator random) {
    maxLifetime = settings.duration("max-lifetime", Duration.ZERO);
    long jitter = settings.duration("max-lifetime-jitter", Duration.ZERO).toMillis();
    lifetime = maxLifetime.plusMillis(jitter <= 0 ? 0 : random.nextLong(jitter + 1));
    maxRss = settings.number("max-rss", 0);
    maxHeapAfterGc = settings.number("max-heap-after-gc", 0);
    maxMetaspace = settings.number("max-metaspace", 0);
    maxDirect = settings.number("max-direct", 0);
  }

  /** Why the worker should be replaced, if it should. */
  Optional<String> reason(Reading now) {
    remember(now);
    if (!maxLifetime.isZero() && now.age().compareTo(lifetime) >= 0) {
      return Optional.of(
          "has served for %d s (max-lifetime %d s%s)"
              .formatted(
                  now.age().toSeconds(),
                  maxLifetime.toSeconds(),
                  lifetime.equals(maxLifetime)
                      ? ""
                      : ", its jitter %d s".formatted(lifetime.minus(maxLifetime).toSeconds())));
    }
    if (maxHeapAfterGc > 0 && percent(now.heapAfterGc(), now.heapMax()) > maxHeapAfterGc) {
      return Optional.of(
          "its heap is %d%% full after a collection, %s of %s (max-heap-after-gc %d%%)%s"
              .formatted(
                  percent(now.heapAfterGc(), now.heapMax()),
                  megabytes(now.heapAfterGc()),
                  megabytes(now.heapMax()),
                  maxHeapAfterGc,
                  trend(now.heapMax())));
    }
    return over("resident memory", now.rss(), "max-rss", maxRss)
        .or(() -> over("metaspace", now.metaspace(), "max-metaspace", maxMetaspace))
        .or(() -> over("direct memory", now.direct(), "max-direct", maxDirect));
  }

  private static Optional<String> over(String what, long bytes, String setting, long limit) {
    return limit > 0 && bytes > limit
        ? Optional.of(
            "its %s is %s (%s %s)".formatted(what, megabytes(bytes), setting, megabytes(limit)))
        : Optional.empty();
  }

  private void remember(Reading now) {
    Long last = afterGc.peekLast();
    if (now.heapAfterGc() > 0 && (last == null || last != now.heapAfterGc())) {
      afterGc.add(now.heapAfterGc());
      if (afterGc.size() > TREND) {
        afterGc.remove();
      }
    }
  }

  private String trend(long heapMax) {
    if (afterGc.size() < TREND) {
      return "";
    }
    Iterator<Long> collections = afterGc.iterator();
    for (long before = collections.next(); collections.hasNext(); ) {
      long after = collections.next();
      if (after <= before) {
        return "";
      }
      before = after;
    }
    return ", growing steadily over the last %d collections: %s"
        .formatted(
            TREND,
            afterGc.stream()
                .map(bytes -> percent(bytes, heapMax) + "%")
                .collect(Collectors.joining(" ")));
  }

  private static long percent(long part, long whole) {
    return whole <= 0 ? 0 : 100 * part / whole;
  }

  private static String megabytes(long bytes) {
    return bytes < 10 * MEGABYTE
        ? "%.1f MB".formatted((double) bytes / MEGABYTE)
        : bytes / MEGABYTE + " MB";
  }
}
