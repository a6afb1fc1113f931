package dev.arbiter;

import static java.util.Objects.requireNonNull;

import dev.arbiter.app.Hooks;
import dev.arbiter.control.Control;
import dev.arbiter.diagnose.Incidents;
import dev.arbiter.host.Readiness;
import dev.arbiter.host.ServiceManager;
import dev.arbiter.loop.ArbiterLoop;
import dev.arbiter.loop.ArbiterLoop.Resolution;
import dev.arbiter.loop.HookRunner;
import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.observe.Identity;
import dev.arbiter.process.Budget;
import dev.arbiter.process.Exec;
import dev.arbiter.process.Kernel;
import dev.arbiter.process.PosixOs;
import dev.arbiter.process.Privileges;
import dev.arbiter.process.ProcessState;
import dev.arbiter.process.WorkerKind.KindException;
import dev.arbiter.release.AppProblem;
import dev.arbiter.release.Release;
import dev.arbiter.release.ReleaseResolver;
import dev.arbiter.release.Scratch;
import dev.arbiter.release.WarmCompiler;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.socket.BindFailure;
import dev.arbiter.socket.Inherited;
import dev.arbiter.socket.Listener;
import dev.arbiter.socket.Listeners;
import dev.arbiter.socket.Listening;
import dev.arbiter.supervise.Event;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.upgrade.Handover;
import dev.arbiter.upgrade.Heritage;
import dev.arbiter.upgrade.Launch;
import dev.arbiter.worker.ProcessName;
import dev.arbiter.worker.ProcessSignals;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One run of the arbiter, from its settings to its exit code. On the main thread, which becomes the
 * loop's: bind, find the app, then {@link ArbiterLoop}.
 */
final class Arbiter implements ArbiterLoop.Surroundings {
  static final String VERSION = "0.1.0";
  private static final long FIRST_GENERATION = 1;
  private static final int SIGHUP = 1;
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;

  /** Signals that a program around the arbiter has for itself. */
  private static final Set<String> HOSTS = Set.of("HUP", "INT", "TERM", "USR1", "USR2");

  /** How long a disk may take over what others wait for. */
  private static final Duration DISK_PATIENCE = Duration.ofSeconds(1);

  private final Config config;
  private final Launch launch;
  private final Optional<Handover> left;
  private final boolean checkOnly;
  private final Host host;

  /** Sockets for each address: fixed at the start, as connections are dealt out by their number. */
  private final int queues;

  private final long pid = ProcessHandle.current().pid();
  private final Identity identity;
  private final Path home = Path.of(System.getProperty("arbiter.home", ".")).toAbsolutePath();

  /** Absolute: a spawn changes the current folder. */
  private final Path temporary = Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();

  private final Scratch scratch = new Scratch(temporary, pid);
  private final WarmCompiler compiler = new WarmCompiler();
  private final ReleaseResolver resolver;
  private final @Nullable Development development;
  private final PidFile pidFile = new PidFile(pid);
  private final List<Request> early = new ArrayList<>();
  private final ArbiterLog log;
  private volatile @Nullable Listeners listeners;
  private volatile @Nullable ArbiterLoop loop;
  private volatile @Nullable Control control;
  private volatile Config latest;
  private volatile String division = "";
  private final Set<String> told = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Incidents incidents;
  private volatile @Nullable Successor successor;
  private final @Nullable ServiceManager manager;
  private final Optional<Background> background;
  private volatile @Nullable Release newest;

  /**
   * @param launch how this arbiter was started, to start the next in the same way
   * @param left what another arbiter in this process has left to this one
   * @param checkOnly try the app in one worker that listens nowhere, and stop
   */
  Arbiter(Config config, Launch launch, Optional<Handover> left, boolean checkOnly)
      throws SettingsException {
    this(config, launch, left, checkOnly, Host.NONE);
  }

