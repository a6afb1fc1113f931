package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.supervise.Event.Asked;
import dev.arbiter.supervise.SimOs.Mode;
import dev.arbiter.supervise.SimOs.Quality;
import dev.arbiter.wire.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The promises, checked after every step of a simulation from what was delivered and ordered. What
 * the fleet says of itself is used only for its state, and for who is in which slot.
 */
final class SimRules {
  private static final long NEVER = Long.MAX_VALUE;

  private final SimOs os;
  private final FleetPolicy policy;
  private final boolean calm;
  private final Map<Integer, Picture> pictures = new TreeMap<>();
  private final Set<Long> releases = new HashSet<>();
  private final Set<Long> healthy = new HashSet<>();
  private final Set<Long> dropped = new HashSet<>();
  private final Set<Long> pending = new TreeSet<>();
  private final Set<Long> proceeding = new TreeSet<>();
  private final Map<Long, Trialled> trials = new HashMap<>();

  private boolean wasWhole;
  private boolean listening = true;
  private boolean stopping;
  private boolean fastStop;
  private boolean hadServed;
  private int interrupts;
  private int mostSlots;
  private long drainsAt = Long.MIN_VALUE;
  private long good = 1;
  private long buried;
  private boolean unplanned;
  private int planned;
  private boolean rollbackAsked;
  private FleetState before = FleetState.STARTING;

  /** What is known of one worker. */
  private static final class Picture {
    final int worker;
    final long generation;
    long pid;
    boolean spawned;
    boolean configured;
    boolean ready;
    boolean probed;
    boolean accepts;
    boolean closed;
    boolean aside;
    boolean held;
    boolean resumed;
    boolean leaves;
    boolean exited;
    boolean evidence;
    int beatsOnProbation;
    long evidenceAskedAt = NEVER;
    long leavesAt = NEVER;
    long quitAt = NEVER;
    boolean killed;

    Picture(int worker, long generation) {
      this.worker = worker;
      this.generation = generation;
    }

    boolean serves() {
      return accepts && !aside && !leaves && !exited;
    }

    /** Without a pid it cannot be told to leave; if it is to by then, it is told at once. */
    boolean stays() {
      return spawned && !leaves && !exited && !aside;
    }
  }

  /** A generation's trial: since when it serves, and whether others always did beside it. */
  private static final class Trialled {
    long since = NEVER;
    boolean alone;
    int beats;
  }

  SimRules(SimOs os) {
    this.os = os;
    this.policy = os.policy;
    this.calm = os.mode == Mode.CALM;
    mostSlots = Math.max(policy.workers(), policy.size().max());
  }

  boolean stopping() {
    return stopping;
  }

  // ---- what was delivered

  /** An event is about to be delivered. */
  void before(Event event) {
    before = os.fleet.state();
    switch (event) {
      case Event.Begin begin -> releases.add(begin.generation());
      case Event.Resume resume -> pending.add(resume.ticket());
      case Event.ReleaseResolved resolved -> releases.add(resolved.generation());
      case Event.Spawned(int worker, long pid) -> {
        picture(worker).spawned = true;
        picture(worker).pid = pid;
      }
      case Event.SpawnFailed failed -> picture(failed.worker()).exited = true;
      case Event.Exited exited -> {
        Picture picture = picture(exited.worker());
        unplanned = picture.stays() || picture.held && !picture.leaves;
        picture.exited = true;
        planned = planned();
      }
      case Event.EvidenceDone done -> {
        Picture picture = pictures.get(done.worker());
        if (picture != null) {
          picture.evidence = true;
        }
      }
      case Event.Said(int worker, Message.FromWorker message) -> {
        Picture picture = pictures.get(worker);
        if (picture != null) {
          said(picture, message);
        }
      }
      case Asked asked -> asked(asked);
      default -> {
        // Says nothing about a worker.
      }
    }
  }

