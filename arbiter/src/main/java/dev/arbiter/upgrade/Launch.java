package dev.arbiter.upgrade;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How this arbiter was started, to start the one that is installed now in the same way: paths as
 * they were given, so that a symlink that has been switched leads to the new release.
 *
 * @param launcher as it was called, absolute; empty if this arbiter was not started by a launcher
 * @param directory the folder it was started in, as the shell called it
 */
public record Launch(
    Optional<Path> launcher,
    List<String> arguments,
    Map<String, String> environment,
    Path directory) {

  /** Asks for a dry run; the first argument. For arbiters, not for operators. */
  public static final String CHECK = "--check-upgrade";

  /**
   * The variable that tells an arbiter it is the one to run in the background, and the descriptor
   * on which the command that started it waits.
   */
  public static final String DETACHED = "ARBITER_DETACHED";

  /**
   * @param launcher as the launcher itself tells its path; empty if there was none
   */
  public static Launch of(
      String launcher, List<String> arguments, Map<String, String> environment, Path directory) {
    Map<String, String> plain = new LinkedHashMap<>(environment);
    plain.remove(Handover.VARIABLE);
    plain.remove(DETACHED);
    return new Launch(
        launcher.isEmpty()
            ? Optional.empty()
            : Optional.of(directory.resolve(launcher).toAbsolutePath()),
        List.copyOf(arguments),
        Map.copyOf(plain),
        directory);
  }

  /** The command line, with {@code first} before the arguments. */
  List<String> command(String... first) {
    List<String> command = new ArrayList<>();
    command.add(launcher.orElseThrow().toString());
    command.addAll(List.of(first));
    command.addAll(arguments);
    return command;
  }

  /** The command line for an exec. */
  public List<String> command() {
    return command(new String[0]);
  }

  /** The environment of the arbiter that runs in the background. */
  public Map<String, String> detached(int reportDescriptor) {
    Map<String, String> result = new LinkedHashMap<>(environment);
    result.put(DETACHED, Integer.toString(reportDescriptor));
    return result;
  }

  /** The environment for an exec. */
  public Map<String, String> environment(int stateDescriptor) {
    Map<String, String> result = new LinkedHashMap<>(environment);
    result.put(Handover.VARIABLE, Integer.toString(stateDescriptor));
    return result;
  }
}
