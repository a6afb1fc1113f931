package dev.arbiter.socket;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Finds out who listens on an address that is taken, from proc(5); as far as this user may look.
 */
final class Holder {
  private static final String LISTENING = "0A"; // TCP_LISTEN, in /proc/net/tcp
  private static final int LONGEST = 120;

  private Holder() {}

  static Optional<String> ofPort(int port) {
    String suffix = String.format(Locale.ROOT, ":%04X", port);
    Set<String> inodes = new HashSet<>();
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      for (String[] fields : rows(table)) {
        if (fields.length > 9 && fields[1].endsWith(suffix) && fields[3].equals(LISTENING)) {
          inodes.add(fields[9]);
        }
      }
    }
    return process(inodes);
  }

  static Optional<String> ofUnix(String path) {
    Set<String> inodes = new HashSet<>();
    for (String[] fields : rows("/proc/net/unix")) {
      if (fields.length > 7 && fields[7].equals(path)) {
        inodes.add(fields[6]);
      }
    }
    return process(inodes);
  }

  private static List<String[]> rows(String table) {
    try (var lines = Files.lines(Path.of(table))) {
      return lines.map(line -> line.strip().split("\\s+")).toList();
    } catch (IOException | java.io.UncheckedIOException e) {
      return List.of(); // not this kernel, not this user: the error is reported without a name
    }
  }

  private static Optional<String> process(Set<String> inodes) {
    if (inodes.isEmpty()) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        if (holds(process, inodes)) {
          return Optional.of(name(process));
        }
      }
    } catch (IOException e) {
      return Optional.empty(); // as above
    }
    return Optional.empty();
  }

  private static String name(Path process) {
    String pid = String.valueOf(process.getFileName());
    return pid.equals(Long.toString(ProcessHandle.current().pid()))
        ? "this arbiter, which was told to bind it before"
        : "pid %s (%s)".formatted(pid, command(process));
  }

  private static boolean holds(Path process, Set<String> inodes) {
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path fd : fds) {
        String target = Files.readSymbolicLink(fd).toString();
        if (target.startsWith("socket:[")
            && inodes.contains(target.substring(8, target.length() - 1))) {
          return true;
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      return false; // another user's process, or one that has just gone
    }
    return false;
  }

  private static String command(Path process) {
    try {
      String line = Files.readString(process.resolve("cmdline")).replace('\0', ' ').strip();
      // A JVM's line begins with its flags; what it runs stands at the end.
      return line.length() <= LONGEST
          ? line
          : line.substring(0, LONGEST / 3)
              + " ... "
              + line.substring(line.length() - LONGEST / 3 * 2);
    } catch (IOException e) {
      return "unknown";
    }
  }
}
