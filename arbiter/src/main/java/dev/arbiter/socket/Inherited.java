package dev.arbiter.socket;

import dev.arbiter.process.Kernel;
import dev.arbiter.process.Kernel.ErrnoException;
import dev.arbiter.settings.BindAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The sockets a service manager passed to this process, as sd_listen_fds(3) describes: from
 * descriptor 3 on, with names. They answer to {@code --bind} by address or as {@code fd://NAME};
 * what no bind asks for at the start is closed.
 */
public final class Inherited {
  /** The variables that announce them: not for workers, who would take their pipes for sockets. */
  public static final List<String> VARIABLES =
      List.of("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES");

  private static final int FIRST = 3;

  private record Passed(int fd, String name) {}

  private final List<Passed> sockets;
  private boolean settled;

  private Inherited(List<Passed> sockets, boolean settled) {
    this.sockets = sockets;
    this.settled = settled;
  }

  /** None. */
  public static Inherited none() {
    return new Inherited(List.of(), false);
  }

  /**
   * The same for an arbiter that takes over from one in this process: names and numbers are as they
   * were, and what nobody asked for has been closed long ago.
   */
  public Inherited handedOver() {
    return new Inherited(sockets, true);
  }

  /**
   * What the environment announces to the process {@code pid}.
   *
   * @throws BindFailure it does not make sense
   */
  public static Inherited from(Map<String, String> environment, long pid) throws BindFailure {
    if (!Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
      return none(); // meant for another process, which passed its environment on
    }
    String count = environment.getOrDefault("LISTEN_FDS", "0");
    if (!count.matches("[0-9]{1,4}")) {
      throw new BindFailure(
          2,
          false,
          "LISTEN_FDS is not a number of sockets: " + count,
          "the service manager sets it; unset LISTEN_PID if there is none");
    }
    List<String> names =
        Arrays.asList(environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1));
    List<Passed> sockets = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(count); i++) {
      sockets.add(new Passed(FIRST + i, i < names.size() ? names.get(i) : ""));
    }
    return new Inherited(List.copyOf(sockets), false);
  }

  /**
   * The addresses to listen at: those wanted, with {@code fd://NAME} replaced by the descriptors of
   * that name. Where nobody asked for any, all that were passed.
   */
  List<BindAddress> resolve(Listening wanted) {
    if (!wanted.given() && !sockets.isEmpty()) {
      return Stream.concat(
              sockets.stream().<BindAddress>map(passed -> new BindAddress.Fd(passed.fd())),
              wanted.plain().stream())
          .toList();
    }
    List<BindAddress> resolved = new ArrayList<>();
    for (BindAddress address : wanted.addresses()) {
      List<BindAddress> named =
          address instanceof BindAddress.Named(String name)
              ? sockets.stream()
                  .filter(passed -> passed.name().equals(name))
                  .<BindAddress>map(passed -> new BindAddress.Fd(passed.fd()))
                  .toList()
              : List.of();
      resolved.addAll(named.isEmpty() ? List.of(address) : named);
    }
    resolved.addAll(wanted.plain());
    return resolved;
  }

  /** The one that was passed for this address instead of it, as long as none has been closed. */
  Endpoint substitute(Endpoint endpoint) {
    if (settled || endpoint.address().length == 0) {
      return endpoint;
    }
    for (Passed passed : sockets) {
      if (isAt(passed.fd(), endpoint.address())) {
        return endpoint.by(passed.fd());
      }
    }
    return endpoint;
  }

  private static boolean isAt(int fd, byte[] address) {
    try {
      return SocketAddress.same(Kernel.name(fd), address);
    } catch (ErrnoException notASocket) {
      return false; // it will be named when it is closed
    }
  }

  /** Closes those that are not among {@code used}. Once: later their numbers are other files. */
  void closeUnused(List<Integer> used, Consumer<String> log) {
    if (settled) {
      return;
    }
    settled = true;
    for (Passed passed : sockets) {
      if (!used.contains(passed.fd())) {
        log.accept(
            "Closed the passed socket %s: no --bind asks for %s"
                .formatted(title(passed), "fd://" + passed.fd() + ", its address or its name"));
        Kernel.close(passed.fd());
      }
    }
  }

  private static String title(Passed passed) {
    String name = passed.name().isEmpty() ? "fd://" + passed.fd() : passed.name();
    try {
      return name + " (" + SocketAddress.name(Kernel.name(passed.fd())) + ")";
    } catch (ErrnoException notASocket) {
      return name + " (not a socket)";
    }
  }

  /** Whether a descriptor may be adopted: later than the start, a number can be anything. */
  boolean mayAdopt() {
    return !settled;
  }
}
