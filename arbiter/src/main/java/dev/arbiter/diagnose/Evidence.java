package dev.arbiter.diagnose;

import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.ExitStatus;
import dev.arbiter.wire.Message;
import dev.arbiter.worker.LogText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Asks one sick worker what it is doing: first itself, on its control thread, which no loop holds
 * up; then its JVM, with QUIT; and the kernel in any case. Runs on a thread of its own; the threads
 * that read the worker feed it. Each step has its limit, and all together end before the decisions
 * stop waiting, which is after three limits.
 */
public final class Evidence {
  private static final AtomicLong LAST_ID = new AtomicLong();

  /** Between two dumps: long enough that what moves has moved. */
  private static final long PAUSE_MILLIS = 300;

  private static final int DUMPS = 3;

  /** Kept for the verdict and the incident's folder. */
  private static final long RESERVED_MILLIS = 700;

  /** What the loop does for it: tell the worker, signal it. */
  public interface Reach {
    /** Sends {@link Message.Collect}. */
    void collect(Message.Collect message);

    /** Sends QUIT. */
    void quit();
  }

  /**
   * What came of it.
   *
   * @param outcome for the decisions
   * @param verdict what is concluded
   * @param found what that rests on
   * @param files texts for the incident, by file name
   * @param steps what was tried, a line each
   */
  record Result(
      Outcome outcome,
      Verdict verdict,
      Findings found,
      Map<String, String> files,
      List<String> steps) {}

  private static final class Asked {
    private final StringBuilder text = new StringBuilder();
    private final CompletableFuture<String> whole = new CompletableFuture<>();

    synchronized void take(Message.Evidence part) {
      text.append(part.text());
      if (part.last()) {
        whole.complete(text.toString());
      }
    }

    synchronized String soFar() {
      return text.toString();
    }
  }

  private final Patient patient;
  private final long pid;
  private final Reach reach;
  private final long limitMillis;
  private final long endNanos;
  private final long beganNanos = System.nanoTime();
  private final CompletableFuture<ExitStatus> ended = new CompletableFuture<>();
  private final Map<Long, Asked> asked = new ConcurrentHashMap<>();
  private final QuitDump quitDump = new QuitDump();
  private final Map<String, String> files = new TreeMap<>();
  private final List<String> steps = new ArrayList<>();
  private String folder = "";

  /**
   * @param limitMillis of one step
   */
  public Evidence(Patient patient, Reach reach, long limitMillis) {
    this.patient = patient;
    this.pid = patient.pid();
    this.reach = reach;
    this.limitMillis = limitMillis;
    this.endNanos =
        System.nanoTime()
            + TimeUnit.MILLISECONDS.toNanos(
                Math.max(limitMillis, 3 * limitMillis - RESERVED_MILLIS));
  }

  /** A part of the worker's own answer. */
  public void take(Message.Evidence part) {
    Asked question = asked.get(part.id());
    if (question != null) {
      question.take(part);
    }
  }

  /** QUIT is about to be sent, by somebody else: before its first line can come. */
  public void expectDump() {
    quitDump.expect();
  }

  /** Its process has ended; any thread. */
  public void ended(ExitStatus status) {
    ended.complete(status);
    quitDump.end();
  }

  /** A line its JVM printed; says whether it is part of a thread dump that was asked for. */
  public boolean take(String line) {
    return quitDump.take(line);
  }

  /**
   * Collects.
   *
   * @param folder where the worker may write files, if there is one
   */
  Result collect(Optional<Path> folder) {
    ProcSample before = ProcSample.of(pid);
    if (before.gone() || before.stopped()) {
      files.put("proc.txt", before.text(List.of()));
      Findings found = findings(before, Load.NONE, List.of(), Map.of());
      Verdict verdict = Verdict.of(found);
      steps.add("no dump was tried: " + verdict.figure());
      Outcome outcome = before.stopped() ? Outcome.STOPPED_STATE_T : Outcome.NO_ANSWER;
      return new Result(outcome, verdict, found, files, steps);
    }
    this.folder = folder.map(Path::toString).orElse("");
    String first = ask("state threads", limitMillis);
    Map<String, String> sections = Findings.sections(first);
    List<ThreadDump> dumps = new ArrayList<>();
    keep(sections.getOrDefault("threads", ""), dumps);
    Load load;
    Outcome outcome;
    if (dumps.isEmpty()) {
      outcome = printed(dumps) ? Outcome.DUMPED : Outcome.NO_ANSWER;
      load = Load.between(before, ProcSample.of(pid));
    } else {
      outcome = Outcome.ANSWERED;
      load = again(dumps);
    }
    ProcSample after = ProcSample.of(pid);
    files.put("proc.txt", after.text(load.busiest(5)));
    Findings found = findings(after, load, dumps, sections);
    // Concluded before what follows, which itself collects and computes in the worker.
    Verdict verdict = Verdict.of(found);
    if (outcome == Outcome.ANSWERED) {
      more();
    }
    sections.forEach(
        (name, text) -> {
          if (!name.equals("threads") && !text.isEmpty()) {
            files.put(
                "worker.txt",
                files.getOrDefault("worker.txt", "") + "== " + name + " ==\n" + text + "\n");
          }
        });
    return new Result(outcome, verdict, found, files, steps);
  }

