package dev.arbiter.supervise;

import dev.arbiter.supervise.Rollout.Stage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who is booted next. Looks at the fleet as it is, after every event, so that no order of events
 * can leave a slot forgotten. Goals, the first first:
 *
 * <ol>
 *   <li>a slot without a serving worker gets one, of the good generation: a spare if there is one;
 *   <li>as many replacements at a time as the settings allow: the candidate generation's first
 *       workers, then slots of an outdated generation in order, then one worker that asked to be
 *       recycled;
 *   <li>then spares;
 *   <li>never more boots at once than the machine has cores, and none before its slot's back-off
 *       ends.
 * </ol>
 */
final class Staffing {
  /** The back-off of those who have no slot. */
  static final int SPARES = -1;

  private final Crew crew;
  private final Rollout rollout;
  private final Recycle recycle;
  private final Orders orders;
  private final Map<Integer, Backoff> backoffs = new HashMap<>();
  private long wake = WorkerHandle.NEVER;
  private boolean paused;

  Staffing(Crew crew, Rollout rollout, Recycle recycle, Orders orders) {
    this.crew = crew;
    this.rollout = rollout;
    this.recycle = recycle;
    this.orders = orders;
  }

  /** How many slots are to be served now. */
  int slots() {
    return paused ? 0 : rollout.good().wanted;
  }

  /** How many spares are to be kept now. */
  int spares() {
    return paused ? 0 : rollout.good().policy.size().spares();
  }

  boolean paused() {
    return paused;
  }

  void pause(boolean now) {
    paused = now;
  }

  Backoff backoff(int slot) {
    return backoffs.computeIfAbsent(slot, key -> new Backoff());
  }

  /** Of slots that count failures. */
  List<Snapshot.Waiting> backoffs() {
    return backoffs.entrySet().stream()
        .filter(entry -> entry.getValue().failures() > 0)
        .map(
            entry ->
                new Snapshot.Waiting(
                    entry.getKey(), entry.getValue().failures(), entry.getValue().opensAt()))
        .toList();
  }

  void clearBackoffs() {
    backoffs.clear();
  }

  /** When a slot's back-off ends that a boot waits for. */
  long wake() {
    return wake;
  }

  /** Whether somebody serves a slot who is there to stay; a candidate is there to be judged. */
  boolean isServed(int slot) {
    return crew.anyInSlot(slot, worker -> worker.holdsSlot() && isTrusted(worker.release));
  }

  private boolean isTrusted(Release release) {
    return !rollout.isCandidate(release) && !release.isDropped();
  }

  /**
   * Boots whoever is to be booted.
   *
   * @return spares that have been given a slot, and are to accept now
   */
  List<WorkerHandle> staff(long now) {
    wake = WorkerHandle.NEVER;
    List<WorkerHandle> chosen = new ArrayList<>();
    boolean kept = !keepsRoomForCandidate();
    for (int slot = 0; slot < slots(); slot++) {
      if (isServed(slot) || hasNewcomer(slot, rollout.good())) {
        continue;
      }
      if (!kept) {
        kept = true; // with nobody to spare, this one is the candidate's
        continue;
      }
      fill(slot, now).ifPresent(chosen::add);
    }
    replace(now, chosen);
    return chosen;
  }

  /** Spares, when everything else is done. */
  void stock(long now) {
    if (rollout.candidate() != null || crew.any(worker -> isLeftOver(worker))) {
      return;
    }
    for (int slot = 0; slot < slots(); slot++) {
      if (!isServed(slot)) {
        return;
      }
    }
    int there = crew.count(worker -> worker.spare && worker.isNew());
    Backoff backoff = backoff(SPARES);
    if (there < spares() && !backoff.open(now)) {
      wake = Math.min(wake, backoff.opensAt());
      return;
    }
    while (there < spares() && spawn(slots() + there, true, rollout.good(), now)) {
      there++;
    }
  }

  private boolean isLeftOver(WorkerHandle worker) {
    return worker.holdsSlot() && rollout.isOutdated(worker.release);
  }

  private void replace(long now, List<WorkerHandle> chosen) {
    Release candidate = rollout.candidate();
    int surge = surge();
    int under = crew.count(this::isExtra);
    if (candidate != null) {
      if (crew.any(worker -> isExtra(worker) && worker.release != candidate)) {
        return; // one thing at a time
      }
      int tried =
          crew.count(
              worker -> worker.release == candidate && (worker.isNewcomer() || worker.isServing()));
      while (rollout.stage() == Stage.TRIAL
          && tried < rollout.trialSize()
          && spawn(trialSlot(candidate), false, candidate, now)) {
        tried++;
      }
      if (rollout.stage() == Stage.TRIAL) {
        return;
      }
    }
    for (int slot = 0; slot < slots() && candidate == null; slot++) {
      if (under < surge && hasLeftOver(slot) && !hasNewcomer(slot, rollout.good())) {
        Optional<WorkerHandle> spare = fill(slot, now);
        spare.ifPresent(chosen::add);
        under += spare.isPresent() || hasNewcomer(slot, rollout.good()) ? 1 : 0;
      }
    }
    for (int id : recycle.waiting()) {
      WorkerHandle worker = crew.find(id);
      if (worker != null
          && worker.isServing()
          && worker.slot < slots()
          && !rollout.isCandidate(worker.release)
          && under == 0
          && surge > 0) {
        Optional<WorkerHandle> spare = fill(worker.slot, now);
        spare.ifPresent(chosen::add);
        if (spare.isPresent() || hasNewcomer(worker.slot, rollout.good())) {
          return;
        }
      }
    }
  }

