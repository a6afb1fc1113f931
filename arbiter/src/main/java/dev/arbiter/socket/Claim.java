package dev.arbiter.socket;

import static dev.arbiter.worker.Abi.SOCK_CLOEXEC;
import static dev.arbiter.worker.Abi.SOCK_NONBLOCK;
import static dev.arbiter.worker.Abi.SOCK_STREAM;

import dev.arbiter.process.Kernel;
import dev.arbiter.process.Kernel.ErrnoException;
import dev.arbiter.settings.BindAddress;
import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * The right to bind the path of a Unix socket, for as long as that takes. Waits a little: not for
 * the loop's thread.
 *
 * <p>Design note. A socket file that refuses connections is left over from a process that was
 * killed, or belongs to one that has called bind(2) and not yet listen(2). Of two arbiters that
 * come upon a file at the same time, the second would remove what the first has just bound, which
 * then listens where nobody finds it. So all of it, from the look at the file to listen(2), is done
 * under a lock: flock(2) on the folder, because a lock file would have to stay for ever. It ends
 * with its holder. A folder may not be readable, a network file system may have no such lock, and
 * in a folder like /tmp anybody may hold it: then it is done without, after a while.
 */
final class Claim implements AutoCloseable {

  /** Far longer than anybody takes to bind. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final Duration RETRY_EVERY = Duration.ofMillis(5);
  private static final int UNLOCKED = -1;

  private final int lock;

  private Claim(int lock) {
    this.lock = lock;
  }

  /**
   * Claims a path, and removes the file that is left over there, if one is.
   *
   * @throws BindFailure somebody listens there, or it is another file
   */
  static Claim of(BindAddress.Unix unix, Path path) throws BindFailure, IOException {
    Claim claim = new Claim(lock(path.toAbsolutePath().resolveSibling("")));
    try {
      removeStale(unix, path);
      return claim;
    } catch (BindFailure | IOException e) {
      claim.close();
      throw e;
    }
  }

  private static int lock(Path folder) {
    int fd;
    try {
      fd = Kernel.openFolder(folder);
    } catch (ErrnoException e) {
      return UNLOCKED;
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        Kernel.lock(fd);
        return fd;
      } catch (ErrnoException e) {
        if (e.errno() != Abi.EAGAIN || System.nanoTime() - end > 0) {
          Kernel.close(fd);
          return UNLOCKED;
        }
        LockSupport.parkNanos(RETRY_EVERY.toNanos());
      }
    }
  }

  private static void removeStale(BindAddress.Unix unix, Path path)
      throws BindFailure, IOException {
    int mode;
    try {
      mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException free) {
      return;
    }
    if ((mode & Abi.S_IFMT) != Abi.S_IFSOCK) {
      throw new BindFailure(
          5,
          false,
          "Cannot bind %s: the file exists and is not a socket".formatted(unix),
          "remove it, or give another path");
    }
    // Non-blocking: a peer whose queue is full would hold up the start; it answers EAGAIN instead.
    int probe = Kernel.socket(Abi.AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
    try {
      Kernel.connect(probe, SocketAddress.ofUnix(path.toString(), false));
      throw taken(unix, path);
    } catch (ErrnoException e) {
      switch (e.errno()) {
        case Abi.ECONNREFUSED, Abi.ENOENT -> Files.deleteIfExists(path);
        case Abi.EAGAIN -> throw taken(unix, path);
        default -> throw e;
      }
    } finally {
      Kernel.close(probe);
    }
  }

  private static BindFailure taken(BindAddress.Unix unix, Path path) {
    return new BindFailure(
        5,
        true,
        "Cannot bind %s: another process listens there".formatted(unix)
            + Holder.ofUnix(path.toString()).map(who -> ": " + who).orElse(""),
        "stop it, or give another path");
  }

  /** Others may look at the path. */
  @Override
  public void close() {
    if (lock != UNLOCKED) {
      Kernel.close(lock);
    }
  }
}
