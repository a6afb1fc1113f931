package dev.arbiter.supervise;

import dev.arbiter.wire.Vitals;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Judges a new generation by what its first workers did beside those of the generation before, in
 * the same time and under the same load. Goals, the first first:
 *
 * <ol>
 *   <li>a release that fails requests which the one before answers is taken back, soon;
 *   <li>a few errors that both have, or a slow first second, take nothing back;
 *   <li>what too few requests have reached is not judged, and that is said.
 * </ol>
 */
final class Probation {
  /** Below this nothing can be said about a generation. */
  static final int FEWEST = 20;

  /** Errors of the new one that are a coincidence. */
  private static final int FEW_ERRORS = 2;

  /** How much more often it may fail, in parts of all requests, before that counts. */
  private static final double MORE_ERRORS = 0.01;

  /**
   * Histogram buckets double: two of them are four times as slow. Less than that is what a JVM
   * makes of its first thousand requests.
   */
  private static final int SLOWER_BUCKETS = 2;

  /** Up to this bucket, 12.8 ms, slow is not slow: it is the noise of a busy machine. */
  private static final int FAST_BUCKET = 7;

  private static final double PERCENTILE = 0.95;
  private static final int SERVER_ERRORS = 4;

  /** What came of it. */
  enum Verdict {
    GOOD,
    BAD,
    NOT_JUDGED
  }

  /** What came of it, and the figures. */
  record Judgement(Verdict verdict, String why) {}

  /** Counters of one worker, as of one beat. */
  private record Counters(long done, long errors, List<Long> latency) {
    static Counters of(Vitals vitals) {
      List<Long> classes = vitals.statusClasses();
      long errors = classes.size() > SERVER_ERRORS ? classes.get(SERVER_ERRORS) : 0;
      return new Counters(vitals.done(), errors, vitals.latency());
    }
  }

  /** What a group of workers did since the probation began. */
  private static final class Sum {
    private long done;
    private long errors;
    private final List<Long> latency = new ArrayList<>();

    void add(Counters from, Counters to) {
      done += to.done() - from.done();
      errors += to.errors() - from.errors();
      for (int i = 0; i < to.latency().size(); i++) {
        long before = i < from.latency().size() ? from.latency().get(i) : 0;
        if (i == latency.size()) {
          latency.add(0L);
        }
        latency.set(i, latency.get(i) + to.latency().get(i) - before);
      }
    }

    double errorRate() {
      return done == 0 ? 0 : (double) errors / done;
    }

    /** The bucket under which 95 of 100 responses lie. */
    int slow() {
      long all = latency.stream().mapToLong(Long::longValue).sum();
      long seen = 0;
      for (int i = 0; i < latency.size(); i++) {
        seen += latency.get(i);
        if (seen >= all * PERCENTILE) {
          return i;
        }
      }
      return latency.size();
    }

    String slowText() {
      return Words.time((100_000L << slow())) + " for 95 % of requests";
    }
  }

  private final Map<Integer, Counters> first = new HashMap<>();
  private final Map<Integer, Counters> latest = new HashMap<>();
  private final Set<Integer> candidates = new HashSet<>();

  /** A worker that serves has beaten. What it did before its first beat here is not counted. */
  void beat(int worker, boolean candidate, Vitals vitals) {
    Counters counters = Counters.of(vitals);
    first.putIfAbsent(worker, counters);
    latest.put(worker, counters);
    if (candidate) {
      candidates.add(worker);
    }
  }

  /** Whether it fails so clearly that more requests would only be lost. */
  boolean isHopeless() {
    return judge().verdict() == Verdict.BAD && sum(true).errors >= FEWEST;
  }

  /** Judges by what is known now. */
  Judgement judge() {
    Sum candidate = sum(true);
    Sum others = sum(false);
    if (candidate.done < FEWEST) {
      return new Judgement(
          Verdict.NOT_JUDGED,
          "not judged: %s reached it".formatted(Words.count((int) candidate.done, "request")));
    }
    if (candidate.errors > FEW_ERRORS
        && candidate.errorRate() > 2 * others.errorRate() + MORE_ERRORS) {
      return new Judgement(
          Verdict.BAD,
          "%d of %d requests failed (%s), with the generation before %s"
              .formatted(
                  candidate.errors,
                  candidate.done,
                  percent(candidate.errorRate()),
                  percent(others.errorRate())));
    }
    if (others.done >= FEWEST
        && candidate.slow() > FAST_BUCKET
        && candidate.slow() >= others.slow() + SLOWER_BUCKETS) {
      return new Judgement(
          Verdict.BAD,
          "it is slow: at most %s, with the generation before %s"
              .formatted(candidate.slowText(), others.slowText()));
    }
    return new Judgement(
        Verdict.GOOD,
        "judged good by %d requests: %s failed".formatted(candidate.done, candidate.errors));
  }

  private Sum sum(boolean ofCandidates) {
    Sum sum = new Sum();
    latest.forEach(
        (worker, counters) -> {
          if (candidates.contains(worker) == ofCandidates) {
            sum.add(first.getOrDefault(worker, counters), counters);
          }
        });
    return sum;
  }

  private static String percent(double rate) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * rate);
  }
}
