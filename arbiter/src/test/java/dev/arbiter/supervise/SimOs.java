package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Verdict;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.wire.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A simulated operating system and operator around the real {@link Fleet}: one seed gives one
 * schedule of boots, faults, signals and pauses, the same each time. Time is simulated.
 */
final class SimOs {

  /** What kind of trouble a run has. */
  enum Mode {
    /** Reloads, recycling, questions and a paused arbiter: nobody may notice. */
    CALM,
    /** Scaling, load, stopped workers and bad releases as well. */
    SCALED,
    /** Everything, and workers that fail, hang, lie and die. */
    CHAOS
  }

  /** What becomes of the workers of a release. */
  enum Quality {
    GOOD,
    /** None gets ready. */
    DEAD,
    /** They are ready, and answer their health check with 500. */
    UNHEALTHY,
    /** They serve, and half of their answers are errors. */
    FAILING,
    /** They serve, and slowly. */
    SLOW
  }

  /**
   * What to leave out of a schedule: when a failure still comes without it, it has nothing to do
   * with it. By order of planning, and of striking.
   */
  record Without(Set<Integer> plans, Set<Integer> faults) {
    static final Without NOTHING = new Without(Set.of(), Set.of());
  }

  static final long SECOND = 1_000_000_000;
  static final long START = 1_000 * SECOND;
  private static final long MILLI = 1_000_000;

  private record Timed(long at, long order, Runnable what) {}

  private record Ambush(FleetState state, long after, Runnable what) {}

  private static final String[] FORK_ERRORS = {
    "Resource temporarily unavailable (EAGAIN)",
    "Cannot allocate memory (ENOMEM)",
    "Too many open files (EMFILE)"
  };

  Fleet fleet;
  final Mode mode;
  final SimRules rules;
  final FleetPolicy policy;
  final List<String> history = new ArrayList<>();
  final Coverage coverage;

  private final Random random;
  private final Saboteur saboteur;
  private final Without without;
  private final PriorityQueue<Timed> agenda =
      new PriorityQueue<>(
          (a, b) ->
              a.at() != b.at() ? Long.compare(a.at(), b.at()) : Long.compare(a.order(), b.order()));
  private final Deque<Event> inbox = new ArrayDeque<>();
  private final Map<Integer, SimWorker> workers = new HashMap<>();
  private final Map<Long, Quality> qualities = new HashMap<>();
  private final TreeSet<Long> pids = new TreeSet<>();
  private final boolean keepHistory;

  long now = START;
  long steps;
  long frozen;
  int exitCode = -1;
  boolean faults;
  boolean quiet;
  int load;
  int plans;
  int strikes;

  private long order;
  private long tickets;
  private boolean arbiterStopped;
  private boolean pausable = true;
  private boolean becoming;
  private boolean executing;
  private int arbiters;
  private boolean busy;
  private String forkError = "";
  private @Nullable Ambush ambush;
  private long tickAt = Long.MAX_VALUE;

  SimOs(long seed, Coverage coverage) {
    this(seed, coverage, Saboteur.HONEST, Without.NOTHING, false);
  }

  SimOs(long seed, Coverage coverage, Saboteur saboteur, Without without, boolean keepHistory) {
    random = new Random(seed * 0x9E3779B97F4A7C15L);
    this.coverage = coverage;
    this.saboteur = saboteur;
    this.without = without;
    this.keepHistory = keepHistory;
    fleet = new Fleet(Rig.WIRE, coverage::worker);
    int kind = (int) Math.floorMod(seed, 4L);
    mode = kind == 0 ? Mode.CALM : kind == 1 ? Mode.SCALED : Mode.CHAOS;
    faults = mode == Mode.CHAOS;
    policy = SimPlan.policy(this);
    rules = new SimRules(this);
  }

  // ---- chance

  long millis(int from, int to) {
    return (from + random.nextInt(to - from + 1)) * MILLI;
  }

  int number(int from, int to) {
    return from + random.nextInt(to - from + 1);
  }

  boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  /** Whether a fault strikes. */
  boolean fault(int percent) {
    return chance(percent) && faults && !without.faults().contains(strikes++);
  }

