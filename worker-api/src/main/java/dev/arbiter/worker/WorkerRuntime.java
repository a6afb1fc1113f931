package dev.arbiter.worker;

import dev.arbiter.app.Notice;
import dev.arbiter.wire.Message;
import dev.arbiter.wire.Message.ListenerInfo;
import dev.arbiter.wire.Vitals;
import dev.arbiter.wire.Wire;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The life of a worker process, whatever its kind: takes its orders from the arbiter, accepts,
 * beats, drains and leaves. One per process, from {@code main} to exit.
 *
 * <p>Threads: <em>main</em> boots the kind and later stops it; <em>control</em> reads the arbiter's
 * messages and never waits for a loop; <em>beat</em>, <em>notify</em>, one <em>accept</em> thread
 * for each listener, and a <em>watch</em> where there are queues. Descriptors: 0 /dev/null, 1 and 2
 * a pipe to the arbiter, 3 messages from it, 4 messages to it, 5 its standard output, 6 and up the
 * listeners.
 */
public final class WorkerRuntime implements WorkerContext {
  /**
   * The system property by which an arbiter asks a JVM that may have to wait for its settings to
   * prepare for them.
   */
  private static final String PREPARE = "arbiter.prepare";

  /** Who is to serve at once has its settings by then; who has not is to wait for them. */
  private static final Duration SETTINGS_ARE_DUE = Duration.ofMillis(100);

  private static final int FROM_ARBITER = 3;
  private static final int TO_ARBITER = 4;
  private static final int ARBITER_STDOUT = 5;
  private static final Duration DEFAULT_GRACE = Duration.ofSeconds(30);
  private static final Duration RECORDINGS_LIMIT = Duration.ofSeconds(2);

  /** A worker whose arbiter has gone leaves in this time even where the graceful timeout is off. */
  private static final Duration ORPHAN_GRACE = Duration.ofSeconds(30);

  /** Loops whose lag a beat has room to tell. */
  private static final int LOOPS_TOLD = 64;

  /** A connection that comes in while the accepting thread leaves must have time to ask. */
  private static final Duration LEAST_LINGER = Duration.ofMillis(300);

  private static final Duration NO_LIMIT = Duration.ofDays(3650);

  /** How long idle connections may linger when somebody sent TERM. */
  private static final Duration TERM_LINGER = Duration.ofSeconds(1);

  /** The same when the arbiter has gone: nothing that is idle is to outlive it for long. */
  private static final Duration ORPHAN_LINGER = Duration.ofMillis(500);

  private final Worker worker;
  private final String kind;
  private final Mouth mouth = new Mouth(TO_ARBITER);
  private final Prober prober;
  private final Testimony testimony;
  private final AtomicLong droppedOutput = new AtomicLong();
  private final Executor reopening =
      Executors.newSingleThreadExecutor(
          task -> Thread.ofPlatform().daemon().name("arbiter-reopen").unstarted(task));
  private final DroppingOutput[] outputs = DroppingOutput.install(droppedOutput);
  private final CompletableFuture<Message.Configure> configured = new CompletableFuture<>();
  private final CompletableFuture<DrainOrder> leaving = new CompletableFuture<>();
  private final AtomicBoolean countsFail = new AtomicBoolean();
  private final AtomicBoolean recycling = new AtomicBoolean();
  private final AtomicBoolean draining = new AtomicBoolean();
  private boolean outOfDate; // the control thread's
  private volatile boolean ready;
  private volatile String phase = "starting the JVM";
  private volatile Message.@Nullable Configure configuration;
  private volatile @Nullable WorkerSettings settings;
  private volatile List<byte[]> ticketSecrets = List.of();
  private volatile @Nullable Connections connections;
  private volatile @Nullable Acceptors acceptors;
  private volatile @Nullable Notifier notifier;

  private WorkerRuntime(Worker worker, String kind) {
    this.worker = worker;
    this.kind = kind;
    this.prober = new Prober(worker, mouth::say);
    this.testimony = new Testimony(worker, mouth::say);
  }

  /**
   * Runs a worker until it has drained, and ends the process. Called by a kind's {@code main}, on
   * the main thread, in a process that an arbiter started.
   *
   * @param worker not started yet
   * @param args as given to {@code main}: the arbiter puts the kind's name first
   */
  public static void run(Worker worker, String... args) {
    new WorkerRuntime(worker, args.length == 0 ? "unknown" : args[0]).live();
  }

