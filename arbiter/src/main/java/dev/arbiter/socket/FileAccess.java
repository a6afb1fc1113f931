package dev.arbiter.socket;

import dev.arbiter.process.Kernel;
import dev.arbiter.process.Kernel.ErrnoException;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Set;

/**
 * Who may connect to a socket file.
 *
 * @param permissions octal, such as {@code 0660}; empty for what the umask gives
 * @param owner {@code USER}, {@code USER:GROUP} or {@code :GROUP}, names or numbers; empty for the
 *     arbiter's own
 */
record FileAccess(String permissions, String owner) {

  /**
   * Before bind: bounds what the file will allow while it is made. The umask could do it too, but
   * it belongs to the process, and other threads make files.
   */
  void limit(int fd) throws ErrnoException {
    if (!permissions.isEmpty()) {
      Kernel.mode(fd, Integer.parseInt(permissions, 8));
    }
  }

  /** After bind: exactly what was asked for. */
  void grant(Path path) throws IOException, BindFailure {
    PosixFileAttributeView view =
        Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    if (!owner.isEmpty()) {
      own(view, path);
    }
    if (!permissions.isEmpty()) {
      // Not through the view: it opens a file that it may not follow, which a socket cannot be.
      Files.setPosixFilePermissions(path, symbolic());
    }
  }

  private void own(PosixFileAttributeView view, Path path) throws IOException, BindFailure {
    UserPrincipalLookupService names = FileSystems.getDefault().getUserPrincipalLookupService();
    int colon = owner.indexOf(':');
    String user = colon < 0 ? owner : owner.substring(0, colon);
    String group = colon < 0 ? "" : owner.substring(colon + 1);
    try {
      if (!group.isEmpty()) {
        view.setGroup(names.lookupPrincipalByGroupName(group));
      }
      if (!user.isEmpty()) {
        view.setOwner(names.lookupPrincipalByName(user));
      }
    } catch (UserPrincipalNotFoundException e) {
      throw new BindFailure(
          2,
          false,
          "Cannot give %s to %s: there is no such user or group".formatted(path, owner),
          "--uds-owner takes USER, USER:GROUP or :GROUP of this machine, names or numbers");
    } catch (IOException e) {
      throw new BindFailure(
          5,
          false,
          "Cannot give %s to %s: %s".formatted(path, owner, e.getMessage()),
          "only root may give a file to another user; a group must be one of the arbiter's own");
    }
  }

  private Set<PosixFilePermission> symbolic() {
    int mode = Integer.parseInt(permissions, 8);
    StringBuilder text = new StringBuilder();
    for (int bit = 8; bit >= 0; bit--) {
      text.append((mode >> bit & 1) == 1 ? "rwxrwxrwx".charAt(8 - bit) : '-');
    }
    return PosixFilePermissions.fromString(text.toString());
  }
}
