package dev.arbiter.loop;

import dev.arbiter.diagnose.Evidence;
import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.process.Os;
import dev.arbiter.process.WorkerProcess;
import dev.arbiter.release.Release;
import dev.arbiter.supervise.Action;
import dev.arbiter.supervise.Event;
import dev.arbiter.supervise.ExitStatus;
import dev.arbiter.supervise.Snapshot;
import dev.arbiter.upgrade.Heritage;
import dev.arbiter.wire.Message;
import dev.arbiter.worker.LogText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The workers' processes as the loop holds them: their pipes, what they print, and how far their
 * end has come. On the loop's thread, but for {@link #printed}.
 */
final class Processes {
  /** A process that a worker has left behind may hold its output open: not longer than this. */
  private static final long OUTPUT_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  /**
   * A pipe ends a moment before its process can be reaped, and CHLD may never come: it stays
   * blocked if it was blocked when the arbiter was launched.
   */
  private static final long REAP_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Os os;
  private final ArbiterLog log;
  private final Path temporary;
  private final Function<Boolean, List<String>> moreFlags;
  private final WorkerProcess.Ear ear;
  private final WorkerProcess.Gate gate = new WorkerProcess.Gate();
  private final Map<Integer, Crewman> crew = new TreeMap<>();
  private final Map<Integer, WorkerOutput> outputs = new ConcurrentHashMap<>();
  private final Boots boots;
  private final Standby standby;

  /**
   * @param moreFlags JVM flags beside the release's own, given whether a heap dump is wanted
   */
  Processes(
      Os os,
      ArbiterLog log,
      Path temporary,
      Function<Boolean, List<String>> moreFlags,
      WorkerProcess.Ear ear) {
    this.moreFlags = moreFlags;
    this.boots = new Boots(log);
    this.os = os;
    this.log = log;
    this.temporary = temporary;
    this.ear = ear;
    this.standby = new Standby(os, ear, gate);
  }

  /** A worker's process and how far its end has come. */
  private static final class Crewman {
    private final WorkerProcess process;
    private final int slot;
    private final long generation;
    private boolean silent;
    private boolean closed;
    private OptionalInt status = OptionalInt.empty();
    private long endedNanos;
    private long dropped;

    Crewman(WorkerProcess process, int slot, long generation) {
      this.process = process;
      this.slot = slot;
      this.generation = generation;
    }
  }

  // ---- from the threads that read

  /** A line that a worker printed. */
  void printed(int worker, String line) {
    WorkerOutput output = outputs.get(worker);
    if (output != null) {
      output.line(line);
    }
  }

  // ---- on the loop's thread

  /**
   * Starts a worker's process; what becomes of it, for the decisions.
   *
   * @param slots how many there are now
   */
  Event spawn(Action.Spawn spawn, @Nullable Release release, int slots) {
    if (release == null) {
      return new Event.SpawnFailed(
          spawn.worker(), "generation " + spawn.generation() + " has been retired");
    }
    try {
      long before = System.nanoTime();
      WorkerProcess process = start(spawn.worker(), release, spawn.slot(), slots);
      boots.spawned(
          spawn.worker(),
          "Worker %d (pid %d)".formatted(spawn.slot(), process.pid()),
          release,
          before);
      outputs.put(spawn.worker(), new WorkerOutput(spawn.slot(), process.pid(), log));
      crew.put(spawn.worker(), new Crewman(process, spawn.slot(), spawn.generation()));
      process.listen();
      return new Event.Spawned(spawn.worker(), process.pid());
    } catch (IOException e) {
      return new Event.SpawnFailed(spawn.worker(), String.valueOf(e.getMessage()));
    }
  }

  private WorkerProcess start(int worker, Release release, int slot, int slots) throws IOException {
    Os.Child child = child(release, slot, slots);
    Optional<WorkerProcess> ready =
        standby.take(worker, child, release.descriptors(), release.directory());
    if (ready.isPresent()) {
      return ready.get();
    }
    os.changeDirectory(release.directory());
    return WorkerProcess.start(os, worker, child, release.descriptors(), ear, gate);
  }

  private Os.Child child(Release release, int slot, int slots) {
    Map<String, String> environment = new HashMap<>(release.environment(slot, slots));
    List<String> command = release.privileges().wrap(command(release, slot), environment);
    return new Os.Child(command, environment, List.of());
  }

