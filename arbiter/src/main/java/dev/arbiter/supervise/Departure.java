package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.WorkerHandle.Stage;
import dev.arbiter.wire.Message;
import java.time.Duration;

/**
 * How a worker is made to leave: it is asked, gets its time, then QUIT for a last thread dump, then
 * KILL. Nobody is killed without evidence or its full time, unless the operator wants it so.
 */
final class Departure {
  /**
   * What a worker that was never ready gets, at most: it holds no request, and its JVM needs no
   * longer to leave. Also where the graceful timeout is off.
   */
  static final Duration BOOT_GRACE = Duration.ofSeconds(5);

  private final Orders orders;

  Departure(Orders orders) {
    this.orders = orders;
  }

  /** Asks a worker to leave. Its state is still the one it is asked in. */
  void tell(WorkerHandle worker, WorkerState from, String reason, Duration linger, long now) {
    leaves(worker, reason, now);
    Duration grace = grace(worker, from);
    orders.debug("%s is told to leave: %s".formatted(worker.who(), reason));
    // Configure is the first message a worker gets: before it, only the signal can be understood.
    if (worker.configured) {
      Duration least = worker.wasReady ? linger : Duration.ZERO;
      orders.add(
          new Action.Tell(
              worker.id, new Message.Drain(reason, grace.toMillis(), least.toMillis())));
    }
    if (from != WorkerState.SERVING && from != WorkerState.READY) {
      signal(worker, Sig.TERM);
    }
    worker.deadline = after(now, grace);
    if (worker.pid == 0) {
      worker.deadline = WorkerHandle.NEVER;
    }
  }

  /** Asks a worker that leaves already not to linger as long: it was a reload, and now all stop. */
  void hurry(WorkerHandle worker, String reason, Duration linger, long now) {
    if (worker.stage == Stage.ASKED && worker.configured && worker.wasReady) {
      long left =
          worker.deadline == WorkerHandle.NEVER
              ? 0
              : Math.max(1, Duration.ofNanos(worker.deadline - now).toMillis());
      orders.add(new Action.Tell(worker.id, new Message.Drain(reason, left, linger.toMillis())));
    }
  }

  /** A worker that was to leave before it had a pid has one now. */
  void catchUp(WorkerHandle worker, long now) {
    if (worker.stage == Stage.KILLED) {
      signal(worker, Sig.KILL);
      return;
    }
    signal(worker, Sig.TERM);
    worker.deadline = after(now, grace(worker, WorkerState.SPAWNED));
  }

  /** A worker leaves without having been asked. */
  void leaves(WorkerHandle worker, String reason, long now) {
    worker.held = false;
    worker.probing = false; // from here on there is one clock, the one for its leaving
    worker.stage = Stage.ASKED;
    worker.leaving = reason;
    worker.leavingSince = now;
    worker.deadline = after(now, grace(worker, worker.state));
  }

  /** Evidence first: how long it is waited for. */
  void investigate(WorkerHandle worker, String why, long now) {
    orders.add(new Action.CollectEvidence(worker.id, why));
    worker.leaving = why;
    worker.leavingSince = now;
    worker.deadline = now + 3 * worker.release.policy.dumpLimit().toNanos();
  }

  /** An ejected worker, when there is evidence or none came. */
  void dismiss(WorkerHandle worker, Outcome outcome, String summary, long now) {
    if (outcome == Outcome.STOPPED_STATE_T) {
      stopped(worker);
      return;
    }
    orders.warning("%s: %s".formatted(worker.who(), found(outcome, summary)));
    tell(worker, WorkerState.EJECTED, worker.leaving, worker.release.policy.linger(), now);
  }

  /** Evidence about a worker that is leaving already. */
  void closeCase(WorkerHandle worker, Outcome outcome, String summary) {
    if (worker.stage == Stage.KILLED) {
      return;
    }
    if (outcome == Outcome.STOPPED_STATE_T) {
      stopped(worker);
    } else if (worker.stage == Stage.EVIDENCE) {
      orders.warning("%s: %s".formatted(worker.who(), found(outcome, summary)));
      kill(worker, worker.leaving);
    }
  }

  /** Its time is up. */
  void escalate(WorkerHandle worker, long now) {
    switch (worker.stage) {
      case EVIDENCE -> closeCase(worker, Outcome.NO_ANSWER, "");
      case ASKED -> {
        orders.warning(
            "%s has not left %s after it was to (%s)%s: QUIT for a thread dump, then KILL"
                .formatted(
                    worker.who(),
                    Words.time(now - worker.leavingSince),
                    worker.leaving,
                    worker.left.isEmpty() ? "" : "; it has left " + worker.left));
        signal(worker, Sig.QUIT);
        worker.stage = Stage.DUMPING;
        worker.deadline = now + worker.release.policy.dumpLimit().toNanos();
      }
      case DUMPING -> kill(worker, worker.leaving + ", and it did not leave in time");
      case STAYS, REPLACED, KILLED -> worker.deadline = WorkerHandle.NEVER;
    }
  }

  void kill(WorkerHandle worker, String why) {
    orders.warning("%s is killed: %s".formatted(worker.who(), why));
    signal(worker, Sig.KILL);
    worker.stage = Stage.KILLED;
    worker.deadline = WorkerHandle.NEVER;
  }

  private void stopped(WorkerHandle worker) {
    orders.error("%s is stopped, no dump possible".formatted(worker.who()));
    kill(worker, worker.leaving);
  }

  void signal(WorkerHandle worker, Sig sig) {
    if (worker.pid != 0) {
      orders.add(new Action.Signal(worker.id, sig));
    }
  }

  /** Zero is for ever. */
  private static Duration grace(WorkerHandle worker, WorkerState from) {
    Duration graceful = worker.release.policy.gracefulTimeout();
    if (!worker.wasReady) {
      return graceful.isZero() || graceful.compareTo(BOOT_GRACE) > 0 ? BOOT_GRACE : graceful;
    }
    // A silent worker will not leave by itself: without a graceful timeout, the other one ends it.
    return graceful.isZero() && from == WorkerState.EJECTED
        ? worker.release.policy.timeout()
        : graceful;
  }

  private static long after(long now, Duration limit) {
    return limit.isZero() ? WorkerHandle.NEVER : now + limit.toNanos();
  }

  private static String found(Outcome outcome, String summary) {
    String what =
        switch (outcome) {
          case ANSWERED -> "evidence collected";
          case DUMPED -> "it did not answer, its JVM wrote a thread dump";
          case NO_ANSWER -> "it did not answer, and no thread dump came";
          case STOPPED_STATE_T -> "it is stopped, no dump possible";
        };
    return summary.isEmpty() ? what : what + ": " + summary;
  }
}
