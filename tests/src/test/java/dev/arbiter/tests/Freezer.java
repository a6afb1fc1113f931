package dev.arbiter.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.opentest4j.TestAbortedException;

/**
 * A cgroup whose processes do not run until it is thawed. Where cgroups cannot be made, which takes
 * root and a kernel that shows them, the test is left out.
 */
final class Freezer implements AutoCloseable {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  private final Path group;

  private Freezer(Path group) {
    this.group = group;
  }

  static Freezer create(String name) {
    for (Path root : List.of(ROOT, ROOT.resolve("unified"), ROOT.resolve("freezer"))) {
      Path group = root.resolve(name);
      try {
        Files.createDirectory(group);
      } catch (IOException notHere) {
        continue;
      }
      if (Files.exists(group.resolve("cgroup.freeze"))
          || Files.exists(group.resolve("freezer.state"))) {
        return new Freezer(group);
      }
      group.toFile().delete();
    }
    throw new TestAbortedException("no cgroup with a freezer can be made here");
  }

  String name() {
    return group.getFileName().toString();
  }

  /** Takes this process in, and freezes it. */
  void freeze(long pid) throws IOException {
    Files.writeString(group.resolve("cgroup.procs"), Long.toString(pid));
    set("1", "FROZEN");
  }

  void thaw() throws IOException {
    set("0", "THAWED");
  }

  private void set(String second, String first) throws IOException {
    Path file = group.resolve("cgroup.freeze");
    if (Files.exists(file)) {
      Files.writeString(file, second);
    } else {
      Files.writeString(group.resolve("freezer.state"), first);
    }
  }

  @Override
  public void close() throws IOException {
    thaw();
    try {
      // A process that has just ended may still be counted.
      Await.until("the cgroup is gone", Limits.ANSWER, () -> group.toFile().delete());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the test has run out of time
    }
  }
}