  @SafeVarargs
  final <T> T pick(T... of) {
    return of[random.nextInt(of.length)];
  }

  Quality quality(long generation) {
    return qualities.computeIfAbsent(
        generation,
        key -> {
          boolean misfit = generation > 1 && mode == Mode.SCALED && pausable && chance(20);
          if (fault(20)) {
            return pick(Quality.DEAD, Quality.UNHEALTHY, Quality.FAILING, Quality.SLOW);
          }
          return misfit ? pick(Quality.UNHEALTHY, Quality.FAILING, Quality.SLOW) : Quality.GOOD;
        });
  }

  // ---- time

  void after(long nanos, Runnable what) {
    agenda.add(new Timed(now + nanos, order++, what));
  }

  /** Something that happens to the fleet from outside, unless it is left out. */
  void plan(long nanos, Runnable what) {
    if (!without.plans().contains(plans++)) {
      after(
          nanos,
          () -> {
            if (!quiet) {
              what.run();
            }
          });
    }
  }

  /** Lets time pass; ends early if the arbiter does. */
  void runUntil(long end) {
    while (exitCode < 0) {
      Timed next = agenda.peek();
      if (next == null || next.at() > end) {
        now = Math.max(now, end);
        return;
      }
      agenda.remove();
      now = Math.max(now, next.at());
      next.what().run();
    }
  }

  // ---- what an operator does

  void ask(Request request) {
    deliver(Event.Asked.bySignal(request));
  }

  /** Somebody waits for the answer. */
  void command(Request request, int number) {
    deliver(new Event.Asked(request, number, ++tickets));
  }

  /** The arbiter is sent STOP, and CONT later. */
  void pauseArbiter(long nanos) {
    if (pausable && !arbiterStopped) {
      arbiterStopped = true;
      after(
          nanos,
          () -> {
            arbiterStopped = false;
            run();
          });
    }
  }

  /** The machine is suspended: nobody runs, and the clock goes on. */
  void freeze(long nanos) {
    if (!pausable) {
      return;
    }
    frozen += nanos;
    List<Timed> later = new ArrayList<>(agenda);
    agenda.clear();
    later.forEach(timed -> agenda.add(new Timed(timed.at() + nanos, timed.order(), timed.what())));
  }

  /** The arbiter runs, and is not stopped again. */
  void noMorePauses() {
    arbiterStopped = false;
    pausable = false;
    run();
    awaitUpgrade(); // which refuses other changes
  }

  /** No process can be started for a while. */
  void forksFail(long nanos) {
    String error = pick(FORK_ERRORS);
    forkError = error;
    after(nanos, () -> forkError = "");
  }

  /** Something that happens as soon as the fleet is in a state. */
  void ambush(FleetState state, long nanos, Runnable what) {
    if (!without.plans().contains(plans++)) {
      ambush = new Ambush(state, nanos, what);
    }
  }

  /** Lets an upgrade that is under way come to its end. */
  private void awaitUpgrade() {
    while (exitCode < 0 && (executing || fleet.state() == FleetState.UPGRADING)) {
      runUntil(now + 50 * MILLI);
    }
  }

  /** The arbiter replaces itself; meanwhile nobody reads, and nothing is lost. */
  private void become() {
    becoming = false;
    if (fleet.state() != FleetState.UPGRADING) {
      return;
    }
    if (fault(20)) {
      inbox.add(new Event.ExecFailed("text file busy"));
      return;
    }
    Snapshot snapshot = fleet.snapshot(now);
    Map<Long, FleetPolicy> policies = new HashMap<>();
    snapshot.wanted().keySet().forEach(generation -> policies.put(generation, policy));
    executing = true;
    arbiters++;
    rules.replaced();
    after(
        millis(300, 3_000),
        () -> {
          fleet = new Fleet(Rig.WIRE, coverage::worker);
          executing = false;
          inbox.addFirst(new Event.Resume(snapshot, policies, ++tickets));
          run();
        });
  }

  // ---- the loop

  /** Hands the arbiter an event, in order; it reads it when it runs. */
  void deliver(Event event) {
    inbox.add(event);
    run();
  }

