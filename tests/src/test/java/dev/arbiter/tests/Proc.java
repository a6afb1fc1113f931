package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What the kernel says of a process. A process that is gone has no entries. */
final class Proc {
  private static final Path ROOT = Path.of("/proc");

  /**
   * One end of a TCP connection, from {@code /proc/net/tcp}.
   *
   * @param inode of the socket, 0 while nobody has accepted it
   */
  record Tcp(int localPort, int remotePort, boolean established, boolean listening, long inode) {}

  private Proc() {}

  /** All processes. */
  static List<Long> all() {
    List<Long> pids = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(ROOT, "[0-9]*")) {
      entries.forEach(entry -> pids.add(Long.parseLong(entry.getFileName().toString())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return pids;
  }

  /** Living children; a zombie is none. */
  static List<Long> children(long parent) {
    return all().stream()
        .filter(pid -> stat(pid).map(s -> s.parent == parent && s.state != 'Z').orElse(false))
        .sorted()
        .toList();
  }

  /**
   * Whether any thread of the process still runs. The process itself is a zombie as soon as its
   * first thread has ended, and after a KILL another one may still take a connection from a queue.
   */
  static boolean alive(long pid) {
    return threads(pid).stream().anyMatch(state -> state != 'Z' && state != 'X');
  }

  /** Whether every thread of the process is stopped. */
  static boolean stopped(long pid) {
    List<Character> states = threads(pid);
    return !states.isEmpty() && states.stream().allMatch(state -> state == 'T');
  }

  /** The state of each thread; none if there is no such process. */
  private static List<Character> threads(long pid) {
    List<Character> states = new ArrayList<>();
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(dir(pid).resolve("task"))) {
      for (Path task : tasks) {
        read(task.resolve("stat")).map(Proc::parse).ifPresent(s -> states.add(s.state));
      }
    } catch (IOException | DirectoryIteratorException e) {
      return List.of(); // it has gone meanwhile
    }
    return states;
  }

  /** Whether it has a controlling terminal. */
  static boolean hasTerminal(long pid) {
    return stat(pid).orElseThrow().terminal != 0;
  }

  static long group(long pid) {
    return stat(pid).orElseThrow().group;
  }

  /** The arguments, with spaces between. */
  static String commandLine(long pid) {
    return read(dir(pid).resolve("cmdline")).orElse("").replace('\0', ' ').strip();
  }

  /** Whether the process was started with this variable. */
  static boolean hasEnvironment(long pid, String nameAndValue) {
    return environment(pid).contains(nameAndValue);
  }

  /** The variables the process was started with. */
  static List<String> environment(long pid) {
    return read(dir(pid).resolve("environ")).map(all -> List.of(all.split("\0"))).orElse(List.of());
  }

  /** A line of {@code /proc/PID/status}. */
  static Optional<String> status(long pid, String field) {
    return read(dir(pid).resolve("status"))
        .flatMap(text -> text.lines().filter(line -> line.startsWith(field + ":")).findFirst())
        .map(line -> line.substring(field.length() + 1).strip());
  }

  /** The most that a process has had in memory, in bytes. */
  static long peakMemory(long pid) {
    String[] kilobytes = status(pid, "VmHWM").orElseThrow().split(" ");
    return Long.parseLong(kilobytes[0]) << 10;
  }

  /** A signal mask of {@code /proc/PID/status}, such as {@code SigBlk}. */
  static long signalMask(long pid, String field) {
    return Long.parseUnsignedLong(status(pid, field).orElseThrow(), 16);
  }

  /** Descriptors and what they refer to, such as {@code pipe:[4711]}. */
  static Map<Integer, String> descriptors(long pid) {
    Map<Integer, String> found = new TreeMap<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(dir(pid).resolve("fd"))) {
      for (Path entry : entries) {
        link(entry)
            .ifPresent(
                target -> found.put(Integer.valueOf(entry.getFileName().toString()), target));
      }
    } catch (IOException gone) {
      return found;
    }
    return found;
  }

  /**
   * How many descriptors an arbiter holds once it is at rest: what is done elsewhere after a change
   * may hold some a moment longer.
   */
  static int settledDescriptors(long pid) throws InterruptedException {
    int[] last = {-1, 0};
    Await.until(
        "the number of descriptors stays the same",
        Limits.CHANGE,
        () -> {
          int now = descriptors(pid).size();
          last[1] = now == last[0] ? last[1] + 1 : 0;
          last[0] = now;
          return last[1] == 20;
        });
    return last[0];
  }

  /** Inodes of all sockets the process holds. */
  static Set<Long> sockets(long pid) {
    Set<Long> inodes = new HashSet<>();
    for (String target : descriptors(pid).values()) {
      if (target.startsWith("socket:[")) {
        inodes.add(Long.parseLong(target.substring(8, target.length() - 1)));
      }
    }
    return inodes;
  }

  /** All TCP sockets of the machine. */
  static List<Tcp> tcp() throws IOException {
    List<Tcp> all = new ArrayList<>();
    for (String table : List.of("tcp", "tcp6")) {
      Path file = ROOT.resolve("net").resolve(table);
      if (!Files.exists(file)) {
        continue;
      }
      List<String> lines = Files.readAllLines(file, ISO_8859_1);
      for (String line : lines.subList(1, lines.size())) {
        String[] fields = line.strip().split("\\s+");
        all.add(
            new Tcp(
                port(fields[1]),
                port(fields[2]),
                fields[3].equals("01"),
                fields[3].equals("0A"),
                Long.parseLong(fields[9])));
      }
    }
    return all;
  }

  /** How many connections to {@code port} each of {@code pids} holds. */
  static Map<Long, Integer> connections(Iterable<Long> pids, int port) throws IOException {
    Set<Long> inodes = new HashSet<>();
    for (Tcp socket : tcp()) {
      if (socket.established && socket.localPort == port) {
        inodes.add(socket.inode);
      }
    }
    Map<Long, Integer> counts = new HashMap<>();
    for (long pid : pids) {
      Set<Long> held = sockets(pid);
      held.retainAll(inodes);
      counts.put(pid, held.size());
    }
    return counts;
  }

  /** The client's ports of the connections to {@code port} that {@code pid} holds. */
  static Set<Integer> clientPorts(long pid, int port) throws IOException {
    Set<Long> held = sockets(pid);
    Set<Integer> ports = new HashSet<>();
    for (Tcp socket : tcp()) {
      if (!socket.listening && socket.localPort == port && held.contains(socket.inode)) {
        ports.add(socket.remotePort);
      }
    }
    return ports;
  }

  private static Optional<String> link(Path path) {
    try {
      return Optional.of(Files.readSymbolicLink(path).toString());
    } catch (IOException closedMeanwhile) {
      return Optional.empty();
    }
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.indexOf(':') + 1), 16);
  }

  private record Stat(char state, long parent, long group, long terminal) {}

  private static Optional<Stat> stat(long pid) {
    return read(dir(pid).resolve("stat")).map(Proc::parse);
  }

  private static Stat parse(String stat) {
    // The name may hold spaces and brackets: count from the last bracket.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return new Stat(
        fields[0].charAt(0),
        Long.parseLong(fields[1]),
        Long.parseLong(fields[2]),
        Long.parseLong(fields[4]));
  }

  private static Path dir(long pid) {
    return ROOT.resolve(Long.toString(pid));
  }

  private static Optional<String> read(Path file) {
    try {
      return Optional.of(Files.readString(file, ISO_8859_1));
    } catch (IOException gone) {
      return Optional.empty();
    }
  }
}
