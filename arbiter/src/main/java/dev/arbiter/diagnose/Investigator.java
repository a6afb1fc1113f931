package dev.arbiter.diagnose;

import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.ExitStatus;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Takes a case from its evidence to its folder. Off the loop, several cases at once. The disk has a
 * thread of its own: nobody waits for it longer than a moment, and what it cannot take is left out.
 */
public final class Investigator {
  private static final int WAITING_WRITES = 64;
  private static final long BEGIN_MILLIS = 300;
  private static final long FINISH_MILLIS = 1000;

  /**
   * What became of a case.
   *
   * @param summary one line: the cause, the guilty frame or figure, the folder
   * @param stack of the guilty threads
   * @param folder its incident
   */
  public record Conclusion(
      Outcome outcome, String summary, List<String> stack, Optional<Path> folder) {}

  private final Incidents incidents;

  /** Of the arbiter's own cgroup, in which its workers are too. */
  private final AtomicLong oomKillsSeen = new AtomicLong(ProcSample.oomKills());

  private final ThreadPoolExecutor disk =
      new ThreadPoolExecutor(
          1,
          1,
          5,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING_WRITES),
          task -> Thread.ofPlatform().daemon().name("arbiter-incidents").unstarted(task));

  public Investigator(Incidents incidents) {
    this.incidents = incidents;
    disk.allowCoreThreadTimeOut(true);
  }

  /** Examines a worker that lives. */
  public Conclusion examine(
      Patient patient, String why, Evidence evidence, Supplier<List<String>> output) {
    Instant time = Instant.now();
    Optional<Path> folder = begin(patient);
    return close(patient, time, why, evidence.collect(folder), folder, output.get());
  }

  /**
   * Keeps the dump of a worker that did not leave in time and was sent QUIT; none of one that then
   * leaves by itself and is ill of nothing.
   */
  public Conclusion lastDump(
      Patient patient, String why, Evidence evidence, Supplier<List<String>> output) {
    Instant time = Instant.now();
    Optional<Path> folder = begin(patient);
    Optional<Evidence.Result> result = evidence.lastDump();
    if (result.isEmpty()) {
      folder.ifPresent(this::discard);
      return new Conclusion(
          Outcome.NO_ANSWER, "it has left by itself meanwhile", List.of(), Optional.empty());
    }
    return close(patient, time, why, result.get(), folder, output.get());
  }

  private void discard(Path folder) {
    try {
      disk.execute(() -> incidents.discard(folder));
    } catch (RejectedExecutionException _) {
      // The disk takes nothing; the folder has no name yet and is deleted with the next leftovers.
    }
  }

  /** Whether a process that ended so was at fault itself, however it was to end. */
  public static boolean isFault(ExitStatus status, List<String> output) {
    return Autopsy.isFault(status, output);
  }

  /** Examines one that is dead. */
  public Conclusion autopsy(Patient patient, ExitStatus status, List<String> output) {
    Instant time = Instant.now();
    long killed = ProcSample.oomKills();
    long oomKills = killed - oomKillsSeen.getAndSet(killed);
    Optional<Path> folder = begin(patient);
    String errorFile =
        folder
            .flatMap(begun -> onDisk(() -> incidents.claim(begun, patient.pid()), FINISH_MILLIS))
            .orElse("");
    Verdict verdict = Autopsy.of(status, output, errorFile, oomKills);
    Map<String, String> files = new TreeMap<>();
    files.put("output.txt", String.join("\n", output) + "\n");
    files.put(
        "summary.md",
        Summary.ofDead(
            patient, time, "it ended: " + status.text(), verdict, output, Map.copyOf(files)));
    return conclude(patient, time, Outcome.NO_ANSWER, verdict, files, folder);
  }

  /** Adds to an incident how it went on; does not wait. */
  public void ended(Path folder, String how) {
    try {
      disk.execute(() -> incidents.append(folder, "- " + how));
    } catch (RejectedExecutionException _) {
      // The disk takes nothing: the log has it.
    }
  }

  private Conclusion close(
      Patient patient,
      Instant time,
      String why,
      Evidence.Result result,
      Optional<Path> folder,
      List<String> output) {
    Map<String, String> files = new TreeMap<>(result.files());
    files.put("output.txt", String.join("\n", output) + "\n");
    files.put("summary.md", Summary.of(patient, time, why, result, output));
    return conclude(patient, time, result.outcome(), result.verdict(), files, folder);
  }

  private Conclusion conclude(
      Patient patient,
      Instant time,
      Outcome outcome,
      Verdict verdict,
      Map<String, String> files,
      Optional<Path> folder) {
    Optional<Path> finished =
        folder.flatMap(
            begun ->
                onDisk(
                        () ->
                            incidents.finish(
                                begun, time, patient.slot(), patient.pid(), verdict.cause(), files),
                        FINISH_MILLIS)
                    .flatMap(path -> path));
    String where = finished.map(path -> "; see " + path).orElse("");
    return new Conclusion(outcome, verdict.line() + where, verdict.stack(), finished);
  }

  private Optional<Path> begin(Patient patient) {
    return onDisk(() -> incidents.begin(patient.slot(), patient.pid()), BEGIN_MILLIS)
        .flatMap(path -> path);
  }

  private <T> Optional<T> onDisk(Callable<T> work, long millis) {
    try {
      Future<T> done = disk.submit(work);
      return Optional.of(done.get(millis, TimeUnit.MILLISECONDS));
    } catch (RejectedExecutionException | TimeoutException e) {
      return Optional.empty(); // it is done later, or not at all
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException e) {
      incidents.failed("write", e.getCause());
      return Optional.empty();
    }
  }
}