  /**
   * A last dump, of a worker that has had its time: QUIT was sent already.
   *
   * @return empty if the worker left by itself meanwhile, and was ill of nothing: many do, because
   *     their own clock for it ends when the arbiter's does
   */
  Optional<Result> lastDump() {
    ProcSample before = ProcSample.of(pid);
    List<ThreadDump> dumps = new ArrayList<>();
    String text = quitDump.await(limitMillis);
    boolean came = !text.isEmpty();
    keep(text, dumps);
    steps.add(came ? "its JVM printed a thread dump" : "its JVM printed no thread dump");
    ProcSample after = ProcSample.of(pid);
    // It is killed when its time is over, and that may be now: what it was before is what counts.
    ProcSample alive = after.gone() ? before : after;
    Load load = after.gone() ? Load.NONE : Load.between(before, after);
    files.put("proc.txt", alive.text(load.busiest(5)));
    Findings found = findings(alive, load, dumps, Map.of());
    Verdict verdict = Verdict.of(found);
    if (verdict.cause() == Cause.UNKNOWN || verdict.cause() == Cause.DEAD) {
      if (leftByItself()) {
        return Optional.empty();
      }
      verdict = Verdict.overstayed(patient, load);
    }
    return Optional.of(
        new Result(came ? Outcome.DUMPED : Outcome.NO_ANSWER, verdict, found, files, steps));
  }

  /** Waits for it, but not until KILL comes, which is a limit after QUIT. */
  private boolean leftByItself() {
    long passed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNanos);
    try {
      return ended
          .get(Math.max(0, limitMillis * 3 / 4 - passed), TimeUnit.MILLISECONDS)
          .equals(new ExitStatus.Code(0));
    } catch (TimeoutException stillThere) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private Findings findings(
      ProcSample process, Load load, List<ThreadDump> dumps, Map<String, String> sections) {
    return new Findings(
        process, load, dumps, sections, patient.sinceBeat(), new OwnCode(patient.classPath()));
  }

  private boolean printed(List<ThreadDump> dumps) {
    quitDump.expect();
    reach.quit();
    String text = quitDump.await(limit(limitMillis));
    keep(text, dumps);
    steps.add(
        text.isEmpty()
            ? "QUIT: its JVM printed no thread dump within %d ms".formatted(limitMillis)
            : "QUIT: its JVM printed a thread dump");
    return !text.isEmpty();
  }

  /** The other dumps; the load is measured between them, when this disturbs the worker least. */
  private Load again(List<ThreadDump> dumps) {
    Load load = Load.NONE;
    for (int i = 1; i < DUMPS; i++) {
      ProcSample from = ProcSample.of(pid);
      pause(PAUSE_MILLIS);
      load = load.plus(Load.between(from, ProcSample.of(pid)));
      keep(Findings.sections(ask("threads", limitMillis / 2)).getOrDefault("threads", ""), dumps);
    }
    return load;
  }

  private void keep(String text, List<ThreadDump> dumps) {
    String shown = LogText.lines(text);
    ThreadDump dump = ThreadDump.parse(shown);
    if (!shown.isBlank()) {
      files.put("threads-%d.txt".formatted(dumps.size() + 1), shown);
    }
    if (!dump.entries().isEmpty()) {
      dumps.add(dump);
    }
  }

  private void more() {
    if (!folder.isEmpty()) {
      ask("recording", limitMillis / 2);
    }
    String histogram =
        Findings.sections(ask("histogram", limitMillis / 2)).getOrDefault("histogram", "");
    if (!histogram.isBlank()) {
      files.put("histogram.txt", histogram);
    }
  }

  /** What has come when the time is over; a worker that hardly runs may answer in part. */
  private String ask(String what, long millis) {
    long id = LAST_ID.incrementAndGet();
    Asked question = new Asked();
    asked.put(id, question);
    long began = System.nanoTime();
    reach.collect(new Message.Collect(id, what, folder));
    boolean whole = !await(question.whole, limit(millis)).isEmpty();
    asked.remove(id);
    steps.add(
        "asked for %s: %s after %d ms"
            .formatted(
                what,
                whole ? "answered" : "no answer, or not all of it,",
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)));
    return question.soFar();
  }

  private long limit(long millis) {
    return Math.max(
        1, Math.min(millis, TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime())));
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static String await(CompletableFuture<String> text, long millis) {
    try {
      return text.get(millis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    } catch (ExecutionException impossible) {
      throw new AssertionError(impossible);
    }
  }
}
