package dev.arbiter.worker;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What every thread of this process is doing, virtual threads among them (a QUIT dump shows only
 * their carriers). On the control thread, which no loop can hold up.
 */
final class Threads {
  private Threads() {}

  /**
   * Dumps.
   *
   * @param folder for the file that the JDK insists on: where the worker is killed meanwhile, it
   *     lies with the other evidence; empty: the one for temporary files
   */
  static String dump(String folder) throws IOException {
    Path mine =
        folder.isEmpty() || !Files.isWritable(Path.of(folder))
            ? Files.createTempDirectory("arbiter-dump-")
            : Files.createTempDirectory(Path.of(folder), "dump-");
    Path file = mine.resolve("threads.txt");
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
      return Files.readString(file);
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(mine);
    }
  }
}
