package dev.arbiter.bench.change;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Signals, and what Linux tells of processes and sockets. */
@SuppressWarnings("restricted") // the JDK sends no signals but TERM and KILL
final class Kernel {
  /** By the number it has on x86-64 and aarch64. */
  enum Signal {
    HUP(1),
    KILL(9),
    USR2(12),
    TERM(15),
    CONT(18),
    STOP(19),
    TTIN(21),
    TTOU(22);

    private final int number;

    Signal(int number) {
      this.number = number;
    }
  }

  /**
   * One end of a TCP connection.
   *
   * @param listening whether it is none but the queue of a listener
   * @param waiting in that queue
   */
  record Tcp(int localPort, int remotePort, boolean listening, int waiting, long inode) {}

  private static final Path PROC = Path.of("/proc");
  private static final MethodHandle KILL =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("kill"),
              FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

  private Kernel() {}

  /** Whether there was such a process. */
  static boolean kill(long pid, Signal signal) {
    try {
      return (int) KILL.invokeExact(Math.toIntExact(pid), signal.number) == 0;
    } catch (Throwable e) {
      throw new IllegalStateException("kill(" + pid + ", " + signal + ")", e);
    }
  }

  /** Whether a thread of it still runs. */
  static boolean alive(long pid) {
    return states(pid).stream().anyMatch(state -> state != 'Z' && state != 'X');
  }

  /** Whether all its threads are stopped. */
  static boolean stopped(long pid) {
    List<Character> states = states(pid);
    return !states.isEmpty() && states.stream().allMatch(state -> state == 'T');
  }

  private static List<Character> states(long pid) {
    List<Character> states = new ArrayList<>();
    try (DirectoryStream<Path> tasks =
        Files.newDirectoryStream(PROC.resolve(Long.toString(pid)).resolve("task"))) {
      for (Path task : tasks) {
        String stat = Files.readString(task.resolve("stat"), ISO_8859_1);
        states.add(stat.charAt(stat.lastIndexOf(')') + 2)); // the name may hold brackets
      }
    } catch (IOException | DirectoryIteratorException gone) {
      return states;
    }
    return states;
  }

  /** All processes that were started with this variable in their environment. */
  static Set<Long> marked(String nameAndValue) throws IOException {
    Set<Long> found = new HashSet<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        try {
          String environment = Files.readString(process.resolve("environ"), ISO_8859_1);
          if (List.of(environment.split("\0")).contains(nameAndValue)) {
            found.add(Long.parseLong(process.getFileName().toString()));
          }
        } catch (IOException e) {
          // It has gone, or is another user's.
        }
      }
    }
    return found;
  }

  /** The sockets of IPv4, or those on one port of them. */
  static List<Tcp> tcp(int localPort) throws IOException {
    List<Tcp> all = new ArrayList<>();
    List<String> lines = Files.readAllLines(PROC.resolve("net/tcp"), ISO_8859_1);
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.strip().split("\\s+"); // proc_net_tcp in the kernel's documentation
      if (port(fields[1]) == localPort) {
        all.add(
            new Tcp(
                localPort,
                port(fields[2]),
                fields[3].equals("0A"),
                Integer.parseInt(fields[4].substring(fields[4].indexOf(':') + 1), 16),
                Long.parseLong(fields[9])));
      }
    }
    return all;
  }

  /** The clients' ports of all connections to {@code port} that {@code pid} holds. */
  static Set<Integer> clientsOf(long pid, int port) throws IOException {
    Set<String> held = new HashSet<>();
    try (DirectoryStream<Path> descriptors =
        Files.newDirectoryStream(PROC.resolve(Long.toString(pid)).resolve("fd"))) {
      for (Path descriptor : descriptors) {
        held.add(Files.readSymbolicLink(descriptor).toString());
      }
    }
    Set<Integer> clients = new HashSet<>();
    for (Tcp socket : tcp(port)) {
      if (!socket.listening() && held.contains("socket:[" + socket.inode() + "]")) {
        clients.add(socket.remotePort());
      }
    }
    return clients;
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.indexOf(':') + 1), 16);
  }
}
