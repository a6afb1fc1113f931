package dev.arbiter.supervise;

import dev.arbiter.supervise.Probation.Judgement;
import dev.arbiter.supervise.Rollout.Stage;

/**
 * Takes a candidate generation through its trial: its first workers are ready and healthy, then
 * serve beside the others for a while, then it takes over, or is taken back.
 */
final class Trial {
  private final Orders orders;
  private final Crew crew;
  private final Rollout rollout;
  private final Staffing staffing;
  private final Losses losses;

  Trial(Orders orders, Crew crew, Rollout rollout, Staffing staffing, Losses losses) {
    this.orders = orders;
    this.crew = crew;
    this.rollout = rollout;
    this.staffing = staffing;
    this.losses = losses;
  }

  /** One of the candidate's workers serves now. */
  void serves(WorkerHandle worker, long now) {
    if (!rollout.isCandidate(worker.release) || rollout.stage() != Stage.TRIAL) {
      return;
    }
    int others = crew.count(other -> other.isServing() && other.release != worker.release);
    if (!rollout.hasProbation() || others == 0 || staffing.paused()) {
      commit(worker.release, "");
    } else if (crew.count(other -> other.isServing() && other.release == worker.release)
        >= rollout.trialSize()) {
      rollout.watch(now);
      orders.info(
          "Reload: generation %d is on probation for %s: %s of it beside %d of the others"
              .formatted(
                  worker.release.generation,
                  Words.time(worker.release.policy.change().probation()),
                  Words.count(rollout.trialSize(), "worker"),
                  others));
    }
  }

  /**
   * A release that is gone back to while some of its workers still serve needs no trial: it is good
   * at once. On trial those workers would be nobody's, and all be told to leave if it were given
   * up.
   */
  void skip() {
    Release candidate = rollout.candidate();
    if (candidate != null
        && rollout.isBack()
        && crew.any(worker -> worker.isServing() && worker.release == candidate)) {
      commit(candidate, "");
    }
  }

  /** A worker that serves has beaten. */
  void beat(WorkerHandle worker) {
    Probation probation = rollout.probation();
    if (probation != null && worker.vitals != null && worker.isServing()) {
      probation.beat(worker.id, rollout.isCandidate(worker.release), worker.vitals);
      if (probation.isHopeless()) {
        losses.reloadFailed("on probation: " + probation.judge().why());
      }
    }
  }

  /** When the probation ends. */
  long deadline() {
    return rollout.probationEnds();
  }

  /** Its end has come: the candidate is judged. */
  void judge(long now) {
    Probation probation = rollout.probation();
    Release candidate = rollout.candidate();
    if (probation == null || candidate == null || rollout.probationEnds() > now) {
      return;
    }
    Judgement judgement = probation.judge();
    switch (judgement.verdict()) {
      case BAD -> losses.reloadFailed("on probation: " + judgement.why());
      case GOOD, NOT_JUDGED -> commit(candidate, judgement.why());
    }
  }

  /**
   * One of the candidate's workers is lost: a release that dies on probation is not a good one. Who
   * is held was set aside before it came to that.
   */
  void lost(WorkerHandle worker, String how) {
    if (rollout.isCandidate(worker.release) && !worker.held) {
      losses.reloadFailed(how);
    }
  }

  private void commit(Release release, String remark) {
    rollout.proven(remark);
    staffing.pause(false);
    staffing.clearBackoffs();
    orders.info(
        "Reload: generation %d has a worker that is ready, the others follow%s"
            .formatted(release.generation, remark.isEmpty() ? "" : " (" + remark + ")"));
  }
}
