package dev.arbiter.release;

import dev.arbiter.process.FileTree;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The arbiter's temporary files: a folder that only its user may enter, with one in it for each
 * generation. Made when it is first needed; its name ends at random, so that nobody can have put
 * classes there. Off the loop; any thread.
 */
public final class Scratch {
  private static final String PREFIX = "arbiter-";

  /** S_ISVTX: who may make entries in a folder may not replace those of others, inode(7). */
  private static final int STICKY = 01000;

  /** Workers of an arbiter that was killed may still drain, and load classes from there. */
  private static final Duration STILL_USED = Duration.ofMinutes(10);

  private final Path temporary;
  private final long pid;
  private Optional<Path> folder = Optional.empty();

  /**
   * @param temporary the folder for temporary files
   */
  public Scratch(Path temporary, long pid) {
    this.temporary = temporary;
    this.pid = pid;
  }

  /** The folder, if it was made. */
  public synchronized Optional<Path> folder() {
    return folder;
  }

  /** Goes on with the folder of another arbiter in this process, and keeps what is still used. */
  public synchronized void adopt(Path other, Collection<Path> used) throws IOException {
    folder = Optional.of(other);
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(other, "generation-*")) {
      for (Path entry : entries) {
        if (used.stream().noneMatch(path -> path.startsWith(entry))) {
          FileTree.delete(entry);
        }
      }
    }
  }

  /** Where a generation's compiled classes go; not made yet, but the folder around it is. */
  synchronized Path classes(long generation) throws IOException {
    if (folder.isEmpty()) {
      folder = Optional.of(Files.createTempDirectory(temporary, PREFIX + pid + "-")); // mode 0700
    }
    return folder.get().resolve("generation-" + generation);
  }

  /**
   * Lets a group read what was made for a generation, and nobody else. It stays the arbiter's own:
   * who serves must not be able to change what others load, the arbiter itself (hooks) among them.
   *
   * @param user who reads
   * @throws UnsafeWayException the user cannot get there, or others could put something else there
   */
  synchronized void share(long generation, long user, long group) throws IOException {
    if (folder.isEmpty()) {
      return;
    }
    checkTheWay(folder.get(), user);
    // To be passed through by those who know the name; the random part of it is not listed.
    Files.setPosixFilePermissions(folder.get(), PosixFilePermissions.fromString("rwx--x--x"));
    Path made = folder.get().resolve("generation-" + generation);
    if (!Files.exists(made)) {
      return;
    }
    try (Stream<Path> all = Files.walk(made)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        Files.setAttribute(path, "unix:gid", (int) group, LinkOption.NOFOLLOW_LINKS);
        Files.setPosixFilePermissions(
            path,
            PosixFilePermissions.fromString(Files.isDirectory(path) ? "rwxr-x---" : "rw-r-----"));
      }
    }
  }

  /** What was made cannot be reached by those who are to load it, or could be changed by others. */
  static final class UnsafeWayException extends IOException {
    private static final long serialVersionUID = 1;

    UnsafeWayException(Path folder, String why) {
      super(folder + " " + why);
    }
  }

  /**
   * Looks at the folders above, as they really are. A {@code TMPDIR} of root's own would else be
   * found out by a worker that misses its app's class; and whoever may rename a folder on the way
   * can put classes of his own there, which the arbiter loads as root. Only what the mode alone
   * rules out is refused: lists of access and further groups may let somebody in.
   */
  private static void checkTheWay(Path folder, long user) throws IOException {
    long own = id(Path.of("/proc/self"), "unix:uid");
    for (Path above = folder.toRealPath().getParent(); above != null; above = above.getParent()) {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(above);
      String shown = " (mode " + PosixFilePermissions.toString(mode) + ")";
      long owner = id(above, "unix:uid");
      if (owner != 0 && owner != own) {
        throw new UnsafeWayException(
            above, "belongs to user %d, who could change it".formatted(owner));
      }
      boolean isSticky = (id(above, "unix:mode") & STICKY) != 0;
      if (!isSticky
          && (mode.contains(PosixFilePermission.OTHERS_WRITE)
              || mode.contains(PosixFilePermission.GROUP_WRITE) && id(above, "unix:gid") != 0)) {
        throw new UnsafeWayException(above, "can be changed by others" + shown);
      }
      boolean mayEnter =
          user == 0
              || (owner == user
                  ? mode.contains(PosixFilePermission.OWNER_EXECUTE)
                  : mode.contains(PosixFilePermission.GROUP_EXECUTE)
                      || mode.contains(PosixFilePermission.OTHERS_EXECUTE));
      if (!mayEnter) {
        throw new UnsafeWayException(above, "may not be entered by them" + shown);
      }
    }
  }

  private static long id(Path path, String attribute) throws IOException {
    return Integer.toUnsignedLong((int) Files.getAttribute(path, attribute));
  }

  /** Deletes what was made for a generation. */
  public synchronized void retire(long generation) throws IOException {
    if (folder.isPresent()) {
      FileTree.delete(folder.get().resolve("generation-" + generation));
    }
  }

  /** Deletes everything, at the end. */
  public synchronized void clear() throws IOException {
    if (folder.isPresent()) {
      FileTree.delete(folder.get());
    }
  }

  /**
   * Deletes what arbiters of this user that were killed have left: folders named for a pid that is
   * nobody's or was given out again to this one.
   *
   * @throws IOException the last failure; the others are deleted all the same
   */
  public void clearLeftovers() throws IOException {
    IOException last = null;
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(temporary, PREFIX + "[0-9]*-*")) {
      for (Path left : folders) {
        try {
          if (isLeftover(left)) {
            FileTree.delete(left);
          }
        } catch (IOException e) {
          last = e instanceof NoSuchFileException ? last : e; // another start clears it as well
        }
      }
    }
    if (last != null) {
      throw last;
    }
  }

  private boolean isLeftover(Path left) throws IOException {
    String owner = String.valueOf(left.getFileName()).substring(PREFIX.length()).split("-", 2)[0];
    if (folder.filter(left::equals).isPresent()
        || !owner.chars().allMatch(Character::isDigit)
        || !owner.equals(Long.toString(pid)) && Files.exists(Path.of("/proc", owner))) {
      return false;
    }
    // Anybody may put a link there, to a folder of ours, and a folder of his own in its place once
    // it was looked at: what is deleted then is not what was looked at. A folder of ours he cannot
    // replace, where the folder around it is such as /tmp.
    PosixFileAttributes found =
        Files.readAttributes(left, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return found.isDirectory()
        && found.owner().equals(Files.getOwner(Path.of("/proc/self")))
        && found.lastModifiedTime().toInstant().plus(STILL_USED).isBefore(Instant.now());
  }
}