  /**
   * @param host whose process this is
   */
  Arbiter(Config config, Launch launch, Optional<Handover> left, boolean checkOnly, Host host)
      throws SettingsException {
    this.host = host;
    this.config = config;
    this.latest = config;
    this.launch = launch;
    this.left = left;
    this.checkOnly = checkOnly;
    this.identity =
        new Identity(config.text("name"), VERSION, pid, Instant.now(), System.nanoTime());
    long slots =
        Math.max(
            config.number("workers"), config.has("max-workers") ? config.number("max-workers") : 0);
    this.queues = config.flag("reuse-port") ? (int) slots : 1;
    this.log = OwnLog.open(config);
    try {
      this.background =
          Background.here(left.isPresent(), config.flag("daemon"), OwnLog.file(config));
    } catch (IOException e) {
      throw new SettingsException(
          "The log cannot be written: " + e, "give another file with --error-logfile");
    }
    log.echo(Background.isWaitedFor());
    boolean develops = config.flag("reload") && !checkOnly;
    this.resolver =
        develops
            ? new ReleaseResolver(home, scratch, compiler)
            : new ReleaseResolver(home, scratch);
    this.development = develops ? new Development(config, log) : null;
    this.manager =
        checkOnly
            ? null
            : ServiceManager.from(
                System.getenv(),
                pid,
                left.isPresent(),
                config.duration("boot-timeout"),
                !config.duration("graceful-timeout").isZero(),
                log::warning);
  }

  int run() {
    handleSignals();
    takeName();
    tell(config.notices());
    Runtime.getRuntime()
        .addShutdownHook(Thread.ofPlatform().name("arbiter-leave").unstarted(this::leave));
    if (left.isPresent()) {
      return resume(left.get());
    }
    try {
      String name = config.text("name");
      log.info("Starting arbiter " + VERSION + (name.equals("arbiter") ? "" : ": " + name));
      PosixOs os = new PosixOs();
      Privileges.of(config); // before anything is bound or compiled for nothing
      clearLeftovers();
      HookRunner hooks =
          new HookRunner(
              resolver.hooks(config, 0).orElse(null), config.duration("hooks-timeout"), log);
      hooks.submit("onStarting", hook -> hook.onStarting(new Hooks.Fleet(pid, 0, 0)));
      List<Listener> bound = List.of();
      if (!checkOnly) {
        pidFile.check(config);
        Listeners pool =
            new Listeners(Inherited.from(System.getenv(), pid), log::info, log::warning);
        listeners = pool;
        bound = pool.take(FIRST_GENERATION, Listening.of(config, queues));
        control = Control.bind(config, System.getenv(), log::info, log::warning);
        host.bound();
      }
      log.info("Using worker: " + config.text("worker-class"));
      long begun = System.currentTimeMillis();
      Release release = firstRelease().at(bound);
      tell(release.notices());
      say(release.budget());
      prepareAccessLog(release);
      if (development != null) {
        development.greet(release, pid);
      }
      return supervise(os, hooks, loop -> loop.run(checkOnly ? release.alone() : release, begun));
    } catch (BindFailure e) {
      return failed(e.exitCode(), String.valueOf(e.getMessage()), "", e.hint());
    } catch (KindException e) {
      return failed(AppProblem.USAGE, String.valueOf(e.getMessage()), "", e.hint());
    } catch (AppProblem e) {
      return failed(e.exitCode(), String.valueOf(e.getMessage()), e.detail(), e.hint());
    } catch (InterruptedException e) {
      return failed(1, "The start was given up", "", "");
    } catch (SettingsException e) {
      return failed(SettingsException.EXIT_CODE, e.message(), "", e.hint());
    } catch (RuntimeException e) {
      return failed(
          1, "The arbiter failed: " + e, stackTrace(e), "this is a bug; please report it");
    } finally {
      leave();
    }
  }

  private void takeName() {
    try {
      ProcessName.set(config.text("name"), "");
    } catch (IOException e) {
      log.warning("This process keeps the name java: " + e);
    }
  }

  /** In development also one that tells what the compiler says: the next save may be better. */
  private Release firstRelease() throws KindException, AppProblem {
    if (development != null) {
      development.watch();
    }
    try {
      Release release = resolver.resolve(config, FIRST_GENERATION);
      if (development != null) {
        development.follow(release);
      }
      return release;
    } catch (AppProblem e) {
      if (development == null || e.detail().isEmpty()) {
        throw e;
      }
      log.error(full(e));
      return resolver.resolve(config, FIRST_GENERATION, full(e));
    }
  }

  /** All there is to say. */
  private static String full(AppProblem e) {
    return e.getMessage()
        + (e.detail().isEmpty() ? "" : "\n" + e.detail())
        + (e.hint().isEmpty() ? "" : "\nhint: " + e.hint());
  }

  /**
   * Takes the signals over from the JVM, which would end at once. A TERM or INT that comes before
   * the loop runs ends the start, and cleans up; the rest waits for the loop.
   */
  private void handleSignals() {
    for (int signal : host.ownsSignals() ? new int[0] : new int[] {SIGHUP, SIGINT, SIGTERM}) {
      // What was ignored at launch never reaches a handler; it was ignored for another program.
      if (ProcessState.ignores(signal)) {
        Kernel.defaultDisposition(signal);
      }
    }
    for (Request request : Request.values()) {
      if (request.isSignal() && !(host.ownsSignals() && HOSTS.contains(request.signal()))) {
        ProcessSignals.on(request.signal(), () -> ask(request));
      }
    }
  }

