package dev.arbiter.loop;

import dev.arbiter.diagnose.Incidents;
import dev.arbiter.diagnose.Investigator;
import dev.arbiter.host.Readiness;
import dev.arbiter.host.ServiceManager;
import dev.arbiter.host.Standing;
import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.process.Os;
import dev.arbiter.process.ProcessState;
import dev.arbiter.process.WorkerProcess;
import dev.arbiter.release.Release;
import dev.arbiter.settings.Config;
import dev.arbiter.supervise.Action;
import dev.arbiter.supervise.Event;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.ExitStatus;
import dev.arbiter.supervise.Fleet;
import dev.arbiter.supervise.FleetState;
import dev.arbiter.supervise.WorkerState;
import dev.arbiter.supervise.WorkerView;
import dev.arbiter.upgrade.Heritage;
import dev.arbiter.wire.Message;
import dev.arbiter.wire.Vitals;
import dev.arbiter.wire.Wire;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that owns the arbiter's state. It waits for whatever comes first, tells {@link
 * Fleet}, and starts what that decides. It never waits for anything else: what may take time runs
 * elsewhere and comes back as an {@link Input}.
 */
public final class ArbiterLoop implements WorkerProcess.Ear, Reloads {
  private static final int QUEUE = 4096;
  private static final long USUAL_DUMP_MILLIS = 2000;

  /**
   * The loop turns at least this often, so that {@link #pulse} tells one that hangs from one at
   * rest.
   */
  private static final long LONGEST_REST = TimeUnit.SECONDS.toNanos(1);

  /** What the loop cannot do itself without waiting. */
  public interface Surroundings extends Succession.Surroundings {
    /** Reads settings and app again. Off the loop. */
    Resolution resolve(long generation);

    /** The settings as a reload would have them; empty if they are not right. Off the loop. */
    Optional<Config> settings();

    /** Opens the arbiter's log again, and makes that of the workers for them. */
    void reopenLogs();

    /** Listens once more where a release did that a reload has replaced. Off the loop. */
    Resolution listen(Release release);

    /** Deletes what was made for a generation. Off the loop. */
    void retire(long generation);

    /** The release serves, alone: gives up what only others needed. Off the loop. */
    void commit(Release release);

    /** Closes the listeners and removes their files, for good. On the loop: it must not wait. */
    void closeListeners();
  }

  /** A release, or why there is none. */
  public sealed interface Resolution {
    /** It validates. */
    record Fine(Release release) implements Resolution {}

    /** It does not. */
    record Refused(String why) implements Resolution {}
  }

  private final ArbiterLog log;
  private final Surroundings surroundings;
  private final Fleet fleet = new Fleet(Wire.VERSION);
  private final BlockingQueue<Input> inputs = new ArrayBlockingQueue<>(QUEUE);
  private final Deque<Event> events = new ArrayDeque<>();
  private final Map<Long, Release> releases = new TreeMap<>();
  private final Elsewhere elsewhere = new Elsewhere();
  private final Processes processes;
  private final Inquiries inquiries;
  private final Lookout lookout;
  private final Succession succession;
  private final Freshness freshness;
  private final Renewals renewals;
  private final Queues queues = new Queues();
  private final Callers callers = new Callers(this::lastWords);
  private final FleetHooks hooks;
  private final TicketSecrets ticketSecrets =
      new TicketSecrets(new SecureRandom(), System.nanoTime());
  private volatile Pulse pulse = new Pulse(System.nanoTime(), FleetState.STARTING, false, 0);
  private long committed;
  private OptionalInt exit = OptionalInt.empty();
  private boolean stopWhenReady;
  private @Nullable ServiceManager manager;
  private @Nullable Readiness readiness;

  public ArbiterLoop(
      Os os, ArbiterLog log, Path temporary, Incidents incidents, Surroundings surroundings) {
    this.log = log;
    this.surroundings = surroundings;
    this.hooks = new FleetHooks(fleet, new HookRunner(null, Duration.ZERO, log));
    this.processes = new Processes(os, log, temporary, incidents::jvmFlags, this);
    this.lookout = new Lookout(log, this::load);
    this.inquiries =
        new Inquiries(
            processes,
            log,
            new Investigator(incidents),
            elsewhere,
            task -> put(new Input.Do(task)));
    this.renewals =
        new Renewals(
            fleet,
            releases,
            lookout,
            elsewhere,
            log,
            surroundings::settings,
            this::put,
            events::add);
    this.freshness = new Freshness(fleet::workers, processes::generation, processes::tell);
    this.succession =
        new Succession(
            fleet, processes, inquiries, elsewhere, releases, surroundings, hooks, ticketSecrets);
  }

