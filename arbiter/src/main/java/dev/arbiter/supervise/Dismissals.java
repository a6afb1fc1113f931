package dev.arbiter.supervise;

import java.time.Duration;
import java.util.List;

/**
 * Who has to go, looking at the fleet as it is: whoever has been replaced, is in a slot that is no
 * more or of a generation that is over, and who is to make room for a replacement.
 */
final class Dismissals {
  private final Crew crew;
  private final Rollout rollout;
  private final Recycle recycle;
  private final Staffing staffing;
  private final Shepherd shepherd;

  Dismissals(Crew crew, Rollout rollout, Recycle recycle, Staffing staffing, Shepherd shepherd) {
    this.crew = crew;
    this.rollout = rollout;
    this.recycle = recycle;
    this.staffing = staffing;
    this.shepherd = shepherd;
  }

  /** Those who serve, and are not on trial, have taken their slots over. */
  void relieve(long now) {
    for (WorkerHandle worker : crew.all()) {
      if (worker.isServing() && !rollout.isCandidate(worker.release)) {
        relieve(worker, now);
      }
    }
  }

  /** Whoever else serves in this worker's slot is to leave. */
  private void relieve(WorkerHandle worker, long now) {
    boolean good = worker.release == rollout.good();
    for (WorkerHandle other : crew.all()) {
      // An old one may have come to the slot while the new one was on probation in it.
      boolean outdated = good && rollout.isOutdated(other.release);
      boolean earlier =
          other.accepted < worker.accepted && (good || other.release == worker.release);
      if (other != worker
          && other.slot == worker.slot
          && other.holdsSlot()
          && (outdated || earlier)
          && !rollout.isCandidate(other.release)) {
        if (other.held) {
          shepherd.replaced(other);
          continue;
        }
        String asked = recycle.reason(other.id);
        String reason =
            other.release != worker.release
                ? "reload"
                : asked.isEmpty() ? "replaced" : "recycle: " + asked;
        shepherd.tell(other, reason, other.release.policy.linger(), now);
      }
    }
  }

  /**
   * Whoever is in a slot that is no more, or of a generation that is over, leaves; and who is to
   * make room for its replacement. Who is held and was replaced takes memory that nobody has
   * counted: only as many stay as may boot beside others, the last ones.
   */
  void dismissExcess(long now) {
    int spares = 0;
    for (WorkerHandle worker : crew.all()) {
      boolean staying = worker.isNew() || worker.isServing() || worker.held;
      Duration linger = worker.release.policy.linger();
      if (!staying) {
        continue;
      }
      if (worker.release.isDropped()) {
        shepherd.tell(worker, worker.release.dropped, worker.isNew() ? Duration.ZERO : linger, now);
      } else if (worker.isNew() && rollout.isOutdated(worker.release)) {
        shepherd.tell(worker, "superseded", Duration.ZERO, now);
      } else if (worker.spare) {
        spares++;
        if (spares > staffing.spares()) {
          shepherd.tell(worker, "fewer spares", Duration.ZERO, now);
        }
      } else if (worker.slot >= staffing.slots() && !rollout.isCandidate(worker.release)) {
        shepherd.tell(worker, staffing.paused() ? "workers stopped" : "fewer workers", linger, now);
      }
    }
    List<WorkerHandle> replaced = crew.all().stream().filter(WorkerHandle::isReplaced).toList();
    int may = rollout.good().policy.change().maxSurge();
    for (WorkerHandle worker : replaced.subList(0, Math.max(0, replaced.size() - may))) {
      shepherd.tell(worker, "no longer held", worker.release.policy.linger(), now);
    }
    for (WorkerHandle worker : staffing.leaveFirst()) {
      String asked = recycle.reason(worker.id);
      String reason = asked.isEmpty() ? "reload" : "recycle: " + asked;
      shepherd.tell(worker, reason, worker.release.policy.linger(), now);
    }
  }
}
