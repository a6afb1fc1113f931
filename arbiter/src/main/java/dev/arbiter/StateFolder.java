package dev.arbiter;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where an arbiter keeps what is to outlive it. What the service manager gives comes first
 * (systemd.exec(5), {@code StateDirectory=}), then the usual place of the user, last a folder for
 * temporary files: in a container nothing else may be there to be written to.
 */
final class StateFolder {
  private StateFolder() {}

  /**
   * Folders to try in turn.
   *
   * @param name of the arbiter ({@code --name}): two on a machine keep apart
   */
  static List<Path> candidates(Map<String, String> environment, Path temporary, String name) {
    List<Path> folders = new ArrayList<>();
    String given = environment.getOrDefault("STATE_DIRECTORY", "").split(":", 2)[0];
    if (!given.isEmpty()) {
      folders.add(Path.of(given).resolve("incidents"));
    }
    String user = System.getProperty("user.name", "unknown");
    String state = environment.getOrDefault("XDG_STATE_HOME", "");
    String home = environment.getOrDefault("HOME", "");
    String own = name.replaceAll("[^\\w.-]", "_");
    if (user.equals("root")) {
      folders.add(Path.of("/var/lib/arbiter", own, "incidents"));
    } else if (!state.isEmpty()) {
      folders.add(Path.of(state, "arbiter", own, "incidents"));
    } else if (!home.isEmpty()) {
      folders.add(Path.of(home, ".local/state/arbiter", own, "incidents"));
    }
    folders.add(temporary.resolve("arbiter-%s-%s-incidents".formatted(user, own)));
    return folders.stream().map(Path::toAbsolutePath).toList();
  }
}