  private void said(Picture picture, Message.FromWorker message) {
    switch (message) {
      case Message.Ready ready -> {
        if (picture.configured && !picture.leaves) {
          picture.ready = true;
          if (policy.change().healthPath().isEmpty()) {
            picture.probed = true;
            healthy.add(picture.generation);
          }
        }
      }
      case Message.Probed(long id, int status, long millis, String detail) -> {
        if (id == picture.worker && status >= 200 && status < 400) {
          picture.probed = true;
          healthy.add(picture.generation);
        }
      }
      case Message.Beat beat -> {
        Trialled trial = trials.get(picture.generation);
        if (trial != null && before == FleetState.PROBATION && picture.serves()) {
          picture.beatsOnProbation++;
          trial.beats = Math.max(trial.beats, picture.beatsOnProbation);
        }
      }
      case Message.Failed failed -> leaves(picture, os.now);
      case Message.Draining draining -> {
        picture.closed = true;
        leaves(picture, os.now);
      }
      case Message.Hello hello when hello.version() != Rig.WIRE -> leaves(picture, os.now);
      default -> {
        // Nothing that anybody is held to.
      }
    }
  }

  private void asked(Asked asked) {
    if (asked.ticket() != 0) {
      pending.add(asked.ticket());
    }
    switch (asked.request()) {
      case STOP -> {
        if (!stopping) {
          hadServed = pictures.values().stream().anyMatch(Picture::serves);
          drainsAt = os.now + policy.drainDelay().toNanos();
        }
        stopping = true;
      }
      case INTERRUPT -> {
        // The one that begins a stop counts, and each during it.
        interrupts++;
        fastStop |= interrupts >= 2;
        stopping = true;
        drainsAt = Long.MIN_VALUE;
      }
      case STOP_NOW -> {
        stopping = true;
        fastStop = true;
        drainsAt = Long.MIN_VALUE;
      }
      case MORE -> mostSlots = policy.room().most(mostSlots + 1);
      case SCALE -> mostSlots = policy.room().most(Math.max(mostSlots, asked.number()));
      case ROLLBACK -> {
        dropped.clear();
        rollbackAsked = true;
      }
      default -> {
        // Changes nothing that is counted here.
      }
    }
  }

  /** The arbiter becomes another: nobody may wait but who was told to ask that one. */
  void replaced() {
    pending.removeAll(proceeding);
    proceeding.clear();
    require(pending.isEmpty(), "the arbiter becomes another, and nobody has answered %s", pending);
  }

  // ---- what was ordered

  /** What was answered, and what then holds. */
  void after(Event event, List<Action> actions) {
    long now = os.now;
    FleetState state = os.fleet.state();
    stopping |= state == FleetState.STOPPING;
    boolean accepts = false;
    for (Action action : actions) {
      check(action, state);
      accepts |= action instanceof Action.Tell tell && tell.message() instanceof Message.Accept;
    }
    if (event instanceof Event.Exited(int worker, ExitStatus status)) {
      exited(worker, actions);
    } else if (event instanceof Event.SpawnFailed(int worker, String why)) {
      require(!pictures.containsKey(worker), "worker %d failed and is not forgotten", worker);
    } else if (event instanceof Event.Tick) {
      require(os.fleet.nextDeadline() > now, "the next deadline after a tick has passed");
    }
    goodGeneration(now);
    if (accepts) {
      slots();
    }
    counts();
    if (!dropped.isEmpty()) {
      for (Picture picture : pictures.values()) {
        require(
            !dropped.contains(picture.generation)
                || !picture.spawned
                || picture.leaves
                || picture.exited
                || stopping
                || picture.aside,
            "worker %d of generation %d, which was given up, stays",
            picture.worker,
            picture.generation);
      }
    }
  }

  private void exited(int worker, List<Action> actions) {
    int forgotten = 0;
    boolean told = false;
    for (Action action : actions) {
      if (action instanceof Action.Forget forget && forget.worker() == worker) {
        forgotten++;
      }
    }
    require(forgotten == 1, "worker %d is reaped and forgotten %d times", worker, forgotten);
    String pid = "(pid " + buried + ")";
    for (Action action : actions) {
      told |= action instanceof Action.Log log && log.text().contains(pid);
    }
    require(told, "the log does not say why worker %d is gone", worker);
    require(!unplanned || planned() == planned, "the death of worker %d counts as planned", worker);
  }

  private int planned() {
    return os.fleet.departures().getOrDefault("planned", 0);
  }

