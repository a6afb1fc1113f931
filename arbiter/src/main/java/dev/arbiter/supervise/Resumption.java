package dev.arbiter.supervise;

import dev.arbiter.supervise.WorkerHandle.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Writes a fleet down, and builds it up again in another arbiter. Goal: a worker cannot tell the
 * successor from the arbiter that spawned it, and is not blamed for the time in which there was
 * none.
 */
final class Resumption {
  private final Crew crew;
  private final Rollout rollout;
  private final Recycle recycle;
  private final Staffing staffing;
  private final Losses losses;

  Resumption(Crew crew, Rollout rollout, Recycle recycle, Staffing staffing, Losses losses) {
    this.crew = crew;
    this.rollout = rollout;
    this.recycle = recycle;
    this.staffing = staffing;
    this.losses = losses;
  }

  Snapshot take(long now) {
    Map<Long, Integer> wanted = new TreeMap<>();
    rollout.known().forEach(release -> wanted.put(release.generation, release.wanted));
    return new Snapshot(
        now,
        rollout.good().generation,
        rollout.previousGeneration(),
        rollout.last(),
        wanted,
        staffing.paused(),
        losses.everReady(),
        crew.lastId(),
        losses.tally().counts(),
        losses.tally().deaths(),
        losses.tally().everSettled(),
        crew.all().stream().map(this::write).toList(),
        staffing.backoffs());
  }

  private Snapshot.Worker write(WorkerHandle worker) {
    return new Snapshot.Worker(
        worker.id,
        worker.slot,
        worker.spare,
        worker.release.generation,
        worker.pid,
        worker.wire,
        worker.state,
        worker.configured,
        worker.phase,
        worker.spawnedAt,
        worker.readyAt,
        worker.settled,
        worker.accepted,
        worker.accepting,
        worker.probing,
        worker.fit,
        worker.held,
        worker.stage.name(),
        worker.leaving,
        worker.leavingSince,
        worker.deadline,
        recycle.reason(worker.id),
        Optional.ofNullable(worker.vitals));
  }

  /** Before any other event. */
  void restore(Snapshot from, Map<Long, FleetPolicy> policies, long now) {
    List<Release> releases = new ArrayList<>();
    policies.forEach(
        (generation, policy) -> {
          Release release = new Release(generation, policy);
          release.wanted = from.wanted().getOrDefault(generation, policy.workers());
          releases.add(release);
        });
    rollout.resume(releases, from);
    staffing.pause(from.paused());
    from.backoffs()
        .forEach(
            waiting ->
                staffing.backoff(waiting.slot()).resume(waiting.failures(), waiting.opensAt()));
    losses.resume(from);
    crew.resume(from.lastWorker());
    from.workers().forEach(worker -> adopt(worker, from.takenAt(), now));
  }

  private void adopt(Snapshot.Worker from, long takenAt, long now) {
    Optional<Release> release =
        rollout.known().stream().filter(known -> known.generation == from.generation()).findFirst();
    WorkerHandle worker =
        new WorkerHandle(from.id(), from.slot(), release.orElse(rollout.good()), from.spawnedAt());
    worker.state = from.state();
    worker.pid = from.pid();
    worker.wire = from.wire();
    worker.configured = from.configured();
    worker.phase = from.phase();
    worker.wasReady = from.readyAt() != 0;
    worker.readyAt = from.readyAt();
    worker.settled = from.settled();
    worker.spare = from.spare();
    worker.accepted = from.accepted();
    worker.accepting = from.accepting();
    worker.probing = from.probing();
    worker.fit = from.fit();
    worker.held = from.held();
    worker.stage = Stage.valueOf(from.stage());
    worker.leaving = from.leaving();
    worker.leavingSince = from.leavingSince();
    worker.vitals = from.vitals().orElse(null);
    // Nobody listened in between: each clock is given that time back.
    worker.deadline =
        from.deadline() == WorkerHandle.NEVER
            ? WorkerHandle.NEVER
            : from.deadline() + Math.max(0, now - takenAt);
    crew.adopt(worker);
    if (!from.recycle().isEmpty()) {
      recycle.ask(worker.id, from.recycle());
    }
  }
}