  // ---- from any thread

  /** Asks for something; a signal's handler does. */
  public void ask(Request request) {
    if (request == Request.STOP_WORKERS && ProcessState.hasTerminal()) {
      return; // a terminal that was resized sends WINCH too
    }
    put(new Input.Happened(Event.Asked.bySignal(request)));
  }

  /** Who has asked for something. Told on the loop's thread: it only enqueues. */
  public interface Answer {
    /** The decisions have taken it up, and the outcome is not known yet. At most once. */
    void accepted();

    /** It goes on in another arbiter, unless a reply follows. At most once. */
    default void proceeds(String text) {}

    /** What became of it. Once, unless the arbiter ends first. */
    void replied(Action.Reply reply);
  }

  /** Also for control clients. */
  @Override
  public boolean ask(Request request, int number, Answer answer) {
    long ticket = callers.add(answer);
    boolean taken = inputs.offer(new Input.Happened(new Event.Asked(request, number, ticket)));
    if (!taken) {
      callers.remove(ticket);
    }
    return taken;
  }

  /**
   * Has a look at the fleet. Never waits.
   *
   * @param viewer told on the loop's thread: it only enqueues
   * @return false if the loop is too far behind
   */
  public boolean look(Consumer<FleetView> viewer) {
    return inputs.offer(new Input.Do(() -> viewer.accept(view())));
  }

  /**
   * Asks what becomes of the upgrade this arbiter began with. Never waits.
   *
   * @return false if the loop is too far behind
   */
  public boolean askForUpgrade(Answer answer) {
    return inputs.offer(new Input.Do(() -> succession.outcome().tell(answer)));
  }

  /** When the loop last turned, and how the fleet then was. */
  public Pulse pulse() {
    return pulse;
  }

  @Override
  public void changed() {
    put(new Input.Do(freshness::changed));
  }

  @Override
  public void settleForWhatServes(BooleanSupplier latest) {
    put(
        new Input.Do(
            () -> {
              if (latest.getAsBoolean()) {
                freshness.settle();
              }
            }));
  }

  /** A child has ended. */
  public void child() {
    put(new Input.Child());
  }

  private void load(int waiting) {
    // Not put: the next look is as good as this one.
    inputs.offer(new Input.Happened(new Event.Load(waiting)));
  }

