package dev.arbiter.supervise;

import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.FleetTable.Reaction;
import dev.arbiter.wire.Message;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * The decisions about a fleet: told what happened, answers what to do. What the fleet does with a
 * request is {@link FleetTable}; what becomes of a worker is {@link WorkerTable}, carried out by
 * {@link Shepherd}; who is booted next is {@link Staffing}. After every event the fleet is looked
 * at as a whole, so that nothing depends on the order of events.
 *
 * <p>Owned by the loop's thread, lives as long as the arbiter. Time is nanoseconds of a monotonic
 * clock, only ever compared.
 */
public final class Fleet {
  /** How often the arbiter wants to be called at least, to notice that it was not. */
  private static final long PULSE = 1_000_000_000;

  private static final int FIRST_SIGNAL_EXIT = 128;
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;

  private final Orders orders = new Orders();
  private final Crew crew = new Crew();
  private final Rollout rollout = new Rollout(orders);
  private final Recycle recycle = new Recycle();
  private final Lateness lateness = new Lateness();
  private final Elastic elastic = new Elastic();
  private final Staffing staffing = new Staffing(crew, rollout, recycle, orders);
  private final Departure departure = new Departure(orders);
  private final Losses losses = new Losses(orders, crew, rollout, recycle, staffing);
  private final Trial trial = new Trial(orders, crew, rollout, staffing, losses);
  private final Shepherd shepherd;
  private final Dismissals dismissals;
  private final Requests requests;
  private final Stopping stopping;
  private final Upgrade upgrade = new Upgrade(orders);
  private final Resumption resumption;

  private FleetState state = FleetState.STARTING;
  private long announced;
  private boolean over;
  private boolean degraded;
  private long deadline = Long.MAX_VALUE;

  /**
   * @param wireVersion the newest version of the messages this arbiter speaks
   */
  public Fleet(int wireVersion) {
    this(wireVersion, (state, trigger) -> {});
  }

  /**
   * @param visited told of each cell of {@link WorkerTable} that is entered: a simulation counts
   */
  Fleet(int wireVersion, BiConsumer<WorkerState, WorkerTable.Trigger> visited) {
    shepherd = new Shepherd(wireVersion, orders, crew, recycle, departure, losses, trial, visited);
    dismissals = new Dismissals(crew, rollout, recycle, staffing, shepherd);
    requests = new Requests(orders, crew, rollout, recycle, staffing, shepherd);
    stopping = new Stopping(orders, crew, shepherd, departure);
    resumption = new Resumption(crew, rollout, recycle, staffing, losses);
  }

  /** Tells what happened; answers what to do, in order. Nothing more after {@link Action.Exit}. */
  public List<Action> on(Event event, long monotonicNanos) {
    if (over) {
      return List.of();
    }
    excuse(monotonicNanos);
    take(event, monotonicNanos);
    settle(monotonicNanos);
    deadline = nextDeadline(monotonicNanos);
    lateness.called(monotonicNanos, deadline);
    return orders.take();
  }

  /**
   * When the next {@link Event.Tick} is due, {@link Long#MAX_VALUE} if none is. Asked again after
   * every event; once it has passed, the tick comes as soon as the pipes were read.
   */
  public long nextDeadline() {
    return deadline;
  }

  /** Where the fleet is. */
  public FleetState state() {
    return state;
  }

  /** The generation that slots are filled with; 0 before the fleet has begun. */
  public long generation() {
    return rollout.begun() ? rollout.good().generation : 0;
  }

  /** How many workers there are to be; 0 before the fleet has begun, and while it is paused. */
  public int slots() {
    return rollout.begun() ? staffing.slots() : 0;
  }

  /** All workers that are not gone, the oldest first. */
  public List<WorkerView> workers() {
    return crew.all().stream().map(WorkerHandle::view).toList();
  }

  /** One of them. */
  public Optional<WorkerView> worker(int worker) {
    return Optional.ofNullable(crew.find(worker)).map(WorkerHandle::view);
  }

  /** The fleet as it is, for {@link Event.Resume} in another arbiter. */
  public Snapshot snapshot(long monotonicNanos) {
    return resumption.take(monotonicNanos);
  }

  /** What workers ended of, since the arbiter began. */
  public Map<String, Integer> departures() {
    return losses.tally().counts();
  }

  /** The last workers that were lost, the oldest first; at most {@value Tally#REMEMBERED}. */
  public List<Tally.Death> deaths() {
    return losses.tally().deaths();
  }

