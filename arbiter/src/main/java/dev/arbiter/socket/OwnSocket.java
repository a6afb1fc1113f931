package dev.arbiter.socket;

import dev.arbiter.process.Errno;
import dev.arbiter.process.Kernel;
import dev.arbiter.process.Kernel.ErrnoException;
import dev.arbiter.settings.BindAddress;
import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/**
 * A Unix socket for the arbiter's own clients, not for its workers: at no moment may it be open to
 * more people than its mode says.
 *
 * <p>Design note. bind(2) creates the file with what the umask leaves of 0777, and the umask
 * belongs to the whole process, whose other threads create files too. The mode that a socket has
 * <i>before</i> it is bound limits its file's, so it is narrowed first; what the umask then took
 * away is given back after, before listen(2), until when everybody is refused.
 */
public final class OwnSocket {
  private static final int BACKLOG = 128;

  private OwnSocket() {}

  /**
   * Binds and listens, non-blocking. A file that nobody listens on is replaced.
   *
   * @param mode such as 0600
   */
  public static Listener bind(Path path, int mode) throws BindFailure {
    BindAddress.Unix address = new BindAddress.Unix(path.toString(), false);
    try (Claim _ = Claim.of(address, path)) {
      int fd = Kernel.socket(Abi.AF_UNIX, Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC | Abi.SOCK_NONBLOCK);
      try {
        Kernel.mode(fd, mode);
        Kernel.bind(fd, SocketAddress.ofUnix(path.toString(), false));
        Files.setPosixFilePermissions(path, permissions(mode));
        Kernel.listen(fd, BACKLOG);
        return Listener.bound("unix:" + path, fd, path);
      } catch (IOException e) {
        Kernel.close(fd);
        throw e;
      }
    } catch (ErrnoException e) {
      throw new BindFailure(
          5,
          false,
          "Cannot bind " + address + ": " + Errno.text(e.errno()),
          "the folder must exist and be this user's to write to");
    } catch (IOException e) {
      throw new BindFailure(5, false, "Cannot bind " + address + ": " + e, "");
    }
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] all =
        PosixFilePermission.values(); // OWNER_READ first, OTHERS_EXECUTE last
    for (int i = 0; i < all.length; i++) {
      if ((mode >> all.length - 1 - i & 1) == 1) {
        set.add(all[i]);
      }
    }
    return set;
  }
}
