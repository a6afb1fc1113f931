package dev.arbiter.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchTest {
  private static final long NOBODY = 4_194_305; // above the kernel's largest pid

  private static final long STRANGER = 4_000_000_000L;

  @TempDir Path temporary;

  @Test
  void nobodyElseMayEnterAndNobodyCanGuessTheName() throws Exception {
    Path one = parent(new Scratch(temporary, 7).classes(1));
    Path other = parent(new Scratch(temporary, 7).classes(1));
    assertThat(one).isNotEqualTo(other);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(one)))
        .isEqualTo("rwx------");
  }

  @Test
  void nothingIsLeftAtTheEnd() throws Exception {
    Scratch scratch = new Scratch(temporary, 7);
    Files.createDirectories(scratch.classes(1).resolve("app"));
    Files.createFile(scratch.classes(1).resolve("app/App.class"));
    scratch.retire(1);
    assertThat(scratch.classes(1)).doesNotExist();
    scratch.clear();
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void whatKilledArbitersLeftIsDeletedOnceTheirWorkersAreGone() throws Exception {
    Path old = leftover(NOBODY, Instant.now().minusSeconds(3600));
    Path ours = leftover(7, Instant.now().minusSeconds(3600));
    Path young = leftover(NOBODY, Instant.now());
    Path living = leftover(ProcessHandle.current().pid(), Instant.now().minusSeconds(3600));
    Path stranger = Files.createDirectory(temporary.resolve("arbiter-notes"));

    new Scratch(temporary, 7).clearLeftovers();

    assertThat(old).doesNotExist();
    assertThat(ours).doesNotExist();
    assertThat(young).exists();
    assertThat(living).exists();
    assertThat(stranger).exists();
  }

  /** Somebody else's link, which he could replace by a folder once it was looked at. */
  @Test
  void aLinkToAFolderOfOursIsNoLeftover() throws Exception {
    Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
    Files.createFile(elsewhere.resolve("kept"));
    Files.setLastModifiedTime(elsewhere, FileTime.from(Instant.now().minusSeconds(3600)));
    Path link = Files.createSymbolicLink(temporary.resolve("arbiter-" + NOBODY + "-a"), elsewhere);

    new Scratch(temporary, 7).clearLeftovers();

    assertThat(link).isSymbolicLink();
    assertThat(elsewhere.resolve("kept")).exists();
  }

  @Test
  void whatIsSharedCanBeReachedAndNotBeReplaced() throws Exception {
    Scratch scratch = new Scratch(temporary, 7);
    Path classes = Files.createDirectories(scratch.classes(1).resolve("app"));
    int group = (int) Files.getAttribute(classes, "unix:gid");
    Path way = temporary;

    for (Map.Entry<Integer, String> refused :
        Map.of(
                0700, "may not be entered by them (mode rwx------)",
                0757, "can be changed by others (mode rwxr-xrwx)")
            .entrySet()) {
      Files.setAttribute(way, "unix:mode", refused.getKey());
      assertThatThrownBy(() -> scratch.share(1, STRANGER, group))
          .isInstanceOf(Scratch.UnsafeWayException.class)
          .hasMessage(way.toRealPath() + " " + refused.getValue());
    }
    for (int mode : new int[] {0711, 01757}) {
      Files.setAttribute(way, "unix:mode", mode);
      scratch.share(1, STRANGER, group);
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(classes)))
        .isEqualTo("rwxr-x---");
  }

  private Path leftover(long pid, Instant modified) throws IOException {
    Path folder = Files.createTempDirectory(temporary, "arbiter-" + pid + "-");
    Files.createFile(folder.resolve("App.class"));
    return Files.setLastModifiedTime(folder, FileTime.from(modified));
  }

  private static Path parent(Path path) {
    return path.resolveSibling(".").normalize();
  }
}
