package dev.arbiter.diagnose;

import dev.arbiter.diagnose.Findings.Executor;
import dev.arbiter.diagnose.ThreadDump.Entry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Why a worker is sick, concluded from what was found. Pure.
 *
 * <p>Design note. The order of the questions is the point. A deadlock explains everything else; a
 * process that may not run explains why nothing moves. A thread that <em>waits</em> at the same
 * place of the app in each dump is guilty however busy the machine is, so it comes before the
 * questions of time; a thread that <em>computes</em> there comes after, because a worker that is
 * given no time, or whose collector takes it all, is caught somewhere as well.
 *
 * @param figure the guilty frame or number, in a line
 * @param stack of the guilty threads, for the log and the summary
 */
record Verdict(Cause cause, String figure, List<String> stack) {
  /** A loop that has not run for this long is held up, not busy. */
  private static final long STUCK_MILLIS = 1000;

  /** Of the time, for the collector to be the cause. */
  private static final int GC_PERCENT = 50;

  private static final int THROTTLED_PERCENT = 50;

  /** Fewer periods than this prove nothing. */
  private static final int LEAST_PERIODS = 3;

  /** Requests at one place that make it a jam. */
  private static final int JAM = 4;

  /** {@code deadlock: thread "a" ...}. */
  String line() {
    return cause.word() + (figure.isEmpty() ? "" : ": " + figure);
  }

  /** Of a worker that had to leave, and is ill of nothing: it had more to do than time for it. */
  static Verdict overstayed(Patient patient, Load load) {
    String had =
        patient
            .vitals()
            .map(
                last ->
                    "its last beat told of %d connections and %d requests in flight, the oldest for %.1f s; "
                        .formatted(
                            last.connections(), last.inFlight(), last.oldestMillis() / 1000.0))
            .orElse("it never beat; ");
    return new Verdict(Cause.OVERSTAYED, had + load.text(), List.of());
  }

  static Verdict of(Findings found) {
    return new Court(found).judge();
  }

  private static final class Court {
    private final Findings found;
    private final Optional<ThreadDump> last;
    private final List<Entry> stuck;

    Court(Findings found) {
      this.found = found;
      this.last = found.dumps().isEmpty() ? Optional.empty() : Optional.of(found.dumps().getLast());
      this.stuck = last.map(this::stuck).orElse(List.of());
    }

    Verdict judge() {
      return gone()
          .or(this::deadlock)
          .or(this::poolExhausted)
          .or(this::nativeHang)
          .or(() -> blocked(false))
          .or(this::gcPause)
          .or(this::throttled)
          .or(() -> blocked(true))
          .or(this::starved)
          .or(this::requestStuck)
          .orElseGet(
              () ->
                  new Verdict(
                      Cause.UNKNOWN,
                      "state %s; %s".formatted(found.process().state(), found.load().text()),
                      List.of()));
    }

    private Optional<Verdict> gone() {
      if (found.process().gone()) {
        return verdict(Cause.DEAD, "the process has ended", List.of());
      }
      if (found.process().stopped()) {
        return verdict(Cause.STOPPED, held(found.process()), List.of());
      }
      return Optional.empty();
    }

    private static String held(ProcSample process) {
      return switch (process.state()) {
        case 'T' -> "state T: a signal (STOP, TSTP) has stopped the process";
        case 't' -> "state t: a debugger holds the process";
        default -> "frozen with all of its cgroup " + process.frozen();
      };
    }

