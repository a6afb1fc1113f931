package dev.arbiter.settings;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What there is to share between workers.
 *
 * <p>Design note. A limit of any control group on the path from the root to this process holds, so
 * the smallest counts, in both versions of cgroups (Documentation/admin-guide/cgroup-v2.rst,
 * cgroup-v1/memory.rst, scheduler/sched-bwc.rst). In a container the path in {@code
 * /proc/self/cgroup} is often that of the host and does not exist; the container's own limit then
 * stands in the root of what can be seen.
 *
 * @param cores processors this process may use; a part of one counts as one, as in HotSpot
 * @param memory bytes of memory, of the machine or of the smallest cgroup around this process
 * @param limited whether {@code memory} is a cgroup's limit, which is no one else's to use
 */
public record Machine(int cores, long memory, boolean limited) {

  private static final long WORKER = 256L << 20;

  /** A machine with no cgroup around this process. */
  public Machine(int cores, long memory) {
    this(cores, memory, false);
  }

  /** This machine, or the container around this process. */
  public static Machine here() {
    return under(Path.of("/"), Runtime.getRuntime().availableProcessors());
  }

  /**
   * {@code --workers auto}: one for each core and 256M, at least 2; a single one where two and
   * their arbiter would find no room.
   */
  long workers() {
    return memory < 2 * WORKER ? 1 : Math.max(2, Math.min(cores, memory / WORKER));
  }

  /** Reads below {@code root} what the kernel shows below {@code /}. */
  static Machine under(Path root, int processors) {
    Path cgroups = root.resolve("sys/fs/cgroup");
    List<Path> memoryGroups = groups(root, cgroups, List.of("memory"));
    long all = machine(root.resolve("proc/meminfo"));
    long limit =
        memoryGroups.stream()
            .flatMap(group -> Stream.of("memory.max", "memory.limit_in_bytes").map(group::resolve))
            .flatMapToLong(file -> number(file).stream())
            .min()
            .orElse(Long.MAX_VALUE);
    long cores =
        groups(root, cgroups, List.of("cpu", "cpu,cpuacct", "cpuacct,cpu")).stream()
            .flatMapToLong(Machine::quota)
            .min()
            .orElse(processors);
    return new Machine(
        (int) Math.max(1, Math.min(processors, cores)), Math.min(all, limit), limit < all);
  }

  /** The cgroups this process is in, v2 and of a v1 controller, each up to its root. */
  private static List<Path> groups(Path root, Path cgroups, List<String> controllers) {
    List<Path> groups = new ArrayList<>();
    for (String line : lines(root.resolve("proc/self/cgroup"))) {
      String[] parts = line.split(":", 3); // number:controllers:/path, cgroups(7)
      if (parts.length == 3 && parts[1].isEmpty()) {
        addUpwards(groups, cgroups, parts[2]);
      } else if (parts.length == 3) {
        for (String controller : controllers) {
          if (List.of(parts[1].split(",")).contains(controller) || parts[1].equals(controller)) {
            addUpwards(groups, cgroups.resolve(controller), parts[2]);
          }
        }
      }
    }
    groups.add(cgroups);
    controllers.forEach(controller -> groups.add(cgroups.resolve(controller)));
    return groups;
  }

  private static void addUpwards(List<Path> groups, Path top, String below) {
    // A path may begin with /.. where the process has left its cgroup namespace.
    Path group = top.resolve("./" + below).normalize();
    while (group.startsWith(top)) {
      groups.add(group);
      group = group.resolve("..").normalize();
    }
  }

  /** Processors' worth of time that a group may take. */
  private static LongStream quota(Path group) {
    String[] v2 = first(group.resolve("cpu.max")).split("\\s+");
    if (v2.length == 2 && v2[0].matches("[0-9]+")) {
      return LongStream.of(Math.ceilDiv(Long.parseLong(v2[0]), Long.parseLong(v2[1])));
    }
    OptionalLong quota = number(group.resolve("cpu.cfs_quota_us"));
    OptionalLong period = number(group.resolve("cpu.cfs_period_us"));
    return quota.isPresent() && period.isPresent() && period.getAsLong() > 0
        ? LongStream.of(Math.ceilDiv(quota.getAsLong(), period.getAsLong()))
        : LongStream.empty();
  }

  private static long machine(Path meminfo) {
    return lines(meminfo).stream()
        .filter(line -> line.startsWith("MemTotal:"))
        .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
        .findFirst()
        .orElse(Long.MAX_VALUE);
  }

  /** Empty for {@code max}, for -1, and for a file that is not there. */
  private static OptionalLong number(Path file) {
    String text = first(file);
    return text.matches("[0-9]+")
        ? OptionalLong.of(new BigInteger(text).min(BigInteger.valueOf(Long.MAX_VALUE)).longValue())
        : OptionalLong.empty();
  }

  private static String first(Path file) {
    return lines(file).stream().findFirst().map(String::strip).orElse("");
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      // Not every kernel has every file: what cannot be read sets no limit.
      return List.of();
    }
  }
}