  /** As a signal does; any thread. */
  void ask(Request request) {
    ArbiterLoop running;
    synchronized (early) {
      running = loop;
      if (running == null) {
        early.add(request);
      }
    }
    if (running != null) {
      running.ask(request);
    } else if (left.isEmpty()
        && !host.ownsSignals()
        && (request == Request.STOP || request == Request.INTERRUPT)) {
      Runtime.getRuntime().exit(128 + (request == Request.STOP ? SIGTERM : SIGINT));
    }
  }

  /**
   * Goes on where the arbiter before this one in the same process was. It should not fail: a dry
   * run has shown what could.
   */
  private int resume(Handover from) {
    try {
      PosixOs os = new PosixOs();
      log.info(
          "This is arbiter %s in %s (JDK %s), in place of %s in %s"
              .formatted(VERSION, home, Runtime.version(), from.version(), from.home()));
      Listeners pool =
          new Listeners(Inherited.from(System.getenv(), pid).handedOver(), log::info, log::warning);
      pool.adopt(from.listeners());
      listeners = pool;
      leaveListeners(pool);
      if (from.scratch().isPresent()) {
        scratch.adopt(from.scratch().get(), from.heritage().classPaths());
      }
      clearLeftovers();
      movePidFile(from);
      for (Listener socket : from.own()) {
        socket.close(); // its file: the descriptor has ended with the other program
      }
      control = controlAgain();
      // In a folder of their own: workers of older generations load from the one before.
      HookRunner hooks =
          new HookRunner(
              hooksAgain(-from.heritage().fleet().lastGeneration()),
              config.duration("hooks-timeout"),
              log);
      Hooks.Fleet known =
          new Hooks.Fleet(
              pid, from.heritage().fleet().generation(), from.heritage().fleet().slots());
      hooks.submit("onStarting", hook -> hook.onStarting(known));
      return supervise(os, hooks, loop -> loop.resume(from.heritage()));
    } catch (IOException | BindFailure | RuntimeException e) {
      log.error("The upgrade failed when it could not be taken back: " + stackTrace(e));
      leave();
      Stranded.leave("");
      return 1;
    } finally {
      leave();
    }
  }

  private void movePidFile(Handover from) throws IOException {
    try {
      pidFile.move(from.pidFile(), config);
    } catch (SettingsException e) {
      log.warning(e.message());
    }
  }

  /** Binds it anew: whoever was connected has lost the arbiter before. */
  private @Nullable Control controlAgain() {
    try {
      return Control.bind(config, System.getenv(), log::info, log::warning);
    } catch (BindFailure e) {
      log.error(e.getMessage() + "; the fleet goes on without it");
    } catch (SettingsException e) {
      log.error(e.message() + "; the fleet goes on without it");
    }
    return null;
  }

  private @Nullable Hooks hooksAgain(long generation) {
    try {
      return resolver.hooks(config, generation).orElse(null);
    } catch (AppProblem e) {
      log.error(e.getMessage() + "; the fleet goes on without hooks");
      return null;
    }
  }

  /** How the loop is to run. */
  @FunctionalInterface
  private interface Running<E extends Exception> {
    int run(ArbiterLoop loop) throws E;
  }

  private <E extends Exception> int supervise(PosixOs os, HookRunner hooks, Running<E> running)
      throws E {
    successor = new Successor(os, launch);
    Incidents kept = openIncidents();
    ArbiterLoop begun = new ArbiterLoop(os, log, temporary, kept, this);
    ProcessSignals.on("CHLD", begun::child);
    begun.tell(hooks);
    begun.tell(manager);
    if (!checkOnly && left.isEmpty()) {
      begun.tell(new Readiness(config.duration("boot-timeout"), this::ready));
    }
    if (checkOnly) {
      begun.stopWhenReady();
    }
    Control bound = control;
    if (bound != null) {
      bound.serve(begun, identity, kept::list);
    }
    synchronized (early) {
      loop = begun;
      early.forEach(begun::ask);
    }
    if (development != null) {
      development.attach(begun);
    }
    Exec.unblockSignals(); // of the arbiter before this one, if there was one
    int code = running.run(begun);
    hooks.finish("onExit", hook -> hook.onExit(new Hooks.Fleet(pid, 0, 0)));
    if (code == 0 && checkOnly) {
      log.info("The settings are valid, and the app starts");
    } else {
      log.info("Shutting down: arbiter" + (code == 0 ? "" : " (exit code " + code + ")"));
    }
    return code;
  }

