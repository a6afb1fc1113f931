package dev.arbiter.loop;

import dev.arbiter.diagnose.Evidence;
import dev.arbiter.diagnose.Investigator;
import dev.arbiter.diagnose.Investigator.Conclusion;
import dev.arbiter.diagnose.Patient;
import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.supervise.Action;
import dev.arbiter.supervise.Event;
import dev.arbiter.supervise.ExitStatus;
import dev.arbiter.supervise.Snapshot;
import dev.arbiter.wire.Message;
import dev.arbiter.wire.Vitals;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Has sick and dead workers examined, off the loop: begun by it, fed by the threads that read
 * workers, and handed back to it. On the loop's thread, but for {@link #take}.
 */
final class Inquiries {
  private static final int LONGEST_STACK = 60;

  private final Processes processes;
  private final ArbiterLog log;
  private final Investigator investigator;
  private final Executor elsewhere;
  private final Consumer<Runnable> onLoop;
  private final Map<Integer, Evidence> collecting = new ConcurrentHashMap<>();
  private final Map<Integer, File> files = new HashMap<>();

  /** What is known of a worker, for when it falls sick. */
  private static final class File {
    private final int slot;
    private final long pid;
    private final List<Path> classPath;
    private final long spawnedNanos;
    private @Nullable Vitals vitals;
    private long vitalsNanos;
    private @Nullable ExitStatus status;
    private List<String> lastOutput = List.of();
    private @Nullable Path incident;

    File(int slot, long pid, List<Path> classPath, long spawnedNanos) {
      this.slot = slot;
      this.pid = pid;
      this.classPath = classPath;
      this.spawnedNanos = spawnedNanos;
    }

    Patient patient() {
      return new Patient(
          slot, pid, classPath, spawnedNanos, Optional.ofNullable(vitals), vitalsNanos);
    }

    String title() {
      return "Worker %d (pid %d)".formatted(slot, pid);
    }
  }

  /**
   * @param elsewhere runs what may take time
   * @param onLoop runs a task on the loop's thread, later
   */
  Inquiries(
      Processes processes,
      ArbiterLog log,
      Investigator investigator,
      Executor elsewhere,
      Consumer<Runnable> onLoop) {
    this.processes = processes;
    this.log = log;
    this.investigator = investigator;
    this.elsewhere = elsewhere;
    this.onLoop = onLoop;
  }

  /** A part of a worker's own answer; on the thread that reads it. */
  void take(int worker, Message.Evidence part) {
    Evidence evidence = collecting.get(worker);
    if (evidence != null) {
      evidence.take(part);
    }
  }

  /** A worker's process was started. */
  void born(int worker, int slot, long pid, List<Path> classPath) {
    files.put(worker, new File(slot, pid, classPath, System.nanoTime()));
  }

  /** A worker's process was started by another arbiter, which heard it beat at {@code beatAt}. */
  void adopted(Snapshot.Worker worker, List<Path> classPath, long beatAt) {
    File file = new File(worker.slot(), worker.pid(), classPath, worker.spawnedAt());
    file.vitals = worker.vitals().orElse(null);
    file.vitalsNanos = beatAt;
    files.put(worker.id(), file);
  }

  /** When the worker last beat, of the monotonic clock; 0 if it has not. */
  long beatAt(int worker) {
    File file = files.get(worker);
    return file == null ? 0 : file.vitalsNanos;
  }

  /** The same of all workers that have. */
  Map<Integer, Long> beats() {
    Map<Integer, Long> beats = new HashMap<>();
    files.forEach(
        (worker, file) -> {
          if (file.vitals != null) {
            beats.put(worker, file.vitalsNanos);
          }
        });
    return Map.copyOf(beats);
  }

  /** It beats. */
  void beat(int worker, Vitals vitals) {
    File file = files.get(worker);
    if (file != null) {
      file.vitals = vitals;
      file.vitalsNanos = System.nanoTime();
    }
  }

