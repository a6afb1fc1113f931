package dev.arbiter.diagnose;

import dev.arbiter.supervise.ExitStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Why a process died, from what it left behind. Pure. */
final class Autopsy {
  /** Signals a JVM dies of by its own fault: ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS. */
  private static final Set<Integer> FAULTS = Set.of(4, 5, 6, 7, 8, 11, 31);

  private static final int KILL = 9;

  /** HotSpot's words, and those of a worker that found it in the app's code. */
  private static final Pattern OUT_OF_MEMORY =
      Pattern.compile("Terminating due to (java\\.lang\\.OutOfMemoryError.*)");

  private static final Pattern FATAL_SIGNAL = Pattern.compile("^#\\s+(SIG[A-Z]+) \\(.*");
  private static final Pattern INTERNAL = Pattern.compile("^#\\s+(Internal Error .*)");
  private static final Pattern CURRENT = Pattern.compile("^Current thread \\([^)]*\\):\\s+(.*)");

  /** Interpreted and compiled frames: {@code j app.App.crash()V+5}, {@code J 12 c1 app.App...}. */
  private static final Pattern JAVA_FRAME =
      Pattern.compile("^[jJ]\\s+(?:\\d+%?\\s+\\S+\\s+)?(\\S+)[(\\s].*");

  private Autopsy() {}

  /** Whether a process that ended so leaves an incident, whatever the decisions knew of it. */
  static boolean isFault(ExitStatus status, List<String> output) {
    return (status instanceof ExitStatus.Killed(int signal) && FAULTS.contains(signal))
        || outOfMemory(output).isPresent();
  }

  /**
   * @param output its last lines
   * @param errorFile what HotSpot wrote when it crashed; empty if nothing
   * @param oomKills processes that the kernel has killed in its cgroup for lack of memory since it
   *     was started
   */
  static Verdict of(ExitStatus status, List<String> output, String errorFile, long oomKills) {
    Optional<String> memory = outOfMemory(output);
    if (memory.isPresent()) {
      return new Verdict(Cause.OUT_OF_MEMORY, memory.get() + where(output), List.of());
    }
    if (status instanceof ExitStatus.Killed(int signal) && signal == KILL && oomKills > 0) {
      return new Verdict(
          Cause.OUT_OF_MEMORY,
          "killed by the kernel: its cgroup had no memory left (oom_kill %d)".formatted(oomKills),
          List.of());
    }
    if (!errorFile.isEmpty()) {
      return crash(status, errorFile);
    }
    if (status instanceof ExitStatus.Killed(int signal) && FAULTS.contains(signal)) {
      return new Verdict(Cause.CRASH, status.text() + "; the JVM wrote no error file", List.of());
    }
    return new Verdict(Cause.DEAD, status.text(), List.of());
  }

  private static Optional<String> outOfMemory(List<String> output) {
    return output.stream()
        .map(OUT_OF_MEMORY::matcher)
        .filter(Matcher::find)
        .map(found -> found.group(1))
        .findFirst();
  }

  /** The frame of the app behind the words, where the worker printed a stack. */
  private static String where(List<String> output) {
    int at = 0;
    while (at < output.size() && !OUT_OF_MEMORY.matcher(output.get(at)).find()) {
      at++;
    }
    for (String line : output.subList(Math.min(at + 1, output.size()), output.size())) {
      if (line.strip().startsWith("at ")) {
        Frame frame = new Frame(line.strip().substring("at ".length()));
        if (!frame.isJdk()) {
          return ", in " + frame.shown();
        }
      }
    }
    return "";
  }

  private static Verdict crash(ExitStatus status, String errorFile) {
    String signal = status.text();
    String problematic = "";
    String thread = "";
    String javaFrame = "";
    List<String> stack = new ArrayList<>();
    List<String> lines = errorFile.lines().limit(400).toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      Matcher fatal = FATAL_SIGNAL.matcher(line);
      Matcher internal = INTERNAL.matcher(line);
      Matcher current = CURRENT.matcher(line);
      Matcher frame = JAVA_FRAME.matcher(line);
      if (fatal.matches()) {
        signal = fatal.group(1);
      } else if (internal.matches()) {
        signal = internal.group(1);
      } else if (line.startsWith("# Problematic frame:") && i + 1 < lines.size()) {
        problematic =
            lines
                .get(i + 1)
                .replaceFirst("^#\\s*", "")
                .replaceFirst(" \\(\\d+ bytes\\).*", "")
                .strip();
      } else if (current.matches()) {
        thread = current.group(1).strip();
      } else if (frame.matches()) {
        stack.add(line.strip());
        Frame at = new Frame(frame.group(1));
        if (javaFrame.isEmpty() && !at.isJdk()) {
          javaFrame = at.method();
        }
      }
    }
    return new Verdict(
        Cause.CRASH,
        "%s in %s%s%s"
            .formatted(
                signal,
                problematic.isEmpty() ? "an unknown frame" : problematic,
                javaFrame.isEmpty() ? "" : ", called by " + javaFrame,
                thread.isEmpty() ? "" : "; " + thread),
        List.copyOf(stack.subList(0, Math.min(25, stack.size()))));
  }
}
