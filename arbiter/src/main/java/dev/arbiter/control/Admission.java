package dev.arbiter.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Who may speak to the arbiter, by the credentials the kernel vouches for (SO_PEERCRED, unix(7)):
 * its own user and root; and where the socket's mode lets its group write, that group. The mode of
 * the file says the same, unless somebody has changed it since.
 *
 * @param uid the arbiter's user
 * @param gid the group of the socket's file
 */
record Admission(int uid, int gid, boolean group) {
  private static final int GROUP_WRITES = 020;

  /** As the socket at {@code path} has it. */
  static Admission of(Path path, int mode) throws IOException {
    return new Admission(
        (int) Files.getAttribute(path, "unix:uid"),
        (int) Files.getAttribute(path, "unix:gid"),
        (mode & GROUP_WRITES) != 0);
  }

  boolean admits(int peerUid, int peerGid, int peerPid) {
    return peerUid == 0
        || peerUid == uid
        || group && (peerGid == gid || supplementary(peerPid).contains(Integer.toString(gid)));
  }

  /** The kernel tells only the first group with the credentials. */
  private static List<String> supplementary(int pid) {
    try {
      return Files.readAllLines(Path.of("/proc", Integer.toString(pid), "status")).stream()
          .filter(line -> line.startsWith("Groups:"))
          .flatMap(
              line -> List.of(line.substring("Groups:".length()).strip().split("\\s+")).stream())
          .toList();
    } catch (IOException gone) {
      return List.of();
    }
  }
}
