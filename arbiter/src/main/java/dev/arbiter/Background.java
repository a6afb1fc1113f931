package dev.arbiter;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.process.Kernel;
import dev.arbiter.process.Os;
import dev.arbiter.process.PosixOs;
import dev.arbiter.upgrade.Launch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The arbiter that {@code --daemon} starts, as the command that started it sees it ({@link
 * #start}), and as it sees itself ({@link #here}).
 *
 * <p>Design note. A JVM cannot fork, so the command starts the launcher anew: in a session without
 * a terminal (setsid(1)), by a shell that leaves at once, so that the arbiter is no leader of its
 * session, which could be given a terminal again, and is a child of the system's first process. Two
 * pipes lead back: its standard error, which the command passes on until the fleet is ready, and
 * one for three words: its pid, then that it is ready or with which code it ends. When it is ready
 * it lets both go, and its own output leads to its error log or nowhere from then on.
 */
final class Background {
  private static final int REPORT = 3;
  private static final int INTERNAL_ERROR = 1;
  private static final int SIGINT = 2;
  private static final int USAGE = 2;
  private static final Path NOWHERE = Path.of("/dev/null");
  private static final List<String> SETSID = List.of("/usr/bin/setsid", "/bin/setsid");

  /** Whether somebody waits for this process to be ready; the descriptor is another's after. */
  private static final AtomicBoolean WAITED_FOR = new AtomicBoolean(isBegun(System.getenv()));

  private final Optional<Path> log;

  private Background(Optional<Path> log) {
    this.log = log;
  }

  // ---- in the command

  /**
   * Starts it, and waits until it is ready or has failed; what it says in between is passed on.
   *
   * @return the exit code of the command
   */
  static int start(Launch launch) throws IOException {
    Optional<String> setsid =
        SETSID.stream().filter(path -> Files.isExecutable(Path.of(path))).findFirst();
    if (launch.launcher().isEmpty() || setsid.isEmpty()) {
      System.err.println(
          "arbiter: --daemon needs "
              + (setsid.isEmpty()
                  ? "the program setsid of util-linux"
                  : "to be started by bin/arbiter"));
      return USAGE;
    }
    Os os = new PosixOs();
    List<String> command =
        new ArrayList<>(List.of(setsid.get(), "/bin/sh", "-c", "\"$@\" &", "sh"));
    command.addAll(launch.command());
    Os.Pipe said = os.pipe();
    Os.Pipe report = os.pipe();
    int nowhere = Kernel.openToAppend(NOWHERE);
    long intermediate =
        os.spawn(
            new Os.Child(
                command,
                launch.detached(REPORT),
                List.of(-1, nowhere, said.writeEnd(), report.writeEnd())));
    os.close(said.writeEnd());
    os.close(report.writeEnd());
    os.close(nowhere);
    AtomicLong pid = new AtomicLong();
    Runtime.getRuntime()
        .addShutdownHook(Thread.ofPlatform().unstarted(() -> giveUp(pid.get()))); // INT, TERM, HUP
    Thread passing = Thread.ofPlatform().daemon().start(() -> passOn(os, said.readEnd()));
    int code = await(os, report.readEnd(), pid);
    pid.set(0);
    try {
      passing.join(2000); // it has let its end go
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    os.reap(intermediate);
    return code;
  }

  /** Whoever interrupts the command does not want what it was starting. */
  private static void giveUp(long pid) {
    if (pid > 0) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
    }
  }

  private static int await(Os os, int fd, AtomicLong pid) throws IOException {
    StringBuilder text = new StringBuilder();
    byte[] buffer = new byte[256];
    for (int count = os.read(fd, buffer); count > 0; count = os.read(fd, buffer)) {
      text.append(new String(buffer, 0, count, UTF_8));
      for (int end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        String[] words = text.substring(0, end).split(" ", 2);
        text.delete(0, end + 1);
        switch (words[0]) {
          case "pid" -> pid.set(Long.parseLong(words[1]));
          case "ready" -> {
            return 0;
          }
          case "exit" -> {
            int code = Integer.parseInt(words[1]);
            if (code == 0) {
              System.err.println("arbiter: it was stopped before it was ready");
            }
            return code == 0 ? INTERNAL_ERROR : code;
          }
          default -> throw new IOException("not understood: " + words[0]);
        }
      }
    }
    System.err.println("arbiter: it has ended without a word, before it was ready");
    return INTERNAL_ERROR;
  }

  private static void passOn(Os os, int fd) {
    byte[] buffer = new byte[4096];
    try {
      for (int count = os.read(fd, buffer); count > 0; count = os.read(fd, buffer)) {
        System.err.write(buffer, 0, count);
        System.err.flush();
      }
    } catch (IOException e) {
      System.err.println("arbiter: what it says cannot be read: " + e.getMessage());
    }
  }

  // ---- in the arbiter

  /**
   * This process, if it runs in the background.
   *
   * @param resumed whether it goes on for an arbiter that was ready already
   * @param wanted {@code --daemon}
   * @param log where the arbiter's log goes; empty if nowhere
   * @throws IOException the log cannot be opened
   */
  static Optional<Background> here(boolean resumed, boolean wanted, Optional<Path> log)
      throws IOException {
    if (!isWaitedFor() && !(resumed && wanted)) {
      return Optional.empty();
    }
    if (isWaitedFor()) {
      if (!report("pid " + ProcessHandle.current().pid())) {
        Runtime.getRuntime().halt(128 + SIGINT); // whoever started it has given it up
      }
      Kernel.redirect(1, log.orElse(NOWHERE)); // before workers are given it for access records
    }
    return Optional.of(new Background(log));
  }

  /** Whether this process was started by the command, to run in the background. */
  static boolean isBegun(Map<String, String> environment) {
    return environment.containsKey(Launch.DETACHED);
  }

  /** Whether somebody waits for this arbiter to be ready, and reads what it prints. */
  static boolean isWaitedFor() {
    return WAITED_FOR.get();
  }

  /** The fleet is ready: nobody reads any more. When all that was logged has been written. */
  void ready() throws IOException {
    if (isWaitedFor()) {
      try {
        Kernel.redirect(2, log.orElse(NOWHERE));
      } catch (IOException renamed) {
        Kernel.redirect(2, NOWHERE); // until USR1; the command must not wait for that
        throw renamed;
      } finally {
        boolean _ = report("ready");
        WAITED_FOR.set(false);
        Kernel.close(REPORT);
      }
    }
  }

  /** The log is another file by now, under the same name. */
  void reopened() throws IOException {
    if (log.isPresent() && !isWaitedFor()) {
      Kernel.redirect(1, log.get());
      Kernel.redirect(2, log.get());
    }
  }

  /** This process ends; said to whoever still waits. */
  static void ends(int code) {
    if (isWaitedFor()) {
      boolean _ = report("exit " + code);
    }
  }

  /** Nobody may be there any more: that changes nothing for an arbiter in the background. */
  private static boolean report(String line) {
    return new PosixOs().writeNow(REPORT, (line + "\n").getBytes(UTF_8));
  }
}