  private void put(Input input) {
    try {
      inputs.put(input);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void said(int worker, Message.FromWorker message) {
    if (message instanceof Message.Slow slow) {
      put(new Input.Do(() -> processes.slow(worker, slow)));
      return;
    }
    if (message instanceof Message.Evidence part) {
      inquiries.take(worker, part);
      return;
    }
    put(new Input.Happened(new Event.Said(worker, message)));
  }

  @Override
  public void garbled(int worker, String why) {
    put(new Input.Do(() -> log.error("%s: %s".formatted(processes.title(worker), why))));
  }

  @Override
  public void printed(int worker, String line) {
    processes.printed(worker, line);
  }

  @Override
  public void silent(int worker) {
    put(new Input.Silent(worker));
  }

  @Override
  public void closed(int worker) {
    put(new Input.Closed(worker));
  }

  /** Makes the first worker that is ready the last: for --check-config. Before {@link #run}. */
  public void stopWhenReady() {
    stopWhenReady = true;
  }

  /** Whom to tell what happens; before {@link #run}. */
  public void tell(HookRunner runner) {
    hooks.tell(runner);
  }

  /** The service manager, if there is one that wants to know; before {@link #run}. */
  public void tell(@Nullable ServiceManager other) {
    manager = other;
  }

  /** Who is to know when the first workers serve; before {@link #run}. */
  public void tell(Readiness other) {
    readiness = other;
  }

  // ---- the loop

  /**
   * Runs the fleet until it is stopped; returns the exit code.
   *
   * @param begun when the making of the first release began, in milliseconds since 1970
   */
  public int run(Release first, long begun) {
    releases.put(first.generation(), first);
    lookout.watch(first, begun);
    lookout.start();
    events.add(new Event.Begin(first.policy(), first.generation()));
    return run();
  }

  /**
   * Goes on with the fleet of another arbiter in this process.
   *
   * @throws IOException a worker cannot be taken over
   */
  public int resume(Heritage heritage) throws IOException {
    for (Release release : heritage.releases()) {
      releases.put(release.generation(), release);
      lookout.adopt(release);
    }
    lookout.start();
    events.add(succession.adopt(heritage, callers.add(succession.outcome())));
    heritage.crew().keySet().forEach(this::tellTicketSecrets);
    child(); // whoever ended in between: its CHLD was for the other one
    return run();
  }

  private int run() {
    try {
      while (exit.isEmpty()) {
        settle();
        if (exit.isPresent()) {
          break;
        }
        if (succession.isUnderWay()) {
          succession.attempt(this::catchUp, inputs::isEmpty).ifPresent(events::add);
        }
        Input input = inputs.poll(untilNext(), TimeUnit.NANOSECONDS);
        // All that has come, before anybody is judged by the clock.
        for (int i = 0; input != null && i < QUEUE; i++) {
          take(input);
          input = inputs.poll();
        }
        if (input != null) {
          take(input);
        }
        events.addAll(processes.departures());
        if (ticketSecrets.rotate(System.nanoTime())) {
          fleet.workers().forEach(view -> tellTicketSecrets(view.worker()));
        }
        if (System.nanoTime() - fleet.nextDeadline() >= 0
            && fleet.nextDeadline() != Long.MAX_VALUE) {
          events.add(new Event.Tick());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
    awaitElsewhere();
    return exit.getAsInt();
  }

  /** While nobody reads: takes and decides what has come. */
  private void catchUp() {
    for (Input input = inputs.poll(); input != null; input = inputs.poll()) {
      take(input);
    }
    settle();
  }

  /** Lets what runs elsewhere finish, such as deleting a release; not for long. */
  private void awaitElsewhere() {
    lookout.stop();
    try {
      long patience = System.nanoTime() + LONGEST_REST;
      while (!processes.dismissStandby() && System.nanoTime() - patience < 0) {
        // It was killed, and has nothing to finish; that it has ended is an input.
        Input _ = inputs.poll(patience - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
      if (!elsewhere.finish()) {
        log.warning("Something still runs that the arbiter no longer waits for");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Tells the decisions everything that has happened, and does what they say, until nothing is
   * left.
   */
  private void settle() {
    for (Event event = events.poll(); event != null; event = events.poll()) {
      callers.next(event);
      observe(event);
      for (Action action : fleet.on(event, System.nanoTime())) {
        perform(action);
      }
      callers.taken(event);
      hooks.look();
      shareQueues();
    }
    if (fleet.state() == FleetState.STEADY && fleet.generation() != committed) {
      committed = fleet.generation();
      closeEjected();
      Release serving = releases.get(committed);
      if (serving != null) {
        elsewhere.execute(() -> surroundings.commit(serving));
      }
    }
    lookout.count(
        fleet.isElastic()
            ? Optional.ofNullable(releases.get(fleet.generation())).map(Release::listeners)
            : Optional.empty());
    beat();
    hooks.runner().look();
  }

  private void beat() {
    List<WorkerView> workers = fleet.workers();
    int serving = 0;
    for (WorkerView worker : workers) {
      serving += worker.state() == WorkerState.SERVING ? 1 : 0;
    }
    pulse = new Pulse(System.nanoTime(), fleet.state(), fleet.isDegraded(), serving);
    Standing standing =
        new Standing(
            fleet.state(),
            fleet.isDegraded(),
            fleet.slots(),
            serving,
            workers.size() - serving,
            fleet.generation());
    if (manager != null) {
      manager.look(standing);
    }
    if (readiness != null) {
      readiness.look(standing);
    }
  }

  private FleetView view() {
    Optional<Release> release = Optional.ofNullable(releases.get(fleet.generation()));
    return new FleetView(
        fleet.state(),
        fleet.isDegraded(),
        fleet.generation(),
        fleet.workers(),
        inquiries.beats(),
        fleet.departures(),
        fleet.deaths(),
        release.map(Release::config),
        release.map(Release::workers).orElse(0),
        release.map(Release::listenerNames).orElse(List.of()),
        System.nanoTime());
  }

  private String lastWords(int worker) {
    return processes.boots().lastWords(worker, processes.recentOutput(worker));
  }

  private void observe(Event event) {
    switch (event) {
      case Event.Said(int worker, Message.Ready _) -> {
        processes.boots().ready(worker);
        processes.ready(worker);
        if (stopWhenReady) {
          events.add(Event.Asked.bySignal(Request.STOP));
        }
      }
      case Event.Said(int worker, Message.Beat(Vitals vitals)) -> {
        processes.dropped(worker, vitals.dropped());
        prepareNext(worker);
        inquiries.beat(worker, vitals);
      }
      case Event.Said(int worker, Message.Phase(String name, long nanos)) ->
          processes.boots().phase(worker, name, nanos);
      case Event.Said(int worker, Message.Failed failed) ->
          processes.boots().failed(worker, failed.cause());
      case Event.Spawned(int worker, long pid) -> hooks.spawned(worker, pid);
      case Event.Exited(int worker, ExitStatus status) -> {
        inquiries.exited(worker, status);
        hooks.exited(worker, status);
        boolean asked =
            fleet.worker(worker).map(view -> view.state() == WorkerState.DRAINING).orElse(true);
        processes.boots().ended(worker, status, asked, () -> processes.takeOutput(worker));
      }
      default -> {
        // Of no concern but to the decisions.
      }
    }
  }

  private long untilNext() {
    if (!events.isEmpty()) {
      return 0;
    }
    long now = System.nanoTime();
    long wait =
        fleet.nextDeadline() == Long.MAX_VALUE ? Long.MAX_VALUE : fleet.nextDeadline() - now;
    long atMost =
        succession.isUnderWay()
            ? TimeUnit.MILLISECONDS.toNanos(Succession.RETRY_MILLIS)
            : LONGEST_REST;
    long rest = manager == null ? atMost : Math.min(atMost, manager.restNanos());
    return Math.clamp(Math.min(wait, processes.untilNextEnd(now)), 0, rest);
  }

  private void take(Input input) {
    switch (input) {
      case Input.Happened(Event event) -> {
        if (!renewals.takes(event, this::renewed)) {
          events.add(event);
        }
      }
      case Input.Child _ -> processes.reapAll();
      case Input.Do task -> task.task().run();
      case Input.Silent(int worker) -> processes.silent(worker);
      case Input.Closed(int worker) -> processes.closed(worker);
    }
  }

  /** The reload that a service manager has asked for by HUP is over already. */
  private void renewed() {
    if (manager != null) {
      manager.reloaded();
    }
  }

  // ---- actions

  private void perform(Action action) {
    switch (action) {
      case Action.Spawn spawn -> spawn(spawn);
      case Action.Configure(int worker) -> configure(worker);
      case Action.Tell(int worker, Message.ToWorker message) -> {
        before(worker, message);
        if (!freshness.withholds(worker, message)) {
          processes.tell(worker, message);
        }
      }
      case Action.Signal(int worker, Action.Sig sig) -> {
        if (sig == Action.Sig.QUIT) {
          inquiries.lastDump(worker, dumpLimit(worker));
        }
        processes.signal(worker, sig);
      }
      case Action.CollectEvidence collect -> {
        processes.boots().failed(collect.worker(), collect.why()); // if it boots, it takes too long
        inquiries.begin(collect, dumpLimit(collect.worker()), events::add);
      }
      case Action.ShowOutput(int worker) -> {
        processes.showOutput(worker);
        inquiries.unexplained(worker);
      }
      case Action.ResolveRelease(long generation) -> {
        hooks.reload();
        freshness.resolving(generation);
        long before = fleet.generation();
        elsewhere.execute(() -> resolve(generation, before));
      }
      case Action.RetireRelease(long generation) -> {
        releases.remove(generation);
        freshness.forget(generation);
        lookout.forget(generation);
        elsewhere.execute(() -> surroundings.retire(generation));
      }
      case Action.Forget(int worker) -> {
        processes.forget(worker);
        inquiries.forget(worker);
      }
      case Action.Log(Action.Level level, String text) ->
          log.log(level.name().toLowerCase(Locale.ROOT), text);
      case Action.Reply reply -> callers.reply(reply);
      case Action.Proceed(long ticket, String text) -> callers.proceed(ticket, text);
      case Action.DryRun(Set<Integer> wireVersions) ->
          succession.tryOut(wireVersions, event -> put(new Input.Happened(event)));
      case Action.Exec() -> succession.begin();
      case Action.ReopenLogs() -> {
        lookout.reread();
        surroundings.reopenLogs();
      }
      case Action.CloseListeners() -> {
        processes.dismissStandby();
        surroundings.closeListeners();
      }
      case Action.Exit(int code) -> exit = OptionalInt.of(code);
    }
  }

  private void spawn(Action.Spawn spawn) {
    hooks.spawning(spawn);
    if (spawn.generation() < fleet.generation()) {
      freshness.resolving(spawn.generation()); // somebody asked for it by a rollback
    }
    Release release = releases.get(spawn.generation());
    if (release == null || release.isListening()) {
      spawn(spawn, release);
      return;
    }
    elsewhere.execute(
        () -> {
          Resolution resolution = surroundings.listen(release);
          put(
              new Input.Do(
                  () -> {
                    switch (resolution) {
                      case Resolution.Fine(Release again) -> {
                        releases.replace(spawn.generation(), again);
                        spawn(spawn, releases.get(spawn.generation()));
                      }
                      case Resolution.Refused(String why) ->
                          events.add(new Event.SpawnFailed(spawn.worker(), why));
                    }
                  }));
        });
  }

  /** What a worker must know first about its listeners. */
  private void before(int worker, Message.ToWorker message) {
    if (message instanceof Message.Accept) {
      shareQueues();
    } else if (message instanceof Message.Drain) {
      sayClosing(worker);
    }
  }

  /** Who leaves hears of it when it is told to; who is ejected may stay. */
  private void closeEjected() {
    fleet.workers().stream()
        .filter(view -> view.state() == WorkerState.EJECTED)
        .forEach(view -> sayClosing(view.worker()));
  }

  private void sayClosing(int worker) {
    Release next = fleet.state() == FleetState.STOPPING ? null : releases.get(fleet.generation());
    release(worker)
        .flatMap(release -> Queues.closing(release, next == null ? List.of() : next.listeners()))
        .ifPresent(closing -> processes.tell(worker, closing));
  }

  private void shareQueues() {
    queues.update(fleet.workers(), releases::get).forEach(processes::tell);
  }

  private void configure(int worker) {
    release(worker)
        .ifPresent(
            release -> {
              tellTicketSecrets(worker);
              processes.tell(worker, release.configure(processes.slot(worker), slots(release)));
            });
  }

  private void tellTicketSecrets(int worker) {
    if (release(worker).map(release -> release.config().has("certfile")).orElse(false)) {
      processes.tell(worker, ticketSecrets.message());
    }
  }

  private Optional<Release> release(int worker) {
    OptionalLong generation = processes.generation(worker);
    return generation.isEmpty()
        ? Optional.empty()
        : Optional.ofNullable(releases.get(generation.getAsLong()));
  }

  private void spawn(Action.Spawn spawn, @Nullable Release release) {
    Event done = processes.spawn(spawn, release, release == null ? 0 : slots(release));
    if (release != null && done instanceof Event.Spawned(int worker, long pid)) {
      lookout.booted(release.generation());
      inquiries.born(worker, spawn.slot(), pid, release.kind().classPath());
    }
    events.add(done);
  }

  /** How many a worker counts: with those that came or went since its release began to serve. */
  private int slots(Release release) {
    return release.generation() == fleet.generation() && fleet.slots() > 0
        ? fleet.slots()
        : release.workers();
  }

  private long dumpLimit(int worker) {
    return release(worker)
        .map(release -> release.policy().dumpLimit().toMillis())
        .orElse(USUAL_DUMP_MILLIS);
  }

  /** With the first beat of a worker, for before that it has its clients to think of. */
  private void prepareNext(int worker) {
    if (fleet.state() == FleetState.STEADY) {
      release(worker)
          .filter(Release::develops)
          .ifPresent(
              release ->
                  processes.prepare(
                      release.as(Collections.max(releases.keySet()) + 1),
                      processes.slot(worker),
                      fleet.slots()));
    }
  }

  // Whatever fails, the decisions wait for an answer, and would ask for no other release without
  // one.
  @SuppressWarnings("CatchingUnchecked")
  private Resolution resolution(long generation) {
    try {
      return surroundings.resolve(generation);
    } catch (Throwable failure) {
      return new Resolution.Refused("internal error: " + failure);
    }
  }

  private void resolve(long generation, long before) {
    long begun = System.currentTimeMillis();
    Resolution resolution = resolution(generation);
    String lost = lookout.lost(before);
    put(
        new Input.Do(
            () -> {
              switch (resolution) {
                case Resolution.Fine(Release release) -> {
                  if (!lost.isEmpty()) {
                    events.add(new Event.ReleaseLost(before, lost + " changed on disk since"));
                  }
                  releases.put(generation, release);
                  lookout.watch(release, begun);
                  events.add(new Event.ReleaseResolved(generation, release.policy()));
                }
                case Resolution.Refused(String why) ->
                    events.add(new Event.ReleaseRefused(generation, why));
              }
            }));
  }
}