    private Optional<Verdict> deadlock() {
      List<Entry> cycle = last.map(ThreadDump::cycle).orElse(List.of());
      if (!cycle.isEmpty()) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < cycle.size(); i++) {
          parts.add(
              "%s waits in %s for what %s holds"
                  .formatted(cycle.get(i).title(), place(cycle.get(i)), next(cycle, i).title()));
        }
        return verdict(Cause.DEADLOCK, String.join("; ", parts), cycle);
      }
      List<String> told = found.lines("deadlock");
      List<String> printed = last.map(ThreadDump::hotspotDeadlock).orElse(List.of());
      List<String> lines = told.isEmpty() ? printed : told;
      return lines.isEmpty()
          ? Optional.empty()
          : verdict(Cause.DEADLOCK, String.join("; ", lines), named(lines));
    }

    private static Entry next(List<Entry> cycle, int at) {
      return cycle.get((at + 1) % cycle.size());
    }

    private List<Entry> named(List<String> lines) {
      return last.map(ThreadDump::entries).orElse(List.of()).stream()
          .filter(e -> lines.stream().anyMatch(line -> line.startsWith("\"" + e.name + "\"")))
          .toList();
    }

    /** Loops that do not turn, and the virtual threads that hold up what carries them. */
    private List<Entry> stuck(ThreadDump dump) {
      List<Executor> executors = found.executors();
      boolean known = !executors.isEmpty();
      TreeSet<Long> loops = new TreeSet<>();
      boolean anyLate = false;
      for (Executor executor : executors) {
        if (executor.lagMillis() >= STUCK_MILLIS) {
          anyLate = true;
          if (executor.thread() != 0) {
            loops.add(executor.thread());
          }
        }
      }
      List<Entry> result = new ArrayList<>();
      for (Entry thread : dump.entries()) {
        boolean carried = thread.virtual && thread.running() && (anyLate || !known);
        boolean platform = !thread.virtual && (loops.contains(thread.id) || !known);
        if ((carried || platform) && stays(thread)) {
          result.add(thread);
        }
      }
      return result;
    }

    /** Whether it is in the app, and at the same place in each dump that has it. */
    private boolean stays(Entry thread) {
      Optional<String> place = method(thread);
      return place.isPresent()
          && found.dumps().stream()
              .allMatch(
                  dump -> dump.thread(thread.id).map(t -> method(t).equals(place)).orElse(false));
    }

    private Optional<String> method(Entry thread) {
      return found.ownCode().appFrame(thread).map(Frame::method);
    }

    private String place(Entry thread) {
      return found
          .ownCode()
          .appFrame(thread)
          .map(Frame::shown)
          .orElse(thread.frames.isEmpty() ? "no frame" : thread.frames.getFirst().shown());
    }

    private Optional<Verdict> poolExhausted() {
      boolean waited =
          stuck.stream().anyMatch(Court::waitsForOthers)
              || (stuck.isEmpty() && !found.lines("in flight").isEmpty());
      if (!waited) {
        return Optional.empty();
      }
      Map<String, List<Entry>> pools = new LinkedHashMap<>();
      for (Entry thread : last.map(ThreadDump::entries).orElse(List.of())) {
        String stem = thread.name.replaceAll("\\d+$", "");
        if (!thread.virtual && !stem.equals(thread.name) && !stuck.contains(thread)) {
          pools.computeIfAbsent(stem, name -> new ArrayList<>()).add(thread);
        }
      }
      for (Map.Entry<String, List<Entry>> pool : pools.entrySet()) {
        List<Entry> threads = pool.getValue();
        Entry first = threads.getFirst();
        if (threads.size() >= 2
            && threads.stream().allMatch(t -> stays(t) && method(t).equals(method(first)))
            && threads.stream().noneMatch(Court::waitsForWork)) {
          String text =
              "all %d threads of the pool \"%s*\" are in %s"
                  .formatted(threads.size(), pool.getKey(), place(first));
          List<Entry> guilty = new ArrayList<>(List.of(first));
          guilty.addAll(stuck);
          return verdict(
              Cause.POOL_EXHAUSTED,
              stuck.isEmpty()
                  ? text
                  : text
                      + ", and %s waits in %s"
                          .formatted(stuck.getFirst().title(), place(stuck.getFirst())),
              guilty);
        }
      }
      return Optional.empty();
    }

    /** In a lock, a future, a queue, which other threads are to open; not asleep. */
    private static boolean waitsForOthers(Entry thread) {
      if (thread.frames.isEmpty() || thread.running()) {
        return false;
      }
      String top = thread.frames.getFirst().method();
      return !top.startsWith("java.lang.Thread.sleep");
    }

    /** A thread of a pool that has nothing to do waits in a queue. */
    private static boolean waitsForWork(Entry thread) {
      for (Frame frame : thread.frames) {
        if (!frame.isJdk()) {
          return false;
        }
        if (frame.method().matches(".*(Queue|Deque|Exchanger)[\\w$]*\\.(take|poll|remove)\\w*")
            || frame.method().endsWith(".awaitWork")) {
          return true;
        }
      }
      return false;
    }

    private Optional<Verdict> nativeHang() {
      List<Entry> hung =
          stuck.stream()
              .filter(
                  thread ->
                      !thread.frames.isEmpty()
                          && thread.frames.getFirst().isNative()
                          && !thread.frames.getFirst().isJavaWait())
              .toList();
      if (hung.isEmpty()) {
        return Optional.empty();
      }
      Entry first = hung.getFirst();
      String wchan = wchan(first);
      return verdict(
          Cause.NATIVE_HANG,
          "%s is in %s, called by %s%s"
              .formatted(
                  first.title(),
                  first.frames.getFirst().shown(),
                  place(first),
                  wchan.isEmpty() ? "" : ", in the kernel in " + wchan),
          hung);
    }

    /** The kernel knows threads by the first 15 characters of their names; carriers have others. */
    private String wchan(Entry thread) {
      List<Long> same = new ArrayList<>();
      found
          .process()
          .tasks()
          .forEach(
              (id, task) -> {
                String name = thread.name;
                if (!name.isEmpty()
                    && task.name().equals(name.substring(0, Math.min(15, name.length())))) {
                  same.add(id);
                }
              });
      return same.size() == 1 ? found.process().wchan(same.getFirst()) : "";
    }

    /**
     * @param running threads that compute; else those that wait
     */
    private Optional<Verdict> blocked(boolean running) {
      List<Entry> guilty = stuck.stream().filter(t -> t.running() == running).toList();
      if (guilty.isEmpty()) {
        return Optional.empty();
      }
      Entry first = guilty.getFirst();
      long lag = found.executors().stream().mapToLong(Executor::lagMillis).max().orElse(0);
      return verdict(
          Cause.EVENT_LOOP_BLOCKED,
          "%s %s in %s%s%s"
              .formatted(
                  first.title(),
                  running ? "computes" : "waits (" + first.state + ")",
                  place(first),
                  lag == 0 ? "" : ", and no loop has run for %.1f s".formatted(lag / 1000.0),
                  guilty.size() == 1 ? "" : "; so do %d more".formatted(guilty.size() - 1)),
          guilty);
    }

    private Optional<Verdict> gcPause() {
      String heap =
          found.figure("heap-max") == 0
              ? ""
              : "; heap %d MB in use of %d MB"
                  .formatted(found.figure("heap-used") >> 20, found.figure("heap-max") >> 20);
      if (found.sinceBeat().isPresent() && found.figure("gc-millis") > 0) {
        Findings.SinceBeat beat = found.sinceBeat().get();
        long spent = found.figure("gc-millis") - beat.gcMillis();
        if (beat.agoMillis() > 0 && 100 * spent / beat.agoMillis() >= GC_PERCENT) {
          return verdict(
              Cause.GC_PAUSE,
              "the collector took %d %% of the %.1f s since the last beat%s"
                  .formatted(
                      Math.min(100, 100 * spent / beat.agoMillis()),
                      beat.agoMillis() / 1000.0,
                      heap),
              List.of());
        }
      }
      int percent = found.load().percent(found.load().gcNanos());
      return percent < GC_PERCENT
          ? Optional.empty()
          : verdict(
              Cause.GC_PAUSE,
              "the collector's threads ran for %d %% of the last %.1f s%s"
                  .formatted(percent, found.load().wallNanos() / 1e9, heap),
              List.of());
    }

    private Optional<Verdict> throttled() {
      Load load = found.load();
      return load.periods() < LEAST_PERIODS || load.throttledPercent() < THROTTLED_PERCENT
          ? Optional.empty()
          : verdict(
              Cause.CPU_STARVED,
              "throttled in %d of %d periods (%d %%) by the quota of %s; it ran for %d %% of the time"
                  .formatted(
                      load.throttled(),
                      load.periods(),
                      load.throttledPercent(),
                      load.cgroup(),
                      load.percent(load.cpuNanos())),
              List.of());
    }

    private Optional<Verdict> starved() {
      Load load = found.load();
      int ran = load.percent(load.cpuNanos());
      int waited = load.percent(load.delayNanos());
      return waited < 50 || ran > 30 || waited < 2 * ran
          ? Optional.empty()
          : verdict(
              Cause.CPU_STARVED,
              "its threads ran for %d %% of the time and waited for a core for %d %%"
                  .formatted(ran, waited),
              List.of());
    }

    /** The loops turn; then it is about requests. */
    private Optional<Verdict> requestStuck() {
      boolean turning =
          !found.executors().isEmpty()
              && found.executors().stream().allMatch(e -> e.lagMillis() < STUCK_MILLIS);
      List<String> requests = found.lines("in flight");
      if (!turning || requests.isEmpty()) {
        return Optional.empty();
      }
      Map<String, List<Entry>> places = new LinkedHashMap<>();
      for (Entry thread : last.map(ThreadDump::entries).orElse(List.of())) {
        if (stays(thread) && !waitsForWork(thread)) {
          places.computeIfAbsent(method(thread).orElse(""), key -> new ArrayList<>()).add(thread);
        }
      }
      List<Entry> most = List.of();
      for (List<Entry> threads : places.values()) {
        most = threads.size() > most.size() ? threads : most;
      }
      if (most.size() >= JAM && most.size() * 5 >= requests.size() * 4) {
        return verdict(
            Cause.POOL_EXHAUSTED,
            "%d threads are in %s, of %d requests in flight"
                .formatted(most.size(), place(most.getFirst()), requests.size()),
            List.of(most.getFirst()));
      }
      return verdict(
          Cause.REQUEST_STUCK,
          "the loops turn; oldest request: "
              + requests.getFirst()
              + (most.isEmpty()
                  ? ""
                  : "; %s is in %s".formatted(most.getFirst().title(), place(most.getFirst()))),
          most.isEmpty() ? List.of() : List.of(most.getFirst()));
    }

    private static Optional<Verdict> verdict(Cause cause, String figure, List<Entry> guilty) {
      List<String> stack = new ArrayList<>();
      for (Entry thread : guilty.stream().limit(MOST_STACKS).toList()) {
        stack.add("%s %s".formatted(thread.title(), thread.state));
        thread.stack().stream().limit(MOST_FRAMES).forEach(frame -> stack.add("    " + frame));
      }
      return Optional.of(new Verdict(cause, figure, List.copyOf(stack)));
    }

    private static final int MOST_STACKS = 3;
    private static final int MOST_FRAMES = 25;
  }
}