  /** The first workers serve. A disk that hangs must not keep the loop, whose thread this is. */
  private void ready() {
    Thread _ = Thread.ofPlatform().daemon().name("arbiter-ready").start(this::tellReady);
  }

  private void tellReady() {
    try {
      pidFile.write(config);
    } catch (SettingsException e) {
      log.error(e.message());
    }
    host.ready();
    if (background.isPresent()) {
      log.flush(500);
      log.echo(false);
      try {
        background.get().ready();
      } catch (IOException e) {
        log.error("The command that started this arbiter waits in vain: " + e.getMessage());
      }
    }
  }

  @Override
  public Optional<Config> settings() {
    try {
      return Optional.of(config.reread().keeping(config));
    } catch (SettingsException _) {
      return Optional.empty(); // the reload that follows says what is wrong
    }
  }

  @Override
  public void reopenLogs() {
    log.reopen();
    Release release = newest;
    if (release == null && background.isEmpty()) {
      return;
    }
    // Workers are told to open theirs right after; a disk that hangs must not keep the loop.
    Thread disk =
        Thread.ofPlatform()
            .daemon()
            .name("arbiter-logs")
            .start(
                () -> {
                  if (release != null) {
                    prepareAccessLog(release);
                  }
                  background.ifPresent(this::redirect);
                });
    try {
      disk.join(DISK_PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void redirect(Background here) {
    try {
      log.flush(DISK_PATIENCE.toMillis()); // it makes the file
      here.reopened();
    } catch (IOException e) {
      log.warning("What is printed still goes to the file of before: " + e.getMessage());
    }
  }

  private void prepareAccessLog(Release release) {
    newest = release;
    try {
      AccessFile.prepare(release.config(), release.privileges());
    } catch (IOException e) {
      log.warning("The access log cannot be made for the workers: " + e);
    }
  }

  private Incidents openIncidents() {
    Incidents opened =
        checkOnly
            ? Incidents.none(log::warning)
            : Incidents.open(
                config.has("incident-dir")
                    ? List.of(config.path("incident-dir"))
                    : StateFolder.candidates(System.getenv(), temporary, config.text("name")),
                (int) config.number("incident-keep"),
                config.size("incident-size"),
                log::warning);
    try {
      Optional<Privileges.Identity> workers = Privileges.of(config).identity();
      if (workers.isPresent()) {
        opened = opened.writtenBy(workers.get().uid(), workers.get().gid());
      }
    } catch (IOException | SettingsException e) {
      log.warning("What the JVMs of workers write when they die will be missing: " + e);
    }
    incidents = opened;
    return opened;
  }

  @Override
  public Resolution resolve(long generation) {
    Development developing = development;
    if (developing == null) {
      return resolveAsItIs(generation);
    }
    String problem = developing.takeProblem();
    boolean unsaid = false;
    if (problem == null) {
      switch (resolveAsItIs(generation)) {
        case Resolution.Fine fine -> {
          developing.follow(fine.release());
          return fine;
        }
        case Resolution.Refused(String why) -> {
          problem = why;
          unsaid = true;
        }
      }
    }
    try {
      Resolution inPlace = listen(resolver.resolve(latest, generation, problem));
      if (unsaid && inPlace instanceof Resolution.Fine) {
        log.error(problem); // else it is refused, or the arbiter stops, and that is said
      }
      return inPlace;
    } catch (KindException | AppProblem | RuntimeException e) {
      return new Resolution.Refused(problem + "\n" + e);
    }
  }

  private Resolution resolveAsItIs(long generation) {
    try {
      Config read = config.reread();
      tell(read.notices());
      Config next = read.keeping(config);
      latest = next;
      for (Config.Change change : config.differences(read)) {
        log.warning("A reload cannot change " + change + "; start the arbiter again for that");
      }
      Release release = resolver.resolve(next, generation);
      tell(release.notices());
      say(release.budget());
      prepareAccessLog(release);
      // Listeners last, so that an app that does not compile binds nothing; and before any worker
      // changes.
      return listen(release);
    } catch (SettingsException e) {
      return new Resolution.Refused("settings: " + e.message());
    } catch (KindException e) {
      return new Resolution.Refused("worker kind: " + e.getMessage());
    } catch (AppProblem e) {
      boolean usage = e.exitCode() == AppProblem.USAGE;
      return new Resolution.Refused(
          (usage ? "settings: " : "app: ")
              + e.getMessage()
              + (e.detail().isEmpty() ? "" : "\n" + e.detail())
              + (usage && !e.hint().isEmpty() ? "\nhint: " + e.hint() : ""));
    } catch (RuntimeException e) {
      return new Resolution.Refused("internal error: " + stackTrace(e));
    }
  }

  /** What is odd about the settings; once, however often they are read. */
  private void tell(List<String> notices) {
    notices.stream().filter(told::add).forEach(log::warning);
  }

  /** How memory and processors are divided; once, and again when it has changed. */
  private void say(Budget budget) {
    if (!budget.line().equals(division)) {
      division = budget.line();
      log.log(budget.isTight() ? "warning" : "info", division);
    }
  }

  @Override
  public Resolution listen(Release release) {
    Listeners pool = listeners;
    try {
      return new Resolution.Fine(
          pool == null
              ? release
              : release.at(
                  pool.take(release.generation(), Listening.of(release.config(), queues))));
    } catch (BindFailure e) {
      return new Resolution.Refused(
          "listeners: " + e.getMessage() + (e.hint().isEmpty() ? "" : ". Hint: " + e.hint()));
    }
  }

  @Override
  public void commit(Release release) {
    Listeners pool = listeners;
    if (pool != null) {
      pool.hold(release.generation(), Listening.of(release.config(), queues), release.listeners());
      pool.commit(release.generation());
      leaveListeners(pool);
    }
  }

  private void leaveListeners(Listeners pool) {
    if (manager != null) {
      pool.show(manager::keep);
    }
  }

  @Override
  public void closeListeners() {
    Listeners pool = listeners;
    if (pool != null) {
      pool.close();
    }
  }

  @Override
  public void retire(long generation) {
    Listeners pool = listeners;
    if (pool != null) {
      pool.release(generation);
    }
    try {
      scratch.retire(generation);
    } catch (IOException e) {
      log.warning("What generation %d left cannot be deleted: %s".formatted(generation, e));
    }
  }

  @Override
  public Event.DryRunDone dryRun(Set<Integer> wireVersions, Heritage heritage) {
    if (development != null) {
      return new Event.DryRunDone(false, "under --reload an arbiter is stopped and started again");
    }
    return requireNonNull(successor).dryRun(wireVersions, handover(heritage));
  }

  @Override
  public String become(Heritage heritage, BooleanSupplier wanted) {
    Control bound = control;
    if (bound != null) {
      bound.flush(500);
    }
    log.flush(500); // what is still queued here ends with this program
    return requireNonNull(successor).become(handover(heritage), wanted);
  }

  private Handover handover(Heritage heritage) {
    Listeners pool = listeners;
    Control bound = control;
    return new Handover(
        VERSION,
        home.toString(),
        pid,
        pidFile.path(),
        scratch.folder(),
        pool == null ? List.of() : pool.open(),
        bound == null ? List.of() : bound.sockets(),
        heritage);
  }

  private int failed(int code, String what, String detail, String hint) {
    if (manager != null) {
      manager.fail(what);
    }
    log.error(
        what + (detail.isEmpty() ? "" : "\n" + detail) + (hint.isEmpty() ? "" : "\nhint: " + hint));
    return code;
  }

  private void clearLeftovers() {
    try {
      scratch.clearLeftovers();
    } catch (IOException e) {
      log.warning("What an earlier arbiter left cannot be deleted: " + e);
    }
  }

  /** Removes what is this arbiter's; the second time there is nothing left to do. */
  private void leave() {
    if (development != null) {
      development.close();
    }
    compiler.close();
    ProcessHandle.current()
        .children()
        .forEach(ProcessHandle::destroy); // a compiler that still runs
    Control bound = control;
    if (bound != null) {
      bound.close();
    }
    try {
      closeListeners();
      pidFile.remove();
      scratch.clear();
      Incidents opened = incidents;
      if (opened != null) {
        opened.close();
      }
    } catch (IOException e) {
      log.warning("Not everything could be removed: " + e);
    }
    if (manager != null) {
      manager.close();
    }
    log.flush(500);
  }

  private static String stackTrace(Throwable failure) {
    java.io.StringWriter text = new java.io.StringWriter();
    failure.printStackTrace(new java.io.PrintWriter(text));
    return text.toString();
  }
}