  /** A generation is good only when it was healthy, and when its probation was over. */
  private void goodGeneration(long now) {
    long is = os.fleet.generation();
    if (is == good || is == 0) {
      return;
    }
    require(healthy.contains(is), "generation %d was never healthy and is good", is);
    Trialled trial = trials.get(is);
    long probation = policy.change().probation().toNanos();
    if (trial != null && !trial.alone && !rollbackAsked && probation > 0) {
      require(
          now - trial.since >= probation,
          "generation %d is good %d ms after it served first",
          is,
          (now - trial.since) / 1_000_000);
      require(
          trial.beats < 3
              || os.quality(is) != Quality.FAILING
              || os.quality(good) == Quality.FAILING, // it is no worse
          "generation %d fails half of its requests and is good",
          is);
    }
    good = is;
    trials.clear();
  }

  /** No slot is served twice by workers of one release, and none by a spare. */
  private void slots() {
    Set<Long> seen = new HashSet<>();
    for (WorkerView view : os.fleet.workers()) {
      if (view.state() == WorkerState.SERVING) {
        require(!view.spare(), "spare worker %d serves", view.worker());
        require(
            seen.add(view.generation() * 10_000 + view.slot()),
            "slot %d is served twice by generation %d",
            view.slot(),
            view.generation());
      }
    }
  }

  private void counts() {
    int serving = 0;
    int boots = 0;
    int staying = 0;
    int slack = 0;
    for (Picture picture : pictures.values()) {
      serving += picture.serves() ? 1 : 0;
      boots += picture.ready ? 0 : 1;
      staying += picture.stays() ? 1 : 0;
      slack += picture.resumed ? 1 : 0;
    }
    require(boots <= policy.maxBootsAtOnce(), "%d boots at once", boots);
    FleetPolicy.Change change = policy.change();
    int extra = policy.size().spares() + change.maxSurge() + change.canaries();
    int most = (calm ? policy.workers() : mostSlots) + extra + slack;
    require(staying <= most, "%d workers are there to stay, and at most %d may be", staying, most);
    if (change.maxSurge() == 0 && calm) {
      int room = policy.workers() + policy.size().spares();
      require(pictures.size() <= room, "%d workers, with room for %d", pictures.size(), room);
    }
    wasWhole |= os.fleet.state() == FleetState.STEADY && serving >= policy.workers();
    if (calm && wasWhole && !stopping) {
      int fewest = policy.workers() - change.maxUnavailable();
      require(serving >= fewest, "only %d serve, and at least %d should", serving, fewest);
    }
  }

