package dev.arbiter.worker;

import java.time.Duration;

/**
 * The last of a worker's time, once it has been told to drain: waits for what is under way, gives
 * up what is not done in time, and stops the app. Used once.
 *
 * <p>A tenth of the graceful timeout, a second at most, is kept for the app's shutdown; half of
 * that goes to those who are given up.
 */
final class Farewell {
  private final Worker worker;
  private final Connections connections;
  private final Duration grace;
  private final WorkerContext context;
  private final long end;
  private final Thread stopping;
  private volatile boolean failed;

  /**
   * @param grace for all of it, from now on
   * @param context told what did not end by itself
   */
  Farewell(Worker worker, Connections connections, Duration grace, WorkerContext context) {
    this.worker = worker;
    this.connections = connections;
    this.grace = grace;
    this.context = context;
    end = System.nanoTime() + grace.toNanos();
    // An app that hangs in its shutdown must not hold up who stops it.
    stopping = Thread.ofPlatform().daemon().name("arbiter-stop").unstarted(this::stop);
  }

  /**
   * Takes its time.
   *
   * @return whether everything ended by itself; if not, the log has been told
   */
  boolean take() throws InterruptedException {
    long kept = timeToStop(grace).toNanos();
    long last = end - kept;
    boolean ended = connections.awaitNone(last);
    if (!ended) {
      warn(connections.open() + " connections are cut");
      worker.giveUp();
      last = end - kept / 2;
      boolean _ = connections.awaitNone(last);
    }
    if (!worker.awaitWork(last)) {
      ended = false;
      warn("the app is still at work for requests that are over");
    }
    stopping.start();
    if (!stopping.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
      warn("the app's shutdown is still running");
      return false;
    }
    return ended && !failed;
  }

  /** Nobody waits any longer: the app is told to stop, if it was not yet. */
  void cutShort() {
    if (stopping.getState() == Thread.State.NEW) {
      stopping.start();
    }
  }

  private void warn(String what) {
    context.say(
        "warning", "the graceful timeout of %d ms is over; %s".formatted(grace.toMillis(), what));
  }

  private static Duration timeToStop(Duration grace) {
    Duration tenth = grace.dividedBy(10);
    return tenth.compareTo(Duration.ofSeconds(1)) > 0 ? Duration.ofSeconds(1) : tenth;
  }

  private void stop() {
    try {
      worker.stop();
    } catch (Exception thrown) {
      failed = true;
      context.say("error", "the app's shutdown failed: " + WorkerRuntime.stackTrace(thrown));
    }
  }
}
