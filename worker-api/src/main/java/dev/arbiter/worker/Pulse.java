package dev.arbiter.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Feels whether the executors of a worker still run tasks. On the beat thread, but for the tasks
 * themselves.
 *
 * <p>A timer thread of its own would beat happily while every loop is blocked; so a beat is due
 * only when a task has passed through at least one event loop, and one through the scheduler that
 * runs blocking apps, since the last.
 */
final class Pulse {
  private final List<Probe> loops;
  private final Probe executor;

  Pulse(List<Executor> loops, Executor blockingExecutor) {
    this.loops = loops.stream().map(Probe::new).toList();
    this.executor = new Probe(blockingExecutor);
  }

  /** Sends a task through each executor that has finished its last one. */
  void probe() {
    loops.forEach(Probe::send);
    executor.send();
  }

  /** Whether enough of them ran since this was last true. */
  boolean due() {
    boolean anyLoop = loops.isEmpty() || loops.stream().anyMatch(Probe::hasRun);
    if (!anyLoop || !executor.hasRun()) {
      return false;
    }
    loops.forEach(Probe::forget);
    executor.forget();
    return true;
  }

  /** What each executor does, for evidence: the thread that ran its last task, and its lag. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    loops.forEach(loop -> lines.add(loop.line("loop")));
    lines.add(executor.line("scheduler"));
    return lines;
  }

  /** For each loop, how long its last task waited, or has been waiting; microseconds. */
  List<Long> loopLagMicros() {
    List<Long> lags = new ArrayList<>();
    loops.forEach(loop -> lags.add(loop.lagNanos() / 1000));
    return lags;
  }

  long executorLagMicros() {
    return executor.lagNanos() / 1000;
  }

  private static final class Probe {
    private final Executor executor;
    private volatile long sentNanos;
    private volatile long lagNanos;
    private volatile boolean under;
    private volatile boolean ran;
    private volatile @Nullable Thread thread;

    Probe(Executor executor) {
      this.executor = executor;
    }

    void send() {
      if (under) {
        return;
      }
      sentNanos = System.nanoTime();
      under = true;
      try {
        executor.execute(this::arrived);
      } catch (RuntimeException e) {
        under = false; // a loop that is shutting down takes no more tasks
      }
    }

    private void arrived() {
      lagNanos = System.nanoTime() - sentNanos;
      // A virtual thread is a new one each time, and its carriers take turns.
      thread = Thread.currentThread().isVirtual() ? null : Thread.currentThread();
      ran = true;
      under = false;
    }

    boolean hasRun() {
      return ran;
    }

    String line(String what) {
      Thread last = thread;
      return "%s %d ms #%d %s"
          .formatted(
              what,
              lagNanos() / 1_000_000,
              last == null ? 0 : last.threadId(),
              last == null ? "" : last.getName());
    }

    void forget() {
      ran = false;
    }

    long lagNanos() {
      return under ? System.nanoTime() - sentNanos : lagNanos;
    }
  }
}