  /** Whether it serves with fewer workers than it should, or loses them too fast. */
  public boolean isDegraded() {
    return degraded;
  }

  /** Whether the number of slots follows the load, so that {@link Event.Load} is wanted. */
  public boolean isElastic() {
    return rollout.begun() && rollout.good().policy.size().isElastic();
  }

  /** The line that is logged at every change of state. */
  public String stateLine() {
    return "Fleet %s: %d serving, %d booting, %d draining, generation %d"
        .formatted(
            state,
            crew.count(WorkerState.SERVING),
            crew.count(WorkerHandle::isNewcomer),
            crew.count(WorkerState.DRAINING) + crew.count(WorkerState.EJECTED),
            generation());
  }

  private void excuse(long now) {
    if (!rollout.begun()) {
      return;
    }
    long lost =
        lateness.lost(
            now, rollout.good().policy.heartbeatInterval(), rollout.good().policy.timeout());
    if (lost > 0) {
      orders.warning(
          "The arbiter itself has not run for %s (stopped, suspended or starved): late beats are"
                  .formatted(Words.time(lost))
              + " excused");
      crew.all().forEach(worker -> shepherd.excuse(worker, lost, now));
    }
  }

  private void take(Event event, long now) {
    switch (event) {
      case Event.Begin(FleetPolicy policy, long generation) -> {
        rollout.begin(new Release(generation, policy));
        announced = generation;
      }
      case Event.Resume resume -> resume(resume, now);
      case Event.DryRunDone(boolean fine, String text) -> {
        if (upgrade.tried(fine, text)) {
          requests.close("the arbiter becomes another, which cannot tell how this ends");
        }
      }
      case Event.ExecFailed(String why) -> upgrade.fail("exec: " + why);
      case Event.Spawned(int worker, long pid) -> {
        WorkerHandle handle = crew.find(worker);
        if (handle != null) {
          shepherd.spawned(handle, pid, now);
        }
      }
      case Event.SpawnFailed(int worker, String why) -> {
        WorkerHandle handle = crew.find(worker);
        if (handle != null) {
          shepherd.spawnFailed(handle, why, now);
        }
      }
      case Event.Said(int worker, Message.FromWorker message) -> {
        WorkerHandle handle = crew.find(worker);
        if (handle != null) {
          shepherd.said(handle, message, now);
        }
      }
      case Event.Exited(int worker, ExitStatus status) -> {
        WorkerHandle handle = crew.find(worker);
        if (handle != null) {
          shepherd.exited(handle, status, now);
          requests.gone(handle);
        }
      }
      case Event.EvidenceDone(int worker, Event.Outcome outcome, String summary) -> {
        WorkerHandle handle = crew.find(worker);
        if (handle != null) {
          shepherd.evidence(handle, outcome, summary, now);
          requests.evidence(
              worker,
              outcome == Event.Outcome.ANSWERED || outcome == Event.Outcome.DUMPED
                  ? Action.Verdict.DONE
                  : Action.Verdict.FAILED,
              summary);
        }
      }
      case Event.Asked asked -> asked(asked, now);
      case Event.ReleaseResolved(long generation, FleetPolicy policy) ->
          resolved(new Release(generation, policy));
      case Event.ReleaseLost(long generation, String why) -> rollout.lost(generation, why);
      case Event.ReleaseRefused(long generation, String why) -> refused(generation, why);
      case Event.Load(int waiting) -> load(waiting);
      case Event.Tick() -> {
        // Only here, when all that waited in the pipes was said: a beat that has come is not late.
        for (WorkerHandle worker : crew.all()) {
          if (worker.deadline <= now) {
            shepherd.due(worker, now);
          }
        }
        trial.judge(now);
        if (state == FleetState.STOPPING) {
          stopping.due(now);
        }
      }
    }
  }