  private void live() {
    Native.closeOnExec(FROM_ARBITER);
    Native.closeOnExec(ARBITER_STDOUT);
    handleSignals();
    Thread.setDefaultUncaughtExceptionHandler(WorkerRuntime::uncaught);
    mouth.say(new Message.Hello(Wire.VERSION, ProcessHandle.current().pid(), kind));
    phase("waiting for its settings");
    Thread.ofPlatform().daemon().name("arbiter-control").start(this::listen);
    if (Boolean.getBoolean(PREPARE)) {
      prepare();
    }
    int exitCode = boot() ? leave(leaving.join()) : failedExitCode;
    exit(exitCode);
  }

  /**
   * TERM drains, USR1 opens the logs again. INT, HUP, USR2 and WINCH are ignored, so that a Ctrl-C,
   * a closed terminal or a signal to the whole group leaves it to the arbiter to decide.
   */
  private void handleSignals() {
    for (String ignored : new String[] {"INT", "HUP", "USR2", "WINCH"}) {
      ProcessSignals.ignore(ignored);
    }
    ProcessSignals.on("TERM", () -> drain(new DrainOrder("TERM", grace(), TERM_LINGER)));
    ProcessSignals.on("USR1", worker::reopen);
  }

  private static void uncaught(Thread thread, Throwable thrown) {
    OutOfMemory.leaveIf(thrown);
    System.err.println(
        LogText.record(
            "Exception in thread \"%s\" %s"
                .formatted(LogText.line(thread.getName()), stackTrace(thrown).strip())));
  }

  private void takeName(int nr) {
    try {
      ProcessName.set(settings().text("name").orElse(kind), ":w" + nr);
    } catch (IOException e) {
      say("debug", "The process keeps the name java: " + e);
    }
  }

