package dev.arbiter.worker;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Heap, collections and resident memory of this process. On the beat thread only. */
final class ProcessVitals {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB$");

  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private long askedNanos = System.nanoTime();
  private long cpuNanos = system.getProcessCpuTime();

  long heapAfterGc() {
    long used = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      MemoryUsage after = pool.getCollectionUsage();
      if (pool.getType() == MemoryType.HEAP && after != null) {
        used += after.getUsed();
      }
    }
    return used;
  }

  long heapUsed() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** The pool of that name holds the compressed class space too. */
  long metaspace() {
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      if (pool.getName().equals("Metaspace")) {
        return pool.getUsage().getUsed();
      }
    }
    return 0;
  }

  /** What the JDK has handed out as direct buffers. */
  long direct() {
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      if (pool.getName().equals("direct")) {
        return pool.getMemoryUsed();
      }
    }
    return 0;
  }

  /** The process's share of its cores since this was last asked, 0 to 100. */
  int cpuPercent() {
    long now = System.nanoTime();
    long cpu = system.getProcessCpuTime();
    long time = (now - askedNanos) * Runtime.getRuntime().availableProcessors();
    long used = cpu - cpuNanos;
    askedNanos = now;
    cpuNanos = cpu;
    return time <= 0 ? 0 : Math.clamp(100 * used / time, 0, 100);
  }

  long heapMax() {
    return Runtime.getRuntime().maxMemory();
  }

  long gcMillis() {
    long millis = 0;
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      millis += Math.max(0, bean.getCollectionTime());
    }
    return millis;
  }

  /**
   * proc(5): in kilobytes, which need no page size as those of statm do; 0 where it cannot be read.
   */
  long rss() {
    try {
      Matcher found = RESIDENT.matcher(Files.readString(STATUS));
      return found.find() ? Long.parseLong(found.group(1)) << 10 : 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
