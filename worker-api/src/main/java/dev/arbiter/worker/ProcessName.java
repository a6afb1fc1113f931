package dev.arbiter.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What {@code ps -e} and top(1) call this process: without it, each of them is a {@code java}. Any
 * thread.
 */
public final class ProcessName {
  private static final int LONGEST = 15; // TASK_COMM_LEN of the kernel, less the zero at its end

  private ProcessName() {}

  /**
   * Sets it. The name is that of the process's first thread, which in a JVM runs no Java: proc(5)
   * lets any thread of a process write it.
   *
   * @param name cut, so that both fit into 15 bytes
   * @param ending what tells it from others of that name
   * @throws IOException /proc is not as it should be; the process runs all the same
   */
  public static void set(String name, String ending) throws IOException {
    byte[] front = name.getBytes(UTF_8);
    byte[] back = ending.getBytes(UTF_8);
    int room = Math.max(0, Math.min(front.length, LONGEST - back.length));
    byte[] whole = Arrays.copyOf(front, room + back.length);
    System.arraycopy(back, 0, whole, room, back.length);
    String pid = Long.toString(ProcessHandle.current().pid());
    Files.write(Path.of("/proc/self/task", pid, "comm"), whole);
  }
}