  private void run() {
    if (busy || arbiterStopped || executing) {
      return;
    }
    busy = true;
    while (!inbox.isEmpty() && exitCode < 0) {
      on(inbox.remove());
    }
    if (fleet.nextDeadline() <= now && exitCode < 0) {
      on(new Event.Tick());
    }
    if (becoming && inbox.isEmpty()) {
      become();
    }
    busy = false;
    if (executing) {
      return;
    }
    if (!inbox.isEmpty() && exitCode < 0) {
      run();
    }
    // Ticks come a little late, as they do.
    if (fleet.nextDeadline() < tickAt) {
      tickAt = fleet.nextDeadline();
      after(
          Math.max(0, tickAt - now) + millis(0, 20),
          () -> {
            tickAt = Long.MAX_VALUE;
            run();
          });
    }
  }

  private void on(Event event) {
    steps++;
    if (event instanceof Event.Asked asked) {
      coverage.fleet(fleet.state(), asked.request());
    }
    rules.before(event);
    List<Action> actions = saboteur.on(event, this);
    if (keepHistory && !(actions.isEmpty() && isBeat(event))) {
      history.add("%.3f %s -> %s".formatted((now - START) / 1e9, event, actions));
    }
    rules.after(event, actions);
    for (Action action : actions) {
      carryOut(action);
    }
    if (ambush != null && fleet.state() == ambush.state() && exitCode < 0 && !quiet) {
      after(ambush.after(), ambush.what());
      ambush = null;
    }
  }

  private static boolean isBeat(Event event) {
    return event instanceof Event.Said said && said.message() instanceof Message.Beat;
  }

  private void carryOut(Action action) {
    switch (action) {
      case Action.Spawn(int worker, int slot, long generation) ->
          after(millis(0, 20), () -> spawn(worker, generation));
      case Action.Tell(int worker, var message) -> after(MILLI, () -> worker(worker).hear(message));
      case Action.Signal(int worker, var sig) -> worker(worker).signal(sig);
      case Action.CollectEvidence(int worker, String why) -> {
        int asking = arbiters;
        if (!fault(10)) {
          after(
              millis(1, 1_000),
              () ->
                  unlessReplaced(
                      asking,
                      new Event.EvidenceDone(worker, worker(worker).evidence(), "dump.txt")));
        } else {
          // As the loop does: it gives up after three times the limit.
          after(
              3 * policy.dumpLimit().toNanos() + SECOND,
              () ->
                  unlessReplaced(
                      asking,
                      new Event.EvidenceDone(worker, Event.Outcome.NO_ANSWER, "no evidence")));
        }
      }
      case Action.ResolveRelease(long generation) ->
          after(
              millis(5, 600),
              () ->
                  deliver(
                      fault(15)
                          ? new Event.ReleaseRefused(generation, "settings are wrong")
                          : new Event.ReleaseResolved(generation, policy)));
      case Action.DryRun dryRun ->
          after(
              millis(50, 1_500), () -> deliver(new Event.DryRunDone(!fault(30), "arbiter 0.2.0")));
      case Action.Exec exec -> becoming = true;
      case Action.Exit(int code) -> exitCode = code;
      case Action.Reply(long ticket, Verdict verdict, String text) -> coverage.answered(verdict);
      default -> {
        // Nothing that the world would notice.
      }
    }
  }

  /** The next arbiter knows of no inquiry of this one. */
  private void unlessReplaced(int asking, Event event) {
    if (asking == arbiters) {
      deliver(event);
    }
  }

  private void spawn(int id, long generation) {
    if (!forkError.isEmpty() || fault(3)) {
      deliver(new Event.SpawnFailed(id, forkError.isEmpty() ? FORK_ERRORS[0] : forkError));
      return;
    }
    // The kernel gives out a pid again as soon as it is free.
    long pid = 100;
    while (!pids.add(pid)) {
      pid++;
    }
    SimWorker worker = new SimWorker(this, id, pid, generation);
    workers.put(id, worker);
    deliver(new Event.Spawned(id, pid));
    worker.born();
  }

  void reaped(long pid) {
    pids.remove(pid);
  }

  private SimWorker worker(int id) {
    SimWorker worker = workers.get(id);
    if (worker == null) {
      throw new AssertionError("worker " + id + " was never spawned");
    }
    return worker;
  }
}