  private void check(Action action, FleetState state) {
    long now = os.now;
    switch (action) {
      case Action.Spawn(int worker, int slot, long generation) -> {
        require(!pictures.containsKey(worker), "worker %d is spawned twice", worker);
        require(releases.contains(generation), "generation %d is not there", generation);
        require(!stopping, "a boot while stopping");
        require(!dropped.contains(generation), "generation %d was given up and boots", generation);
        pictures.put(worker, new Picture(worker, generation));
      }
      case Action.Configure(int worker) -> {
        require(!alive(worker).configured, "worker %d is configured twice", worker);
        picture(worker).configured = true;
      }
      case Action.Tell(int worker, Message.ToWorker message) ->
          told(alive(worker), message, state, now);
      case Action.Signal(int worker, Sig sig) -> signal(alive(worker), sig, now);
      case Action.CollectEvidence(int worker, String why) -> {
        Picture picture = alive(worker);
        picture.evidenceAskedAt = Math.min(picture.evidenceAskedAt, now);
        if (!why.contains("operator")) {
          if (picture.ready) {
            picture.held = false;
          } else {
            leaves(picture, NEVER);
          }
        } else {
          require(picture.ready, "worker %d is dumped and was never ready", worker);
        }
      }
      case Action.RetireRelease(long generation) -> {
        require(releases.remove(generation), "generation %d is retired twice", generation);
        require(
            os.exitCode >= 0 || state == FleetState.STOPPING || generation != os.fleet.generation(),
            "generation %d is retired and good",
            generation);
        for (Picture picture : pictures.values()) {
          require(picture.generation != generation, "generation %d is in use", generation);
        }
      }
      case Action.Forget(int worker) -> {
        require(picture(worker).exited, "worker %d is forgotten and alive", worker);
        buried = picture(worker).pid;
        pictures.remove(worker);
      }
      case Action.CloseListeners close -> {
        require(listening, "the sockets are closed twice");
        require(stopping, "the sockets are closed while the fleet serves");
        boolean anybody = false;
        for (Picture picture : pictures.values()) {
          anybody |= !picture.exited;
        }
        require(
            !hadServed || !anybody || now >= drainsAt,
            "the sockets are closed %d ms before the drain delay is over",
            (drainsAt - now) / 1_000_000);
        listening = false;
      }
      case Action.Proceed(long ticket, String text) -> {
        require(pending.contains(ticket), "ticket %d proceeds and does not wait", ticket);
        require(proceeding.add(ticket), "ticket %d proceeds twice", ticket);
      }
      case Action.Reply(long ticket, var verdict, String text) -> {
        proceeding.remove(ticket);
        require(pending.remove(ticket), "ticket %d is answered and not waiting", ticket);
        if (verdict == Action.Verdict.DONE && text.matches("generation \\d+ serves.*")) {
          closed(os.fleet.generation());
        }
      }
      case Action.Exit exit -> {
        require(!listening, "the arbiter leaves and its sockets are open");
        require(releases.isEmpty(), "releases are left at the end: %s", releases);
        require(pending.isEmpty(), "nobody has answered %s", pending);
        require(pictures.isEmpty(), "workers are left at the end");
      }
      case Action.Log(Action.Level level, String text) -> {
        String prefix = "Reload failed: generation ";
        if (text.startsWith(prefix)) {
          dropped.add(Long.parseLong(text.substring(prefix.length(), text.indexOf(':', 15))));
        }
      }
      default -> {
        // ShowOutput, ReopenLogs, ResolveRelease.
      }
    }
  }

  /** A reload is done: a new connection reaches this generation alone. */
  private void closed(long generation) {
    for (Picture picture : pictures.values()) {
      require(
          picture.generation == generation
              || picture.exited
              || picture.closed
              || picture.aside
              || picture.held
              || !picture.accepts
              || picture.killed
              || stopping,
          "generation %d serves, and worker %d of generation %d may still accept",
          generation,
          picture.worker,
          picture.generation);
    }
  }

  private void told(Picture picture, Message.ToWorker message, FleetState state, long now) {
    require(picture.configured, "a message before Configure");
    switch (message) {
      case Message.Accept accept -> {
        require(picture.ready, "worker %d accepts and is not ready", picture.worker);
        require(picture.probed, "worker %d accepts and is not healthy", picture.worker);
        require(!picture.leaves, "worker %d accepts and leaves", picture.worker);
        picture.resumed |= picture.aside;
        picture.accepts = true;
        picture.aside = false;
        picture.held = false;
        if (picture.generation != good) {
          Trialled trial = trials.computeIfAbsent(picture.generation, key -> new Trialled());
          trial.since = Math.min(trial.since, now);
          trial.alone |=
              pictures.values().stream()
                  .noneMatch(other -> other.serves() && other.generation != picture.generation);
          trial.alone |= before == FleetState.STEADY;
        }
      }
      case Message.Eject eject -> {
        require(!calm, "a healthy worker was ejected");
        picture.aside = true;
        picture.held = true;
      }
      case Message.Drain drain -> {
        boolean forReload = drain.reason().equals("reload");
        require(
            !forReload
                || state != FleetState.PROBATION
                || before != FleetState.PROBATION
                || picture.generation != os.fleet.generation(),
            "worker %d has to leave for a generation on probation",
            picture.worker);
        leaves(picture, now);
      }
      default -> {
        // Nothing to hold it to.
      }
    }
  }

