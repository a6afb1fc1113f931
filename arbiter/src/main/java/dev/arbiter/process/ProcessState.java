package dev.arbiter.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What proc(5) says of a process. */
public final class ProcessState {
  private ProcessState() {}

  /**
   * The state letter of /proc/PID/stat: R, S, D, T (stopped by a signal), t (traced), Z; a space if
   * it cannot be read.
   */
  public static char letter(long pid) {
    String stat = stat(Long.toString(pid));
    // The command's name, in parentheses, may itself hold anything.
    int end = stat.lastIndexOf(')');
    return end < 0 || end + 2 >= stat.length() ? ' ' : stat.charAt(end + 2);
  }

  /** Whether this process has a controlling terminal. */
  public static boolean hasTerminal() {
    String stat = stat("self");
    String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
    return fields.length > 4 && !fields[4].equals("0"); // tty_nr
  }

  /** Whether this process ignores a signal, as it does when it was started so. */
  public static boolean ignores(int signal) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("SigIgn:")) {
          long mask = Long.parseUnsignedLong(line.substring("SigIgn:".length()).strip(), 16);
          return (mask >> (signal - 1) & 1) == 1;
        }
      }
    } catch (IOException e) {
      return true; // then its disposition is set to default, which is what it mostly is
    }
    return false;
  }

  private static String stat(String pid) {
    try {
      return Files.readString(Path.of("/proc", pid, "stat"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has just gone
    }
  }
}
