package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Tally.Cause;

/**
 * What is said and counted when a worker's process has ended: whether it was to, and if not, what
 * that means for the fleet.
 */
final class Endings {
  private final Orders orders;
  private final Losses losses;
  private final Trial trial;

  Endings(Orders orders, Losses losses, Trial trial) {
    this.orders = orders;
    this.losses = losses;
    this.trial = trial;
  }

  /** It was never ready. */
  void diedBooting(WorkerHandle worker, ExitStatus status, long now) {
    orders.add(new Action.ShowOutput(worker.id));
    String how =
        "%s died before it was ready, %s after its start%s: %s"
            .formatted(worker.who(), worker.age(now), worker.lastStep(), status.text());
    losses.bootFailed(worker, how, Losses.BOOT_FAILED, now);
  }

  /** Nobody had told it to leave. */
  void died(WorkerHandle worker, ExitStatus status, long now) {
    orders.add(new Action.ShowOutput(worker.id));
    String how =
        "%s died %s after its start: %s".formatted(worker.who(), worker.age(now), status.text());
    trial.lost(worker, how);
    orders.error(how + losses.lost(worker, Cause.DIED, how, now));
    losses.giveUpIfHopeless();
  }

  /** It was ejected: by an operator, who did not want it to end, or because it was not well. */
  void endedAside(WorkerHandle worker, ExitStatus status, long now) {
    if (worker.held) {
      died(worker, status, now);
    } else {
      left(worker, status, now);
    }
  }

  /** It was to leave, and has. */
  void left(WorkerHandle worker, ExitStatus status, long now) {
    boolean killed = worker.stage == WorkerHandle.Stage.KILLED;
    losses.tally().count(killed ? Cause.OVERSTAYED : Cause.PLANNED);
    String how = status.equals(new ExitStatus.Code(0)) ? "" : ": " + status.text();
    String text =
        "%s left: %s, after %s%s"
            .formatted(worker.who(), worker.leaving, Words.time(now - worker.leavingSince), how);
    boolean crashed = status instanceof ExitStatus.Killed(int signal) && signal != 15 && !killed;
    orders.add(new Action.Log(crashed ? Level.WARNING : Level.INFO, text));
  }
}
