package dev.arbiter.upgrade;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.process.Exec;
import dev.arbiter.process.Kernel;
import dev.arbiter.process.WorkerProcess;
import dev.arbiter.socket.Listener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * All that one arbiter hands to the next: travels as text in a file in memory, whose descriptor the
 * environment names. Descriptors keep their numbers.
 *
 * @param version of the arbiter that wrote it
 * @param home its installation
 * @param pid of the process: both are one
 * @param listeners that are open, whoever wants them
 * @param own sockets of the arbiter itself, which do not go along: only their files are left
 */
public record Handover(
    String version,
    String home,
    long pid,
    Optional<Path> pidFile,
    Optional<Path> scratch,
    List<Listener> listeners,
    List<Listener> own,
    Heritage heritage) {

  /**
   * The format that is written. Raised only when an older arbiter could not make sense of it any
   * more; kinds and keys may be added without that.
   */
  public static final int FORMAT = 1;

  /** The oldest format that is read. */
  static final int OLDEST = 1;

  static final String NAME = "arbiter-state";

  /** Names the descriptor of the file in memory. */
  public static final String VARIABLE = "ARBITER_STATE_FD";

  /**
   * Takes what another arbiter has left to this one, if it has; once.
   *
   * @throws IOException it cannot be used
   */
  public static Optional<Handover> take(Map<String, String> environment) throws IOException {
    String number = environment.getOrDefault(VARIABLE, "");
    if (number.isEmpty() || !isOurs(number)) {
      return Optional.empty();
    }
    try {
      Handover handover =
          HandoverText.decode(Files.readString(Path.of("/proc/self/fd", number), UTF_8));
      if (handover.pid() != ProcessHandle.current().pid()) {
        return Optional.empty(); // the variable of another process, inherited
      }
      Kernel.close(Integer.parseInt(number));
      return Optional.of(handover);
    } catch (IOException | RuntimeException e) {
      throw new IOException("What the arbiter before this one left cannot be used: " + e, e);
    }
  }

  /**
   * Reads what an arbiter would leave, if one shows it on standard input for a dry run, and forgets
   * it: whether it can be read is what it wants to know.
   *
   * @throws IOException it cannot be used
   */
  public static void rehearse() throws IOException {
    if (isOurs("0")) {
      try {
        HandoverText.decode(Files.readString(Path.of("/proc/self/fd/0"), UTF_8));
      } catch (RuntimeException e) {
        throw new IOException("What the arbiter that runs would leave cannot be used: " + e, e);
      }
    }
  }

  /** Not so where the variable was inherited from an arbiter that started this process. */
  private static boolean isOurs(String number) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd", number))
          .toString()
          .startsWith("/memfd:" + NAME);
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  /** Puts it into a file in memory; answers its descriptor. */
  public int file() throws IOException {
    return Exec.memory(NAME, HandoverText.encode(this).getBytes(UTF_8));
  }

  /** The descriptors that go along. */
  public TreeSet<Integer> descriptors() {
    TreeSet<Integer> all = new TreeSet<>();
    listeners.forEach(listener -> all.addAll(listener.fds()));
    for (Heritage.Crewman crewman : heritage.crew().values()) {
      WorkerProcess.Ends ends = crewman.ends();
      all.addAll(List.of(ends.toWorker(), ends.fromWorker(), ends.output()));
    }
    all.removeIf(fd -> fd < 0); // a pipe that has ended
    return all;
  }
}
