package dev.arbiter.process;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The command line and environment of a worker's JVM. */
public final class WorkerCommand {
  private WorkerCommand() {}

  /**
   * @param java the JDK to run it
   * @param options the user's own flags, after ours, so that theirs win
   */
  public static List<String> of(
      Path java, WorkerKind kind, Budget budget, Path temporary, List<String> options) {
    List<String> command = new ArrayList<>();
    command.add(java.resolve("bin/java").toString());
    command.addAll(budget.options());
    command.add(
        "-XX:+ExitOnOutOfMemoryError"); // a worker that has lost a thread to it is no worker
    command.add("-XX:+PerfDisableSharedMem"); // no file of each JVM under /tmp
    command.add("-Djava.io.tmpdir=" + temporary);
    command.addAll(kind.jvmFlags());
    command.addAll(options);
    command.add("-cp");
    command.add(
        kind.classPath().stream()
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator)));
    command.add(kind.mainClass());
    command.add(kind.name());
    return List.copyOf(command);
  }

  /** The environment the user gives it, with what a worker needs. */
  public static Map<String, String> environment(
      Map<String, String> given, int nr, int workers, long generation) {
    Map<String, String> environment = new LinkedHashMap<>(given);
    // The kernel's limit on malloc arenas is 8 per core; each costs a small JVM up to 64 MB of
    // address
    // space, and some of it becomes resident.
    environment.putIfAbsent("MALLOC_ARENA_MAX", "2");
    // HotSpot suspends threads with USR2 by default, which the fleet has other uses for.
    environment.put("_JAVA_SR_SIGNUM", "40");
    environment.put("ARBITER_WORKER_NR", Integer.toString(nr));
    environment.put("ARBITER_WORKER_COUNT", Integer.toString(workers));
    environment.put("ARBITER_GENERATION", Long.toString(generation));
    return environment;
  }
}