  /**
   * Begins to collect.
   *
   * @param done told the outcome, on the loop's thread
   */
  void begin(Action.CollectEvidence collect, long limitMillis, Consumer<Event> done) {
    int worker = collect.worker();
    File file = files.get(worker);
    if (file == null || collecting.containsKey(worker)) {
      return; // under way already: its end answers this too
    }
    Evidence evidence = evidence(worker, file, limitMillis);
    Patient patient = file.patient();
    examine(
        worker,
        evidence,
        () ->
            investigator.examine(
                patient, collect.why(), evidence, () -> processes.recentOutput(worker)),
        conclusion -> {
          report(file, collect.why(), conclusion);
          done.accept(new Event.EvidenceDone(worker, conclusion.outcome(), conclusion.summary()));
        });
  }

  /** A worker that did not leave in time is about to be sent QUIT: its dump is kept. */
  void lastDump(int worker, long limitMillis) {
    File file = files.get(worker);
    if (file == null || collecting.containsKey(worker)) {
      return;
    }
    Evidence evidence = evidence(worker, file, limitMillis);
    evidence.expectDump();
    Patient patient = file.patient();
    String why = "it did not leave in time";
    examine(
        worker,
        evidence,
        () -> investigator.lastDump(patient, why, evidence, () -> processes.recentOutput(worker)),
        conclusion -> report(file, why, conclusion));
  }

  private Evidence evidence(int worker, File file, long limitMillis) {
    Evidence.Reach reach =
        new Evidence.Reach() {
          @Override
          public void collect(Message.Collect message) {
            onLoop.accept(() -> processes.tell(worker, message));
          }

          @Override
          public void quit() {
            onLoop.accept(() -> processes.signal(worker, Action.Sig.QUIT));
          }
        };
    return new Evidence(file.patient(), reach, limitMillis);
  }

  private interface Examination {
    Conclusion run();
  }

  private void examine(
      int worker, Evidence evidence, Examination examination, Consumer<Conclusion> done) {
    collecting.put(worker, evidence);
    processes.collect(worker, evidence);
    elsewhere.execute(
        () -> {
          Conclusion conclusion = conclude(examination);
          onLoop.accept(
              () -> {
                processes.collect(worker, null);
                collecting.remove(worker);
                done.accept(conclusion);
              });
        });
  }

  // The decisions wait for an answer: a failure of the examination is one too.
  @SuppressWarnings("CatchingUnchecked")
  private Conclusion conclude(Examination examination) {
    try {
      return examination.run();
    } catch (RuntimeException | Error e) {
      return new Conclusion(
          Event.Outcome.NO_ANSWER, "it could not be examined: " + e, List.of(), Optional.empty());
    }
  }

  private void report(File file, String why, Conclusion conclusion) {
    conclusion.folder().ifPresent(folder -> file.incident = folder);
    StringBuilder text =
        new StringBuilder(
            "%s, examined (%s): %s".formatted(file.title(), why, conclusion.summary()));
    conclusion.stack().stream()
        .limit(LONGEST_STACK)
        .forEach(line -> text.append("\n    ").append(line));
    log.warning(text.toString());
  }

  // ---- the end

  /**
   * A process has ended. If that is its own fault, however it was to end, it leaves an incident.
   */
  void exited(int worker, ExitStatus status) {
    File file = files.get(worker);
    if (file == null) {
      return;
    }
    file.status = status;
    file.lastOutput = processes.recentOutput(worker);
    Evidence evidence = collecting.get(worker);
    if (evidence != null) {
      evidence.ended(status);
    }
    Path incident = file.incident;
    if (incident != null) {
      investigator.ended(incident, "it ended: " + status.text());
    }
    if (Investigator.isFault(status, file.lastOutput)) {
      autopsy(file);
    }
  }

  /** Nobody knows why it ended. */
  void unexplained(int worker) {
    File file = files.get(worker);
    if (file != null && file.incident == null && file.status != null) {
      autopsy(file);
    }
  }

  private void autopsy(File file) {
    ExitStatus status = file.status;
    if (status == null) {
      return;
    }
    file.status = null; // once
    Patient patient = file.patient();
    List<String> output = new ArrayList<>(file.lastOutput);
    elsewhere.execute(
        () -> {
          Conclusion conclusion = conclude(() -> investigator.autopsy(patient, status, output));
          onLoop.accept(() -> report(file, status.text(), conclusion));
        });
  }

  void forget(int worker) {
    collecting.remove(worker);
    files.remove(worker);
  }
}
