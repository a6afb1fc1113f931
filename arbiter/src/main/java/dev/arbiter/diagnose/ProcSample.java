package dev.arbiter.diagnose;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A process at one moment, as proc(5) shows it: the state and the CPU time of each thread, and how
 * often its cgroup was throttled. Whatever a kernel does not show is zero or empty.
 *
 * @param nanos when, by {@link System#nanoTime}
 * @param state the letter of the process, a space if there is none
 * @param frozen the cgroup whose freezer holds it, empty if none does. Its state does not tell: it
 *     is that of a process that sleeps, or that waits for a disk
 */
record ProcSample(
    long pid, long nanos, char state, Map<Long, Task> tasks, Throttle throttle, String frozen) {
  private static final Path PROC = Path.of("/proc");
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");

  /** Where version 2 is mounted beside version 1. */
  private static final Path UNIFIED = CGROUPS.resolve("unified");

  private static final long NANOS_PER_TICK = 10_000_000; // USER_HZ is 100 on every Linux port

  /**
   * A thread of the kernel's.
   *
   * @param cpuNanos time it ran
   * @param delayNanos time it could have run and had no core
   */
  record Task(String name, char state, long cpuNanos, long delayNanos) {}

  /**
   * The cgroup that was throttled most, of those the process is in.
   *
   * @param periods in which it ran
   * @param throttled of these, in which its quota was used up
   */
  record Throttle(String cgroup, long periods, long throttled) {}

  static ProcSample of(long pid) {
    Map<Long, Task> tasks = new TreeMap<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(dir(pid).resolve("task"))) {
      for (Path folder : folders) {
        tasks.put(Long.valueOf(String.valueOf(folder.getFileName())), task(folder));
      }
    } catch (IOException | DirectoryIteratorException e) {
      // It has gone; those that were read remain.
      tasks.remove(-1L);
    }
    char state = letter(read(dir(pid).resolve("stat")));
    return new ProcSample(
        pid, System.nanoTime(), state, Map.copyOf(tasks), throttle(pid), frozen(pid));
  }

  private static Task task(Path folder) {
    String stat = read(folder.resolve("stat"));
    String[] run = read(folder.resolve("schedstat")).strip().split(" ");
    boolean scheduled = run.length >= 2 && !run[0].isEmpty();
    return new Task(
        read(folder.resolve("comm")).strip(),
        letter(stat),
        scheduled ? Long.parseLong(run[0]) : ticks(stat) * NANOS_PER_TICK,
        scheduled ? Long.parseLong(run[1]) : 0);
  }

  private static char letter(String stat) {
    int end = stat.lastIndexOf(')'); // the name before it may itself hold anything
    return end < 0 || end + 2 >= stat.length() ? ' ' : stat.charAt(end + 2);
  }

  private static long ticks(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
    return fields.length < 13 ? 0 : Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
  }

  /** Whether the process has ended, reaped or not. */
  boolean gone() {
    return state == ' ' || state == 'Z' || state == 'X';
  }

  /** Whether none of its threads may run until somebody else wants it. */
  boolean stopped() {
    return state == 'T' || state == 't' || !frozen.isEmpty();
  }

  // ---- cgroups

  /** The outermost cgroup that is frozen: the one somebody has frozen. */
  private static String frozen(long pid) {
    String outermost = "";
    for (Path group : groups(Long.toString(pid), "freezer")) {
      boolean first = read(group.resolve("freezer.state")).startsWith("FROZEN");
      boolean second = numbers(group.resolve("cgroup.events")).getOrDefault("frozen", 0L) == 1;
      outermost = first || second ? group.toString() : outermost;
    }
    return outermost;
  }

  private static Throttle throttle(long pid) {
    Throttle most = new Throttle("", 0, 0);
    for (Path group : groups(Long.toString(pid), "cpu")) {
      Map<String, Long> stat = numbers(group.resolve("cpu.stat"));
      long throttled = stat.getOrDefault("nr_throttled", 0L);
      if (throttled > most.throttled) {
        most = new Throttle(group.toString(), stat.getOrDefault("nr_periods", 0L), throttled);
      }
    }
    return most;
  }

  /** Processes of this process's memory cgroup that the kernel has killed, for lack of memory. */
  static long oomKills() {
    long kills = 0;
    for (Path group : groups("self", "memory")) {
      long here =
          numbers(group.resolve("memory.events")).getOrDefault("oom_kill", 0L)
              + numbers(group.resolve("memory.oom_control")).getOrDefault("oom_kill", 0L);
      kills = Math.max(kills, here);
    }
    return kills;
  }

  /** The folders of a controller, version 1 or 2, from the process's own group upwards. */
  private static List<Path> groups(String process, String controller) {
    List<Path> groups = new ArrayList<>();
    for (String line : read(PROC.resolve(process).resolve("cgroup")).split("\n", -1)) {
      String[] fields = line.split(":", 3);
      if (fields.length < 3) {
        continue;
      }
      boolean unified = fields[0].equals("0") && fields[1].isEmpty();
      if (!unified && !List.of(fields[1].split(",")).contains(controller)) {
        continue;
      }
      Path second = Files.isDirectory(UNIFIED) ? UNIFIED : CGROUPS;
      Path root = unified ? second : CGROUPS.resolve(fields[1]);
      if (!unified && !Files.isDirectory(root)) {
        root = CGROUPS.resolve(controller);
      }
      // In a container the path may be that of the host: what is seen then is the root.
      for (Path at = root.resolve(fields[2].substring(1)).normalize();
          at.startsWith(root);
          at = at.resolveSibling("").normalize()) {
        if (Files.isDirectory(at)) {
          groups.add(at);
        }
        if (at.equals(root)) {
          break;
        }
      }
    }
    return groups;
  }

  private static Map<String, Long> numbers(Path file) {
    Map<String, Long> numbers = new TreeMap<>();
    for (String line : read(file).split("\n", -1)) {
      String[] words = line.split(" ");
      if (words.length == 2 && words[1].matches("\\d{1,18}")) {
        numbers.put(words[0], Long.valueOf(words[1]));
      }
    }
    return numbers;
  }

  // ---- text

  /** What the kernel says of the process and of the threads that matter, for the incident. */
  String text(List<Long> threads) {
    StringBuilder text = new StringBuilder();
    for (String file :
        List.of(
            "status", "stat", "wchan", "syscall", "stack", "schedstat", "cgroup", "limits", "io")) {
      append(text, dir(pid).resolve(file));
    }
    for (long thread : threads) {
      Path folder = dir(pid).resolve("task").resolve(Long.toString(thread));
      for (String file : List.of("comm", "wchan", "syscall", "stack", "schedstat")) {
        append(text, folder.resolve(file));
      }
    }
    for (Path group : groups(Long.toString(pid), "cpu")) {
      append(text, group.resolve("cpu.stat"));
      append(text, group.resolve("cpu.pressure"));
      append(text, group.resolve("cpu.max"));
      append(text, group.resolve("cpu.cfs_quota_us"));
    }
    for (Path group : groups(Long.toString(pid), "freezer")) {
      append(text, group.resolve("freezer.state"));
      append(text, group.resolve("cgroup.events"));
    }
    for (Path group : groups(Long.toString(pid), "memory")) {
      append(text, group.resolve("memory.events"));
      append(text, group.resolve("memory.oom_control"));
    }
    for (String resource : List.of("cpu", "memory", "io")) {
      append(text, PROC.resolve("pressure").resolve(resource));
    }
    append(text, PROC.resolve("loadavg"));
    return text.toString();
  }

  private static void append(StringBuilder text, Path file) {
    String read = read(file);
    if (!read.isEmpty()) {
      text.append("== ").append(file).append(" ==\n").append(read.stripTrailing()).append('\n');
    }
  }

  /** Where a thread waits in the kernel; empty if it does not, or it is not shown. */
  String wchan(long thread) {
    String name =
        read(dir(pid).resolve("task").resolve(Long.toString(thread)).resolve("wchan")).strip();
    return name.equals("0") ? "" : name;
  }

  private static Path dir(long pid) {
    return PROC.resolve(Long.toString(pid));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, ISO_8859_1);
    } catch (IOException e) {
      return ""; // not every kernel shows every file to everybody, and the process may be gone
    }
  }
}
