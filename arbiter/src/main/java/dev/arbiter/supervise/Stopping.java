package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How the fleet stops: at once or after the drain delay, during which workers go on accepting
 * because whoever sends them requests has not heard of it yet; then everybody drains, and the
 * listeners close.
 */
final class Stopping {
  private final Orders orders;
  private final Crew crew;
  private final Shepherd shepherd;
  private final Departure departure;
  private final List<Long> tickets = new ArrayList<>();
  private int interrupts;
  private int exitCode;
  private boolean draining;
  private long drainAt = WorkerHandle.NEVER;

  Stopping(Orders orders, Crew crew, Shepherd shepherd, Departure departure) {
    this.orders = orders;
    this.crew = crew;
    this.shepherd = shepherd;
    this.departure = departure;
  }

  int exitCode() {
    return exitCode;
  }

  /** Who waits for the end is answered at it. */
  void await(long ticket) {
    if (ticket != 0) {
      tickets.add(ticket);
    }
  }

  /**
   * The fleet is to stop.
   *
   * @param delay how long workers still accept
   */
  void begin(int code, Duration delay, boolean interrupt, long now) {
    exitCode = code;
    interrupts = interrupt ? 1 : 0;
    if (delay.isZero() || crew.count(WorkerState.SERVING) == 0) {
      drain(now);
    } else {
      orders.info("The workers accept for %s more (--drain-delay)".formatted(Words.time(delay)));
      drainAt = now + delay.toNanos();
    }
  }

  /** Whether the workers still accept. */
  boolean isDelayed() {
    return !draining;
  }

  /** When the delay ends. */
  long deadline() {
    return drainAt;
  }

  /** The delay is over, if it is. */
  void due(long now) {
    if (drainAt <= now) {
      drain(now);
    }
  }

  private void drain(long now) {
    if (draining) {
      return;
    }
    draining = true;
    drainAt = WorkerHandle.NEVER;
    for (WorkerHandle worker : crew.all()) {
      shepherd.tell(worker, "stop", worker.release.policy.stopLinger(), now);
    }
    // The workers close theirs too: who comes now is refused at once, and not left in a queue that
    // nobody will serve.
    orders.add(new Action.CloseListeners());
  }

  /** One more INT: the first ends the delay, the second the workers. */
  void hasten(String name, long now) {
    interrupts++;
    if (interrupts < 2) {
      orders.info(name + ": stopping already; one more kills the workers at once");
      drain(now);
    } else {
      kill("second " + name, now);
    }
  }

  /** No more patience. */
  void kill(String why, long now) {
    drain(now);
    crew.all().forEach(worker -> departure.kill(worker, why));
  }

  /** The last worker is gone. */
  void end(long now) {
    drain(now); // the workers may all have died before the drain delay was over
    orders.reply(tickets, Verdict.DONE, "stopped, exit code " + exitCode);
    orders.info("Stopped, exit code " + exitCode);
    orders.add(new Action.Exit(exitCode));
  }
}
