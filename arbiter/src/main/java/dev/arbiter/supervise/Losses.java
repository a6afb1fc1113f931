package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Verdict;
import dev.arbiter.supervise.Tally.Cause;

/**
 * What the loss of a worker means for the fleet: a wait before the next boot, the end of a reload,
 * or the end of all, where no worker ever lasted.
 */
final class Losses {
  static final int BOOT_FAILED = 3;
  private static final int CRASH_LOOP = 6;

  private final Orders orders;
  private final Crew crew;
  private final Rollout rollout;
  private final Recycle recycle;
  private final Staffing staffing;
  private final Tally tally = new Tally();

  private boolean everReady;
  private boolean intense;
  private int fatal;

  Losses(Orders orders, Crew crew, Rollout rollout, Recycle recycle, Staffing staffing) {
    this.orders = orders;
    this.crew = crew;
    this.rollout = rollout;
    this.recycle = recycle;
    this.staffing = staffing;
  }

  /** Whether a worker was ready, ever: from then on failures are not a failed start. */
  boolean everReady() {
    return everReady;
  }

  void ready() {
    everReady = true;
  }

  /** Goes on where another arbiter was. */
  void resume(Snapshot from) {
    everReady = from.everReady();
    tally.resume(from.departures(), from.deaths(), from.everSettled());
  }

  /** The exit code to give up with, 0 while there is hope. */
  int fatal() {
    return fatal;
  }

  Tally tally() {
    return tally;
  }

  /** Whether workers die faster than they may; said in the log when it changes. */
  boolean isIntense(long now) {
    boolean is = tally.isIntense(staffing.slots(), now);
    if (is != intense) {
      intense = is;
      if (is) {
        orders.error("The fleet is degraded: more workers die than a few a minute");
      } else {
        orders.info("The fleet has recovered: no more than a few workers have died for a minute");
      }
    }
    return is;
  }

  /** A worker could not start, or is not healthy. */
  void bootFailed(WorkerHandle worker, String text, int code, long now) {
    if (fatal != 0 || worker.release.isDropped()) {
      orders.debug(text);
    } else if (rollout.isCandidate(worker.release)) {
      tally.died(worker, Cause.BOOT, text, now);
      reloadFailed(text);
    } else if (!everReady) {
      orders.error(text);
      fatal = code == 0 ? BOOT_FAILED : code;
    } else {
      tally.died(worker, Cause.BOOT, text, now);
      long wait = backoff(worker).failed(now);
      orders.error("%s; next try in %s".formatted(text, Words.time(wait)));
      orders.reply(recycle.tickets(worker.slot), Verdict.FAILED, text);
      giveUpIfHopeless();
    }
  }

  /** The candidate is given up: it could not be started, or was judged bad. */
  void reloadFailed(String text) {
    Release failed = rollout.candidate();
    if (failed != null) {
      String why =
          "generation %d: %s; generation %d %s"
              .formatted(
                  failed.generation,
                  text,
                  rollout.good().generation,
                  staffing.paused() ? "stays stopped" : "keeps serving");
      rollout.failed(why);
      orders.error("Reload failed: " + why);
    }
  }

  /**
   * A worker that was ready is lost; answers what happens next, for the log. To be called before it
   * is noted that it leaves.
   */
  String lost(WorkerHandle worker, Cause cause, String text, long now) {
    recycle.forget(worker.id);
    crew.all().forEach(other -> settle(other, now));
    if (worker.isReplaced()) {
      tally.died(worker, cause, text, now);
      return "";
    }
    if (worker.settled) {
      tally.died(worker, cause, text, now);
      return "; replacing it";
    }
    tally.died(worker, Cause.EARLY, text, now);
    long wait = backoff(worker).failed(now);
    return "; next try in " + Words.time(wait);
  }

  /** A worker that lived long enough did not fail to start. */
  void settle(WorkerHandle worker, long now) {
    if (worker.wasReady && !worker.settled && now - worker.readyAt >= Backoff.EARLY) {
      worker.settled = true;
      tally.settled();
      backoff(worker).clear();
    }
  }

  void giveUpIfHopeless() {
    if (fatal == 0 && tally.hopeless()) {
      fatal = CRASH_LOOP;
      orders.error(
          "Giving up: %d workers in a row died before or within %s of being ready, and none stayed"
              .formatted(Tally.HOPELESS, Words.time(Backoff.EARLY)));
    }
  }

  private Backoff backoff(WorkerHandle worker) {
    return staffing.backoff(worker.spare ? Staffing.SPARES : worker.slot);
  }
}