  /**
   * In development: starts the JVM for the next worker before there is a release for it.
   *
   * @param next as it will be, if no setting changes that a JVM is started with
   */
  void prepare(Release next, int slot, int slots) {
    try {
      standby.prepare(child(next, slot, slots), next.descriptors(), next.directory());
    } catch (IOException e) {
      log.log("debug", "The next worker cannot be started early: " + e.getMessage());
    }
  }

  /** Ends the one that was started early; whether that, and all before it, have ended. */
  boolean dismissStandby() {
    standby.dismiss();
    return standby.reap();
  }

  /**
   * Takes over a worker that another arbiter has started.
   *
   * @param release what it runs; null if that is over
   */
  void adopt(Snapshot.Worker worker, Heritage.Crewman from, @Nullable Release release)
      throws IOException {
    WorkerProcess process = WorkerProcess.adopt(os, worker.id(), from.ends(), ear, gate);
    WorkerOutput output = new WorkerOutput(worker.slot(), process.pid(), log);
    output.keep(from.printed());
    if (worker.readyAt() != 0) {
      output.ready();
    } else if (release != null) {
      String title = "Worker %d (pid %d)".formatted(worker.slot(), process.pid());
      boots.adopted(worker.id(), title, release, worker);
    }
    outputs.put(worker.id(), output);
    crew.put(worker.id(), new Crewman(process, worker.slot(), worker.generation()));
    process.listen();
  }

  /**
   * Stops all reading between two messages, for a hand-over; what was read before is in the loop's
   * queue.
   *
   * @return false if somebody still reads: the queue may be full
   */
  boolean hold(long millis) throws InterruptedException {
    return gate.close(millis);
  }

  /** Reads again. */
  void release() {
    gate.open();
  }

  /** Whether somebody has been reaped whose end is not told yet: nobody could reap him again. */
  boolean isBurying() {
    return crew.values().stream().anyMatch(crewman -> crewman.status.isPresent());
  }

  /**
   * What the next arbiter needs of every worker's process, while reading is held.
   *
   * @param beatAt when a worker last beat
   */
  Map<Integer, Heritage.Crewman> handOver(IntToLongFunction beatAt) {
    Map<Integer, Heritage.Crewman> all = new TreeMap<>();
    crew.forEach(
        (worker, crewman) ->
            all.put(
                worker,
                new Heritage.Crewman(
                    crewman.process.ends(),
                    output(worker).map(WorkerOutput::kept).orElse(List.of()),
                    beatAt.applyAsLong(worker))));
    return all;
  }

  /** The user's own flags come last, and win. */
  private List<String> command(Release release, int slot) {
    List<String> command = new ArrayList<>(release.command(temporary, slot));
    if (release.develops()) {
      command.add(1, "-Darbiter.prepare=true"); // it may be the one that waits
    }
    command.addAll(1, moreFlags.apply(release.config().flag("heap-dump-on-oom")));
    return command;
  }

  /** Sends a message; a worker that cannot take Drain is sent TERM. */
  void tell(int worker, Message.ToWorker message) {
    Crewman crewman = crew.get(worker);
    if (crewman != null && !crewman.process.tell(message)) {
      if (message instanceof Message.Drain) {
        signal(worker, Action.Sig.TERM); // the same by another way
      }
      log.log(
          "debug",
          "%s did not take the message %s"
              .formatted(title(worker), message.getClass().getSimpleName()));
    }
  }

  void signal(int worker, Action.Sig sig) {
    Crewman crewman = crew.get(worker);
    if (crewman != null && crewman.status.isEmpty()) { // not reaped: the pid is still its own
      os.signal(
          crewman.process.pid(),
          switch (sig) {
            case TERM -> 15;
            case QUIT -> 3;
            case KILL -> 9;
            case CONT -> 18;
          });
    }
  }

  /** The worker is ready: what it prints goes to the log from now on. */
  void ready(int worker) {
    output(worker).ifPresent(WorkerOutput::ready);
  }

  /** How each worker's boot goes. */
  Boots boots() {
    return boots;
  }

  /** What a worker printed and nobody has seen; from now on it goes to the log. */
  List<String> takeOutput(int worker) {
    return output(worker).map(WorkerOutput::take).orElse(List.of());
  }

  /** Logs what a worker last printed, in case that explains its death. */
  void showOutput(int worker) {
    output(worker).ifPresent(WorkerOutput::show);
  }

