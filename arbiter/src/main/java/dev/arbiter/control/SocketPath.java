package dev.arbiter.control;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where the control socket of an arbiter lies unless a setting says. */
public final class SocketPath {
  static final Path OF_ROOT = Path.of("/run/arbiter");
  private static final String FOLDER = "arbiter";
  private static final String ENDING = ".sock";

  /** sockaddr_un has room for 108 bytes, the last of which is zero: unix(7). */
  static final int LONGEST = 107;

  private SocketPath() {}

  /** Where an arbiter makes it; empty if there is no place that is its user's alone. */
  static Optional<Path> of(String name, boolean root, Map<String, String> environment) {
    Optional<Path> folder = folder(environment);
    if (folder.isEmpty() && root) {
      folder = Optional.of(OF_ROOT);
    }
    return folder.map(found -> found.resolve(file(name)));
  }

  /**
   * Where a client looks for it, the likeliest first: a service that root runs has no {@code
   * XDG_RUNTIME_DIR}, and the shell of somebody who became root may have one.
   */
  public static List<Path> candidates(String name, Map<String, String> environment) {
    List<Path> paths = new ArrayList<>();
    folder(environment).ifPresent(folder -> paths.add(folder.resolve(file(name))));
    paths.add(OF_ROOT.resolve(file(name)));
    return List.copyOf(paths);
  }

  /** The arbiter's name that a file of that name stands for; empty if it is no control socket. */
  public static Optional<String> name(Path path) {
    String file = path.getFileName().toString();
    return file.endsWith(ENDING)
        ? Optional.of(file.substring(0, file.length() - ENDING.length()))
        : Optional.empty();
  }

  static boolean isTooLong(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST;
  }

  private static Optional<Path> folder(Map<String, String> environment) {
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    // A relative one is to be ignored: XDG Base Directory Specification.
    return runtime.startsWith("/") ? Optional.of(Path.of(runtime, FOLDER)) : Optional.empty();
  }

  /** A name may hold what a file's must not. */
  private static String file(String name) {
    return name.replaceAll("[^\\p{L}\\p{N}._-]", "_") + ENDING;
  }
}