  private void asked(Event.Asked asked, long now) {
    Request request = asked.request();
    String name = asked.label();
    Reaction reaction = FleetTable.reaction(state, request);
    if (!rollout.begun() && reaction != Reaction.STOP && reaction != Reaction.KILL) {
      orders.reply(asked.ticket(), Action.Verdict.REFUSED, "the arbiter starts");
      return;
    }
    switch (reaction) {
      case RELOAD, RELOAD_AFTER, SUPERSEDE -> {
        if (!rollout.ask(asked.ticket())) {
          break;
        }
        if (reaction == Reaction.SUPERSEDE) {
          orders.info(name + ": reload, in place of the one under way");
        } else if (!losses.everReady() && !staffing.paused()) {
          orders.info(name + ": reload, as soon as a first worker is ready");
        }
      }
      case STOP, KILL -> stop(asked, now);
      case HASTEN -> stopping.hasten(name, now);
      case ADD -> requests.scale(1, asked);
      case REMOVE -> requests.scale(-1, asked);
      case SCALE_TO -> requests.scaleTo(asked);
      case PAUSE -> {
        orders.info(name + ": all workers leave; HUP or TTIN brings them back");
        rollout.abandon("the workers are stopped");
        staffing.pause(true);
      }
      case REOPEN -> requests.reopen(asked);
      case BACK -> {
        rollout.rollback(asked.ticket());
        trial.skip();
      }
      case RECYCLE -> requests.recycle(asked);
      case HOLD -> requests.eject(asked, now);
      case DUMP -> requests.dump(asked);
      case UPGRADE -> {
        if (rollout.busy()) { // a reload that waits for a first worker
          later(asked);
          break;
        }
        upgrade.begin(
            name,
            asked.ticket(),
            crew.all().stream()
                .map(worker -> worker.wire)
                .filter(version -> version != 0)
                .collect(Collectors.toUnmodifiableSet()));
      }
      case LATER -> later(asked);
      case NOTHING -> {
        orders.info(name + ": stopping already");
        if (request == Request.STOP) {
          stopping.await(asked.ticket());
        } else {
          orders.reply(asked.ticket(), Action.Verdict.REFUSED, "the arbiter is stopping");
        }
      }
    }
  }

  private void later(Event.Asked asked) {
    orders.warning(asked.label() + ": refused, another change is under way");
    orders.reply(asked.ticket(), Action.Verdict.REFUSED, "another change is under way");
  }

  private void stop(Event.Asked asked, long now) {
    boolean unborn = state == FleetState.STARTING && !losses.everReady();
    boolean interrupt = asked.request() == Request.INTERRUPT;
    boolean kill = asked.request() == Request.STOP_NOW;
    stopping.await(asked.ticket());
    if (state != FleetState.STOPPING) {
      orders.info(
          "%s: stopping; %s"
              .formatted(asked.label(), crew.isEmpty() ? "no worker is there" : grace()));
      Duration delay =
          asked.request() == Request.STOP && rollout.begun()
              ? rollout.good().policy.drainDelay()
              : Duration.ZERO;
      int code = unborn ? FIRST_SIGNAL_EXIT + (interrupt ? SIGINT : SIGTERM) : 0;
      stop(code, delay, interrupt, now);
    }
    if (kill) {
      stopping.kill(asked.label(), now);
    }
  }

  private String grace() {
    Duration time = rollout.good().policy.gracefulTimeout();
    return Words.count(crew.count(worker -> true), "worker")
        + (time.isZero() ? ", without a limit to finish" : ", " + Words.time(time) + " to finish");
  }

  private void load(int waiting) {
    if (state != FleetState.STEADY || staffing.paused()) {
      return;
    }
    List<Integer> busy =
        crew.all().stream()
            .filter(worker -> worker.isServing() && worker.vitals != null)
            .map(worker -> worker.vitals.busyPercent())
            .toList();
    FleetPolicy.Size size = rollout.good().policy.size();
    int by = elastic.look(size, staffing.slots(), waiting, busy);
    if (by != 0) {
      int before = staffing.slots();
      rollout.scaleTo(before + by); // the load is what it is, whichever release serves
      orders.info(
          "Load: %s, not %d (%s waiting, busy %s)"
              .formatted(
                  Words.count(staffing.slots(), "worker"),
                  before,
                  Words.count(waiting, "connection"),
                  busy));
    }
  }

  private void resume(Event.Resume begin, long now) {
    resumption.restore(begin.fleet(), begin.policies(), now);
    shepherd.resume();
    announced = generation();
    state = FleetState.UPGRADING;
    orders.info(
        "Upgraded: %s of generation %d adopted"
            .formatted(Words.count(crew.count(worker -> true), "worker"), generation()));
    if (staffing.paused()) {
      orders.reply(
          begin.ticket(), Action.Verdict.DONE, "the workers were stopped before, and stay so");
    } else {
      rollout.ask(begin.ticket());
    }
  }

