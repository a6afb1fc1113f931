package dev.arbiter.upgrade;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.process.Os;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Starts the arbiter that is installed now beside this one, with the same arguments and in the same
 * folder, only far enough to know that it could take over: it reads the settings, finds the app and
 * says who it is. It binds nothing and writes no pid file. On its standard input it finds what
 * would be left to it, to see whether it can read that. Off the loop.
 */
public final class DryRun {
  /** A source checkout may build itself first. */
  private static final Duration LIMIT = Duration.ofMinutes(3);

  private static final int MOST_OUTPUT = 64 * 1024;
  private static final int LINES_SHOWN = 20;
  private static final int KILL = 9;

  private final Os os;
  private final Launch launch;

  public DryRun(Os os, Launch launch) {
    this.os = os;
    this.launch = launch;
  }

  /** The candidate, or why there is none. */
  public sealed interface Result {
    /** It can take over. */
    record Fine(Candidate candidate) implements Result {}

    /** It cannot. */
    record Failed(String why) implements Result {}
  }

  /**
   * @param wires the versions of the worker protocol that the workers speak
   * @param handover as it would be now
   */
  public Result run(Set<Integer> wires, Handover handover) throws InterruptedException {
    if (launch.launcher().isEmpty()) {
      return new Result.Failed(
          "this arbiter was not started by bin/arbiter, and does not know how to start another; under"
              + " jsvc only a restart, by jsvc, leads to another");
    }
    if (!Files.isDirectory(launch.directory())) {
      return new Result.Failed(
          "the folder it was started in is gone: %s; paths of the settings start there"
              .formatted(launch.directory()));
    }
    if (!Files.isExecutable(launch.launcher().get())) {
      return new Result.Failed("there is no launcher any more: " + launch.launcher().get());
    }
    try {
      return judge(start(handover), wires);
    } catch (IOException e) {
      return new Result.Failed("it cannot be started: " + e.getMessage());
    }
  }

  /** What has become of it. */
  private record End(Optional<Integer> status, String output) {}

  private Result judge(End end, Set<Integer> wires) {
    Optional<Candidate> candidate = Candidate.find(end.output());
    if (end.status().isEmpty()) {
      return new Result.Failed(
          "it did not end within %d s%s".formatted(LIMIT.toSeconds(), said(end.output())));
    }
    if (end.status().get() != 0 || candidate.isEmpty()) {
      return new Result.Failed("it refused" + said(end.output()));
    }
    return candidate
        .get()
        .objection(Handover.FORMAT, wires)
        .<Result>map(Result.Failed::new)
        .orElse(new Result.Fine(candidate.get()));
  }

  private static String said(String output) {
    List<String> lines = output.strip().lines().toList();
    return lines.isEmpty() || lines.getFirst().isEmpty()
        ? " without a word"
        : ":\n"
            + String.join(
                "\n", lines.subList(Math.max(0, lines.size() - LINES_SHOWN), lines.size()));
  }

  private End start(Handover handover) throws IOException, InterruptedException {
    // The shell changes the folder: this process's own belongs to the loop.
    List<String> command =
        new ArrayList<>(List.of("/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh"));
    command.add(launch.directory().toString());
    command.addAll(launch.command(Launch.CHECK));
    int state = handover.file();
    Os.Pipe pipe;
    try {
      pipe = os.pipe();
    } catch (IOException e) {
      os.close(state);
      throw e;
    }
    long pid;
    try {
      pid =
          os.spawn(
              new Os.Child(
                  command, launch.environment(), List.of(state, pipe.writeEnd(), pipe.writeEnd())));
    } catch (IOException e) {
      os.close(pipe.readEnd());
      throw e;
    } finally {
      os.close(state);
      os.close(pipe.writeEnd());
    }
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    long end = System.nanoTime() + LIMIT.toNanos();
    Optional<Integer> status = Optional.empty();
    try {
      if (read(pipe.readEnd(), output, end)) {
        status = await(pid, end);
      }
    } finally {
      os.close(pipe.readEnd());
      if (status.isEmpty()) {
        os.signal(-pid, KILL); // its group: it may have started a compiler
        await(pid, System.nanoTime() + TimeUnit.SECONDS.toNanos(5));
      }
    }
    return new End(status, output.toString(UTF_8));
  }

  /** Whether the end came before its time was over. */
  private boolean read(int fd, ByteArrayOutputStream output, long end) throws IOException {
    byte[] buffer = new byte[4096];
    while (true) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0 || !os.awaitReadable(fd, Math.toIntExact(left))) {
        return false;
      }
      int count = os.read(fd, buffer);
      if (count <= 0) {
        return true;
      }
      if (output.size() < MOST_OUTPUT) {
        output.write(buffer, 0, count);
      }
    }
  }

  /** Reaps it: the wait status, if it ends in time. */
  private Optional<Integer> await(long pid, long end) throws InterruptedException {
    while (true) {
      OptionalInt status = os.reap(pid);
      if (status.isPresent()) {
        return Optional.of(status.getAsInt());
      }
      if (System.nanoTime() > end) {
        return Optional.empty();
      }
      TimeUnit.MILLISECONDS.sleep(10); // its output has ended: it is about to
    }
  }
}
