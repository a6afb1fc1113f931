package dev.arbiter;

import dev.arbiter.process.Privileges;
import dev.arbiter.process.Privileges.Identity;
import dev.arbiter.settings.Config;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/**
 * The access log of workers that run as another user than the arbiter. They open it, at their start
 * and again after it was renamed, and may not make files where logs are; so the arbiter makes it
 * for them, and gives it to them.
 *
 * <p>Only in a folder that nobody but root can change, with all above it: elsewhere somebody might
 * put a link in the place of the file and be given what it leads to. There a worker that may make
 * the file needs no help.
 */
final class AccessFile {
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private AccessFile() {}

  /**
   * Makes the file that {@code --access-logfile} names, if there is to be one and it is missing,
   * and makes it the workers' if it is the arbiter's own.
   *
   * @throws IOException it cannot be made; a worker that cannot either will say so
   */
  static void prepare(Config config, Privileges privileges) throws IOException {
    if (privileges.identity().isEmpty()
        || !config.has("access-logfile")
        || config.text("access-logfile").equals("-")) {
      return;
    }
    Path given = config.path("access-logfile").toAbsolutePath();
    Path folder = given.resolveSibling("").toRealPath();
    Path file = folder.resolve(given.getFileName());
    Identity workers = privileges.identity().get();
    if (!isRoots(folder)) {
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !mayMake(folder, workers)) {
        throw new IOException(
            "others than root can change %s or a folder above it: make %s for the workers' user, or use a folder of root's"
                .formatted(folder, file));
      }
      return;
    }
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----")));
    } catch (FileAlreadyExistsException there) {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || owner(file) != 0) {
        return; // a device, a link that root has put there, or given to somebody already
      }
    }
    Files.setAttribute(file, "unix:gid", (int) workers.gid(), LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(file, "unix:uid", (int) workers.uid(), LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean mayMake(Path folder, Identity workers) throws IOException {
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(folder);
    return mode.contains(PosixFilePermission.OTHERS_WRITE)
        || owner(folder) == workers.uid()
        || mode.contains(PosixFilePermission.GROUP_WRITE)
            && (int) Files.getAttribute(folder, "unix:gid") == workers.gid();
  }

  private static boolean isRoots(Path folder) throws IOException {
    for (Path at = folder; at != null; at = at.getParent()) {
      EnumSet<PosixFilePermission> writers = EnumSet.copyOf(OTHERS);
      writers.retainAll(Files.getPosixFilePermissions(at));
      boolean isSticky = ((int) Files.getAttribute(at, "unix:mode") & 01000) != 0;
      if (owner(at) != 0 || !writers.isEmpty() && (at.equals(folder) || !isSticky)) {
        return false;
      }
    }
    return true;
  }

  private static int owner(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }
}