  /** Whether a worker boots that a serving one is to make room for, or on trial. */
  private boolean isExtra(WorkerHandle worker) {
    return worker.isNewcomer() && (rollout.isCandidate(worker.release) || isServed(worker.slot));
  }

  private int surge() {
    return rollout.good().policy.change().maxSurge();
  }

  /**
   * Who is to leave before its replacement boots: as many slots may be without a worker meanwhile
   * as the settings say.
   */
  List<WorkerHandle> leaveFirst() {
    FleetPolicy.Change change = rollout.good().policy.change();
    int vacant = 0;
    for (int slot = 0; slot < slots(); slot++) {
      vacant += isServed(slot) ? 0 : 1;
    }
    int may = change.maxUnavailable() - vacant;
    if (may <= 0) {
      return List.of();
    }
    List<WorkerHandle> leave = new ArrayList<>();
    if (rollout.candidate() != null) {
      if (change.maxSurge() == 0
          && rollout.stage() == Stage.TRIAL
          && !crew.any(worker -> rollout.isCandidate(worker.release))
          && vacant == 0) {
        roomForCandidate().ifPresent(leave::add);
      }
      return leave;
    }
    for (int slot = 0; slot < slots() && leave.size() < may; slot++) {
      if (hasLeftOver(slot) && !hasNewcomer(slot, rollout.good())) {
        // Who is held can stay beside its replacement, where there is room for it.
        boolean beside = change.maxSurge() > 0;
        crew.inSlot(slot)
            .filter(worker -> worker.isServing() || worker.holdsSlot() && !beside)
            .findFirst()
            .ifPresent(leave::add);
      }
    }
    if (change.maxSurge() == 0 && leave.isEmpty()) {
      recycle.waiting().stream()
          .map(crew::find)
          .filter(worker -> worker != null && worker.isServing())
          .limit(1)
          .forEach(leave::add);
    }
    return leave;
  }

  /** Whose place a candidate takes: that of somebody held, who serves nobody, before another's. */
  private Optional<WorkerHandle> roomForCandidate() {
    return crew.all().stream()
        .filter(worker -> worker.holdsSlot() && !worker.spare && worker.slot < slots())
        .min(
            Comparator.comparing((WorkerHandle worker) -> !worker.held)
                .thenComparingInt(worker -> worker.slot));
  }

  /** With nobody allowed beside those who serve, the slot made vacant is the candidate's. */
  private boolean keepsRoomForCandidate() {
    return rollout.candidate() != null && rollout.stage() == Stage.TRIAL && surge() == 0;
  }

  /** Where a candidate is tried: where nobody serves or is about to, else beside the first. */
  private int trialSlot(Release candidate) {
    for (int slot = 0; slot < slots(); slot++) {
      if (!isServed(slot) && !hasNewcomer(slot, rollout.good()) && !isTried(slot, candidate)) {
        return slot;
      }
    }
    int slot = 0;
    while (isTried(slot, candidate)) {
      slot++;
    }
    return slot;
  }

  private boolean isTried(int slot, Release candidate) {
    return crew.anyInSlot(
        slot, worker -> worker.release == candidate && (worker.isNewcomer() || worker.isServing()));
  }

  private boolean hasNewcomer(int slot, Release release) {
    return crew.anyInSlot(slot, worker -> worker.isNewcomer() && worker.release == release);
  }

  private boolean hasLeftOver(int slot) {
    return crew.anyInSlot(slot, this::isLeftOver);
  }

  /**
   * Gives a slot to a spare, which is returned, or boots somebody for it, unless the slot backs
   * off; then it is remembered when that ends. A spare has booted already, so one death early after
   * ready is none that it need wait for; a second in a row is.
   */
  private Optional<WorkerHandle> fill(int slot, long now) {
    Backoff backoff = backoff(slot);
    boolean open = backoff.open(now);
    Optional<WorkerHandle> spare = open || backoff.failures() == 1 ? spare() : Optional.empty();
    if (spare.isPresent()) {
      WorkerHandle taken = spare.get();
      orders.info("%s takes slot %d".formatted(taken.who(), slot));
      taken.spare = false;
      taken.slot = slot;
    } else if (open) {
      spawn(slot, false, rollout.good(), now);
    } else {
      wake = Math.min(wake, backoff.opensAt());
    }
    return spare;
  }

  private Optional<WorkerHandle> spare() {
    return crew.all().stream()
        .filter(
            worker ->
                worker.spare
                    && worker.fit
                    && worker.state == WorkerState.READY
                    && worker.release == rollout.good())
        .findFirst();
  }

  private boolean spawn(int slot, boolean spare, Release release, long now) {
    int limit = rollout.good().policy.maxBootsAtOnce();
    // Where nobody may boot beside those who serve, it is for want of memory: who leaves has it
    // still.
    boolean room = surge() > 0 || crew.count(worker -> true) < Math.max(1, slots() + spares());
    if (!room || crew.count(WorkerHandle::occupiesBoot) >= limit) {
      return false;
    }
    WorkerHandle worker = crew.hire(slot, release, now);
    worker.spare = spare;
    orders.add(new Action.Spawn(worker.id, slot, release.generation));
    return true;
  }
}