  /** A request takes long: said in one block, and nothing follows from it. */
  void slow(int worker, Message.Slow slow) {
    log.warning(
        "%s: slow request (--slow-request-timeout): %s\n%s"
            .formatted(title(worker), LogText.line(slow.request()), slow.stack().stripTrailing()));
  }

  /** What a worker last printed; any thread. */
  List<String> recentOutput(int worker) {
    return output(worker).map(WorkerOutput::recent).orElse(List.of());
  }

  /** What the worker prints may be part of a thread dump from now on; null: no longer. */
  void collect(int worker, @Nullable Evidence evidence) {
    output(worker).ifPresent(output -> output.collect(evidence));
  }

  void forget(int worker) {
    outputs.remove(worker);
    boots.forget(worker);
  }

  /** A worker loses lines or records: told at 1, 3, 7, ... */
  void dropped(int worker, long lines) {
    Crewman crewman = crew.get(worker);
    if (crewman != null && lines > 2 * crewman.dropped) {
      crewman.dropped = lines;
      log.warning(
          "%s has dropped %d lines of output or access records so far: they are not read fast enough"
              .formatted(title(worker), lines));
    }
  }

  /** Its messages have ended. */
  void silent(int worker) {
    Crewman crewman = crew.get(worker);
    if (crewman != null) {
      crewman.silent = true;
      reap(crewman);
    }
  }

  /** Its output has ended. */
  void closed(int worker) {
    Crewman crewman = crew.get(worker);
    if (crewman != null) {
      crewman.closed = true;
    }
  }

  /** Reaps whoever has ended. */
  void reapAll() {
    crew.values().forEach(this::reap);
    standby.reap();
    os.reapStrangers(
        pid ->
            standby.owns(pid)
                || crew.values().stream().anyMatch(crewman -> crewman.process.pid() == pid));
  }

  private void reap(Crewman crewman) {
    if (crewman.status.isEmpty()) {
      crewman.status = os.reap(crewman.process.pid());
      crewman.endedNanos = System.nanoTime();
    }
  }

  /** Who has ended since: a worker has once it was reaped and everything it said was heard. */
  List<Event> departures() {
    crew.values().stream().filter(crewman -> crewman.silent).forEach(this::reap);
    long now = System.nanoTime();
    List<Event> ends = new ArrayList<>();
    crew.entrySet()
        .removeIf(
            entry -> {
              Crewman crewman = entry.getValue();
              boolean heard =
                  (crewman.silent && crewman.closed)
                      || now - crewman.endedNanos >= OUTPUT_GRACE_NANOS;
              if (crewman.status.isEmpty() || !heard) {
                return false;
              }
              ends.add(new Event.Exited(entry.getKey(), status(crewman.status.getAsInt())));
              crewman.process.forget();
              return true;
            });
    return ends;
  }

  /**
   * Nanoseconds after which {@link #departures} may find somebody, {@link Long#MAX_VALUE} if
   * nobody.
   */
  long untilNextEnd(long now) {
    long wait = Long.MAX_VALUE;
    for (Crewman crewman : crew.values()) {
      if (crewman.status.isPresent()) {
        wait = Math.min(wait, crewman.endedNanos + OUTPUT_GRACE_NANOS - now);
      } else if (crewman.silent) {
        wait = Math.min(wait, REAP_AGAIN_NANOS);
      }
    }
    return wait;
  }

  OptionalLong pid(int worker) {
    Crewman crewman = crew.get(worker);
    return crewman == null ? OptionalLong.empty() : OptionalLong.of(crewman.process.pid());
  }

  /** Its slot; of a worker that has not been forgotten. */
  int slot(int worker) {
    Crewman crewman = crew.get(worker);
    return crewman == null ? -1 : crewman.slot;
  }

  OptionalLong generation(int worker) {
    Crewman crewman = crew.get(worker);
    return crewman == null ? OptionalLong.empty() : OptionalLong.of(crewman.generation);
  }

  String title(int worker) {
    Crewman crewman = crew.get(worker);
    return crewman == null
        ? "Worker"
        : "Worker %d (pid %d)".formatted(crewman.slot, crewman.process.pid());
  }

  private Optional<WorkerOutput> output(int worker) {
    return Optional.ofNullable(outputs.get(worker));
  }

  /** wait(2): the low seven bits are the signal, the next byte the exit code. */
  private static ExitStatus status(int status) {
    int signal = status & 0x7f;
    return signal == 0 ? new ExitStatus.Code((status >> 8) & 0xff) : new ExitStatus.Killed(signal);
  }
}