  private void resolved(Release release) {
    if (!rollout.resolved(release)) {
      orders.debug(
          "Generation %d is superseded before its first worker".formatted(release.generation));
    }
  }

  private void refused(long generation, String why) {
    String text =
        "generation %d: %s; generation %d keeps serving".formatted(generation, why, generation());
    if (rollout.refused(generation, text)) {
      orders.error("Reload failed: " + text);
    } else {
      orders.debug("Given up already: " + text);
    }
  }

  private void stop(int code, Duration delay, boolean interrupt, long now) {
    moveTo(FleetState.STOPPING);
    rollout.abandon("the arbiter stops");
    upgrade.abandon("the arbiter stops");
    requests.close("the arbiter stops");
    stopping.begin(code, delay, interrupt, now);
  }

  /** Looks at the fleet as it now is, and does what is to be done about it. */
  private void settle(long now) {
    if (state != FleetState.STOPPING && losses.fatal() != 0) {
      stop(losses.fatal(), Duration.ZERO, false, now);
    }
    if (state == FleetState.STOPPING) {
      if (stopping.isDelayed() && rollout.begun()) {
        dismissals.relieve(now); // a replacement that was on its way serves, and one is enough
      }
      if (crew.isEmpty()) {
        leave(now);
      }
      return;
    }
    if (!rollout.begun()) {
      return;
    }
    dismissals.relieve(now);
    dismissals.dismissExcess(now);
    if (losses.everReady() || staffing.paused()) {
      OptionalLong generation = rollout.resolve();
      if (generation.isPresent()) {
        orders.info("Reload: preparing generation " + generation.getAsLong());
        orders.add(new Action.ResolveRelease(generation.getAsLong()));
      }
    }
    staffing.staff(now).forEach(worker -> shepherd.choose(worker, now));
    dismissals.relieve(now); // whom a spare has just replaced
    staffing.stock(now);
    requests.recycled();
    moveTo(whereTo());
    degraded = losses.isIntense(now) || state != FleetState.STARTING && !isWhole();
    rollout
        .retire(this::isUsed)
        .forEach(generation -> orders.add(new Action.RetireRelease(generation)));
  }

  private boolean isUsed(Release release) {
    return crew.any(worker -> worker.release == release);
  }

  private FleetState whereTo() {
    if (upgrade.underWay()) {
      return FleetState.UPGRADING;
    }
    if (rollout.isRollingBack(this::isUsed)) {
      return FleetState.ROLLING_BACK;
    }
    if (rollout.stage() == Rollout.Stage.PROBATION) {
      return FleetState.PROBATION;
    }
    boolean changing =
        (losses.everReady() || staffing.paused() || state != FleetState.STARTING) && rollout.busy()
            || crew.any(
                worker ->
                    (worker.isNewcomer() || worker.holdsSlot() || worker.mayStillAccept())
                        && rollout.isOutdated(worker.release));
    if (changing) {
      return FleetState.RELOADING;
    }
    return state == FleetState.STARTING && !isWhole() ? FleetState.STARTING : FleetState.STEADY;
  }

  private boolean isWhole() {
    for (int slot = 0; slot < staffing.slots(); slot++) {
      if (!staffing.isServed(slot)) {
        return false;
      }
    }
    return true;
  }

  private void moveTo(FleetState next) {
    if (next == state) {
      return;
    }
    state = next;
    if (next == FleetState.STEADY) {
      if (announced != generation()) {
        orders.info("Reloaded: generation %d took over from %d".formatted(generation(), announced));
        announced = generation();
      }
      rollout.completed();
    }
    orders.info(stateLine());
  }

  private void leave(long now) {
    over = true;
    rollout.retireAll().forEach(generation -> orders.add(new Action.RetireRelease(generation)));
    stopping.end(now);
  }

  private long nextDeadline(long now) {
    if (over) {
      return Long.MAX_VALUE;
    }
    long next =
        state == FleetState.STOPPING
            ? stopping.deadline()
            : Math.min(staffing.wake(), trial.deadline());
    for (WorkerHandle worker : crew.all()) {
      next = Math.min(next, worker.deadline);
    }
    return next == Long.MAX_VALUE ? next : Math.min(next, now + pulse());
  }

  private long pulse() {
    return Math.max(PULSE, rollout.good().policy.heartbeatInterval().toNanos());
  }
}