  private void signal(Picture picture, Sig sig, long now) {
    require(picture.spawned, "a signal for worker %d, which has no process", picture.worker);
    long dump = policy.dumpLimit().toNanos();
    long grace =
        picture.ready
            ? policy.gracefulTimeout().toNanos()
            : Math.min(policy.gracefulTimeout().toNanos(), Departure.BOOT_GRACE.toNanos());
    switch (sig) {
      case TERM -> leaves(picture, now);
      case QUIT -> {
        require(!calm, "a worker that leaves in time was sent QUIT");
        require(now - picture.leavesAt >= grace, "worker %d had no time to leave", picture.worker);
        picture.quitAt = now;
      }
      case KILL -> {
        picture.killed = true;
        require(!calm || fastStop, "a healthy worker was killed");
        boolean dumped = picture.quitAt != NEVER && now - picture.quitAt >= dump;
        boolean tried =
            picture.evidenceAskedAt != NEVER && now - picture.evidenceAskedAt >= 3 * dump;
        require(
            fastStop || picture.evidence || dumped || tried,
            "worker %d is killed without evidence",
            picture.worker);
      }
      case CONT -> throw new AssertionError("nobody is to be continued");
    }
  }

  // ---- at the end

  /** Slots whose worker an operator has set aside. */
  List<Integer> held(Fleet fleet) {
    List<Integer> slots = new ArrayList<>();
    for (Picture picture : pictures.values()) {
      if (picture.held && !picture.leaves && !picture.exited) {
        fleet.worker(picture.worker).ifPresent(view -> slots.add(view.slot()));
      }
    }
    return slots;
  }

  /**
   * When quiet has returned after a reload: every slot is served by the good generation, or one of
   * its workers is held. The reload may have failed, where no process can be started yet.
   */
  void changed(Fleet fleet) {
    require(fleet.state() == FleetState.STEADY, "after a reload: %s", fleet.stateLine());
    for (int slot = 0; slot < fleet.slots(); slot++) {
      int number = slot;
      require(
          fleet.workers().stream()
              .anyMatch(
                  view ->
                      view.slot() == number
                          && view.generation() == fleet.generation()
                          && (view.state() == WorkerState.SERVING || picture(view.worker()).held)),
          "after a reload: slot %d is not generation %d's",
          slot,
          fleet.generation());
    }
    long held =
        fleet.workers().stream()
            .filter(view -> view.generation() != fleet.generation())
            .filter(view -> picture(view.worker()).held)
            .count();
    int may = policy.change().maxSurge();
    require(held <= may, "after a reload: %d old ones are set aside, not %d", held, may);
  }

  /** When quiet has returned: every slot served, by one generation, and nobody waits. */
  void atRest(Fleet fleet, int slots) {
    require(fleet.state() == FleetState.STEADY, "at rest: %s", fleet.stateLine());
    int serving = 0;
    Set<Long> generations = new HashSet<>();
    for (Picture picture : pictures.values()) {
      serving += picture.serves() ? 1 : 0;
      require(picture.stays(), "at rest: worker %d leaves", picture.worker);
      generations.add(picture.generation);
    }
    require(serving == slots, "at rest: %d serve, not %d", serving, slots);
    int spares = pictures.size() - serving;
    require(spares == policy.size().spares(), "at rest: %d spares", spares);
    require(generations.size() == 1, "at rest: generations %s", generations);
    require(releases.size() <= 2, "at rest: releases %s", releases);
    require(pending.isEmpty(), "at rest: nobody has answered %s", pending);
    require(!fleet.isDegraded(), "at rest: degraded");
  }

  /** When the arbiter has left: why it may. */
  void atExit() {
    boolean chaos = os.mode == Mode.CHAOS;
    boolean given = os.exitCode == 3 || os.exitCode == 4 || os.exitCode == 6;
    boolean asked = drainsAt != Long.MIN_VALUE || interrupts > 0 || fastStop;
    require(given ? chaos : asked, "exit code %d", os.exitCode);
  }

  private static void leaves(Picture picture, long now) {
    picture.leaves = true;
    picture.leavesAt = Math.min(picture.leavesAt, now);
  }

  private Picture picture(int worker) {
    Picture picture = pictures.get(worker);
    if (picture == null) {
      throw new AssertionError("worker " + worker + " does not exist, or no more");
    }
    return picture;
  }

  private Picture alive(int worker) {
    Picture picture = picture(worker);
    require(!picture.exited, "an action for worker %d, which is gone", worker);
    return picture;
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation is not on the class path
  private static void require(boolean holds, String text, Object... details) {
    if (!holds) {
      throw new AssertionError(text.formatted(details));
    }
  }
}
