package dev.arbiter.release;

import dev.arbiter.process.FileTree;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The arbiter's temporary files: a folder that only its user may enter, with one in it for each
 * generation. Made when it is first needed; its name ends at random, so that nobody can have put
 * classes there. Off the loop; any thread.
 */
public final class Scratch {
  private static final String PREFIX = "arbiter-";

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
   */
  synchronized void share(long generation, long group) throws IOException {
    if (folder.isEmpty()) {
      return;
    }
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
    return folder.filter(left::equals).isEmpty()
        && owner.chars().allMatch(Character::isDigit)
        && (owner.equals(Long.toString(pid)) || !Files.exists(Path.of("/proc", owner)))
        && Files.getOwner(left).equals(Files.getOwner(Path.of("/proc/self")))
        && Files.getLastModifiedTime(left).toInstant().plus(STILL_USED).isBefore(Instant.now());
  }
}
