package dev.arbiter.supervise;

import dev.arbiter.wire.Vitals;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;

/**
 * Reports event loops that do not run while the worker as a whole does. Goal: the operator learns
 * of a blocked loop, once when it begins and once when it ends; nobody is ended for it. One for
 * each worker.
 */
final class LagWatch {
  private static final Duration MOST = Duration.ofSeconds(5);

  private final long threshold;
  private final BitSet lagging = new BitSet();
  private boolean executorLagging;

  /**
   * @param timeout for silence, zero if off
   */
  LagWatch(Duration timeout) {
    Duration half = timeout.dividedBy(2);
    threshold = (half.isZero() || half.compareTo(MOST) > 0 ? MOST : half).toNanos();
  }

  /**
   * @param who how the worker is called in the log
   */
  void beat(String who, Vitals vitals, Orders orders) {
    List<Long> lags = vitals.loopLagMicros();
    for (int loop = 0; loop < lags.size(); loop++) {
      long lag = lags.get(loop) * 1_000;
      if (lag >= threshold == lagging.get(loop)) {
        continue;
      }
      lagging.flip(loop);
      if (lagging.get(loop)) {
        orders.warning(
            "%s: event loop %d of %d has not run for %s%s"
                .formatted(who, loop + 1, lags.size(), Words.time(lag), others(lags)));
      } else {
        orders.info("%s: event loop %d of %d runs again".formatted(who, loop + 1, lags.size()));
      }
    }
    long lag = vitals.executorLagMicros() * 1_000;
    if (lag >= threshold != executorLagging) {
      executorLagging = !executorLagging;
      if (executorLagging) {
        orders.warning(
            "%s: blocking apps have waited %s for a thread to run on"
                .formatted(who, Words.time(lag)));
      } else {
        orders.info(who + ": blocking apps get threads to run on again");
      }
    }
  }

  private String others(List<Long> lags) {
    long blocked = lags.stream().filter(micros -> micros * 1_000 >= threshold).count();
    return blocked == 1 && lags.size() > 1
        ? "; the other%s".formatted(lags.size() == 2 ? " does" : "s do")
        : "";
  }
}