  private void prepare() {
    try {
      configured.get(SETTINGS_ARE_DUE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException nobodyYet) {
      rehearse();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException("settings come or they do not", e);
    }
  }

  private void rehearse() {
    try {
      worker.prepare(new Rehearsal());
    } catch (Exception | LinkageError e) {
      System.err.println("The worker could not prepare itself: " + e);
    }
  }

  private int failedExitCode = BootFailure.WORKER_FAILED;

  private boolean boot() {
    try {
      Message.Configure configure = configured.join();
      configuration = configure;
      settings = new WorkerSettings(configure.settings());
      takeName(configure.nr());
      Connections book = new Connections((int) settings().number("worker-connections", 0));
      connections = book;
      phase("starting the worker");
      worker.start(this);
      requireHealth();
      acceptors =
          new Acceptors(
              configure.listeners(),
              book,
              worker,
              developing(),
              text -> say("warning", text),
              this::recycle);
      ready = true;
      DroppingOutput.serving();
      Thread.ofPlatform().daemon().name("arbiter-beat").start(this::beat);
      notifier =
          new Notifier(worker, settings().duration("timeout-notify", Duration.ofSeconds(30)));
      mouth.say(new Message.Ready(settings().text("app").orElse("")));
      return true;
    } catch (BootFailure e) {
      failed(e.exitCode(), String.valueOf(e.getMessage()), e.hint(), e.getCause());
    } catch (Exception | LinkageError e) {
      failed(BootFailure.WORKER_FAILED, phase + " failed: " + e, "", e);
    }
    return false;
  }

  /** The app's own word before the first client: a release that is not well never gets one. */
  private void requireHealth() throws Exception {
    phase("checking the app's health");
    Health health = worker.probe("");
    if (health.status() < 200 || health.status() >= 400) {
      throw new BootFailure(
          BootFailure.WORKER_FAILED,
          "the app is not healthy: " + health.detail(),
          "its checkHealth() says so",
          null);
    }
  }

  private void failed(int exitCode, String what, String hint, @Nullable Throwable cause) {
    failedExitCode = exitCode;
    if (cause != null) {
      System.err.print(stackTrace(cause));
    }
    mouth.say(new Message.Failed(phase, exitCode, what, hint));
  }

  /** Returns the exit code. */
  private int leave(DrainOrder order) {
    mouth.say(new Message.Draining(book().open(), traffic().inFlight()));
    try {
      boolean _ = new Farewell(worker, book(), order.grace(), this).take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  private void exit(int code) {
    FlightRecordings.end(RECORDINGS_LIMIT, problem -> say("warning", problem));
    mouth.finish(1000);
    for (DroppingOutput output : outputs) {
      output.drain(500);
    }
    // Not System.exit: a shutdown hook of the app that hangs would keep a drained worker alive.
    Runtime.getRuntime().halt(code);
  }

  private void drain(DrainOrder given) {
    DrainOrder order =
        new DrainOrder(
            given.reason(),
            given.grace().isZero() ? NO_LIMIT : given.grace(), // 0: switched off
            given.linger().compareTo(LEAST_LINGER) < 0 ? LEAST_LINGER : given.linger());
    if (!ready) {
      exit(0); // nothing has been accepted yet
    }
    if (!draining.compareAndSet(false, true)) {
      worker.drain(order); // again: idle connections have less time now
      return;
    }
    Notifier bell = notifier;
    if (bell != null) {
      bell.ring(new Notice(true, Optional.of(order.grace())));
    }
    // Ends the process on time even where the main thread, or a loop, cannot.
    Thread.ofPlatform()
        .daemon()
        .name("arbiter-deadline")
        .start(
            () -> {
              pause(order.grace());
              Runtime.getRuntime().halt(0);
            });
    // The worker first: who sees that the port is closed may count on it that the next response on
    // each connection announces the end. Then, without waiting for what is in flight, the
    // listeners, so that others can bind the address.
    worker.drain(order);
    book().noMore();
    acceptors().leave(1000);
    leaving.complete(order);
  }

  // ---- control thread

  private void listen() {
    Wire.Decoder decoder = Wire.Decoder.toWorker();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.state(arena);
      MemorySegment buffer = arena.allocate(4096);
      while (true) {
        int count = Native.read(FROM_ARBITER, buffer, state);
        if (count == 0) {
          break;
        }
        byte[] bytes = buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        for (Message message : decoder.take(bytes, count)) {
          try {
            obey(message);
          } catch (RuntimeException e) {
            // One order that fails must not make the worker deaf to the next, or to its arbiter's
            // end.
            say("error", "%s failed: %s".formatted(message, stackTrace(e)));
          }
        }
      }
    } catch (IOException | Wire.ProtocolException e) {
      say("error", "the arbiter's messages cannot be read: " + e);
    }
    // End of file: the arbiter has gone, however it went.
    Duration grace = grace().isZero() ? ORPHAN_GRACE : grace();
    Acceptors known = acceptors;
    if (known != null) {
      known.allClosing();
    }
    drain(new DrainOrder("arbiter gone", grace, ORPHAN_LINGER));
  }

  private void obey(Message message) {
    switch (message) {
      case Message.Configure configure -> configured.complete(configure);
      case Message.Accept _ -> {
        if (!draining.get()) {
          if (outOfDate) {
            outOfDate = false;
            worker.resume();
          }
          acceptors().accept();
        }
      }
      case Message.Queues(List<Long> descriptors) -> acceptors().assign(descriptors);
      case Message.Closing(List<Long> descriptors) -> {
        Acceptors known = acceptors;
        if (known != null) { // else it has not come so far as to hold any
          known.closing(descriptors);
        }
      }
      case Message.Eject _ -> {
        book().accepting(false);
        if (developing()) {
          // What it serves is out of date: idle connections are closed, so that their clients come
          // back to the queue that the next worker takes from, and streams are ended.
          outOfDate = true;
          worker.drain(new DrainOrder("reload", NO_LIMIT, Duration.ZERO));
        }
      }
      case Message.Drain drain ->
          drain(
              new DrainOrder(
                  drain.reason(),
                  Duration.ofMillis(drain.grace()),
                  Duration.ofMillis(drain.linger())));
      case Message.Collect collect -> {
        testimony.give(collect);
        Thread.ofPlatform().daemon().name("arbiter-suspected").start(worker::suspected);
      }
      // Reads disks and may ask the app: whatever hangs there must not keep the next order waiting.
      case Message.Reopen _ ->
          reopening.execute(
              () -> {
                try {
                  worker.reopen();
                } catch (RuntimeException e) {
                  say("error", "%s failed: %s".formatted(message, stackTrace(e)));
                }
              });
      case Message.Keys keys -> {
        ticketSecrets = keys.ticketSecrets();
        worker.rekey();
      }
      case Message.Probe probe -> prober.probe(probe);
      case Message.Stop _ -> Runtime.getRuntime().halt(0);
      default -> {} // a newer arbiter may say more than this worker knows
    }
  }

  /** Whether the arbiter replaces workers as soon as a file changes. */
  private boolean developing() {
    return settings().flag("reload", false);
  }

  // ---- beat thread

  private void beat() {
    long interval = settings().duration("heartbeat-interval", Duration.ofSeconds(1)).toNanos();
    Pulse pulse = new Pulse(worker.loops(), task -> Thread.ofVirtual().start(task));
    testimony.pulse(pulse);
    ProcessVitals process = new ProcessVitals();
    Wear wear = new Wear(settings(), ThreadLocalRandom.current());
    long began = System.nanoTime();
    for (long seq = 1; ; ) {
      pulse.probe();
      LockSupport.parkNanos(interval);
      if (pulse.due()) {
        Vitals vitals = vitals(seq++, pulse, process, traffic());
        mouth.sayNow(new Message.Beat(vitals));
        Duration age = Duration.ofNanos(System.nanoTime() - began);
        wear.reason(Wear.Reading.of(age, vitals)).ifPresent(this::recycle);
      }
    }
  }

  /** A kind that fails to count must not look as if it had died. */
  private Traffic traffic() {
    try {
      return worker.traffic();
    } catch (RuntimeException e) {
      if (countsFail.compareAndSet(false, true)) {
        say("error", "what was served cannot be counted: " + stackTrace(e));
      }
      return Traffic.NONE;
    }
  }

  private Vitals vitals(long seq, Pulse pulse, ProcessVitals process, Traffic traffic) {
    return new Vitals(
        seq,
        pulse.loopLagMicros().stream().limit(LOOPS_TOLD).toList(),
        pulse.executorLagMicros(),
        traffic.done(),
        traffic.inFlight(),
        traffic.oldestMillis(),
        book().open(),
        book().acceptedSoFar(),
        process.heapAfterGc(),
        process.heapMax(),
        process.gcMillis(),
        process.rss(),
        traffic.bytesIn(),
        traffic.bytesOut(),
        traffic.statusClasses(),
        traffic.latency(),
        traffic.dropped() + droppedOutput.get() + mouth.dropped(),
        process.heapUsed(),
        process.metaspace(),
        process.direct() + traffic.direct(),
        Math.max(traffic.busyPercent(), process.cpuPercent()),
        traffic.overdue(),
        traffic.overdueMillis());
  }

  // ---- WorkerContext

  @Override
  public int nr() {
    return configuration().nr();
  }

  @Override
  public int workers() {
    return configuration().workers();
  }

  @Override
  public long generation() {
    return configuration().generation();
  }

  @Override
  public WorkerSettings settings() {
    return known(settings);
  }

  @Override
  public List<ListenerInfo> listeners() {
    return configuration().listeners();
  }

  @Override
  public void phase(String name) {
    phase = name;
    mouth.say(new Message.Phase(name, System.nanoTime()));
  }

  @Override
  public void recycle(String reason) {
    if (recycling.compareAndSet(false, true)) {
      mouth.say(new Message.RecycleMe(reason));
    }
  }

  @Override
  public void say(String level, String text) {
    mouth.say(new Message.Say(level, text));
  }

  @Override
  public void slow(String request, Duration age, String stack) {
    mouth.say(new Message.Slow(request, age.toMillis(), stack));
  }

  @Override
  public List<byte[]> ticketSecrets() {
    return ticketSecrets;
  }

  @Override
  public boolean draining() {
    return draining.get();
  }

  private Message.Configure configuration() {
    return known(configuration);
  }

  private Connections book() {
    return known(connections);
  }

  private Acceptors acceptors() {
    return known(acceptors);
  }

  private Duration grace() {
    WorkerSettings known = settings;
    return known == null ? DEFAULT_GRACE : known.duration("graceful-timeout", DEFAULT_GRACE);
  }

  private static <T> T known(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("The worker has not been configured yet");
    }
    return value;
  }

  private static void pause(Duration duration) {
    long end = System.nanoTime() + duration.toNanos();
    for (long left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  static String stackTrace(Throwable cause) {
    StringWriter text = new StringWriter();
    cause.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
