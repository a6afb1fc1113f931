package dev.arbiter.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.opentest4j.TestAbortedException;

/**
 * A cgroup whose processes get one hundredth of a core. Where cgroups cannot be made, which takes
 * root and a kernel that shows them, the test is left out.
 */
final class CpuQuota implements AutoCloseable {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  private final Path group;

  private CpuQuota(Path group) {
    this.group = group;
  }

  static CpuQuota create(String name) {
    for (Path root : List.of(ROOT.resolve("cpu"), ROOT.resolve("cpu,cpuacct"), ROOT)) {
      Path group = root.resolve(name);
      try {
        Files.createDirectory(group);
      } catch (IOException notHere) {
        continue;
      }
      try {
        if (Files.exists(group.resolve("cpu.max"))) {
          Files.writeString(group.resolve("cpu.max"), "1000 100000");
        } else {
          Files.writeString(group.resolve("cpu.cfs_period_us"), "100000");
          Files.writeString(group.resolve("cpu.cfs_quota_us"), "1000");
        }
        return new CpuQuota(group);
      } catch (IOException noQuota) {
        group.toFile().delete();
      }
    }
    throw new TestAbortedException("no cgroup with a CPU quota can be made here");
  }

  String name() {
    return group.getFileName().toString();
  }

  /** From now on for this process. */
  void limit(long pid) throws IOException {
    Files.writeString(group.resolve("cgroup.procs"), Long.toString(pid));
  }

  @Override
  public void close() {
    try {
      // A process that has just ended may still be counted.
      Await.until("the cgroup is gone", Limits.ANSWER, () -> group.toFile().delete());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the test has run out of time
    }
  }
}
