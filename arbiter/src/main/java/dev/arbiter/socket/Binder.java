package dev.arbiter.socket;

import static dev.arbiter.worker.Abi.IPPROTO_IPV6;
import static dev.arbiter.worker.Abi.IPV6_V6ONLY;
import static dev.arbiter.worker.Abi.SOCK_CLOEXEC;
import static dev.arbiter.worker.Abi.SOCK_STREAM;
import static dev.arbiter.worker.Abi.SOL_SOCKET;
import static dev.arbiter.worker.Abi.SO_ACCEPTCONN;
import static dev.arbiter.worker.Abi.SO_RCVTIMEO;
import static dev.arbiter.worker.Abi.SO_REUSEADDR;
import static dev.arbiter.worker.Abi.SO_REUSEPORT;

import dev.arbiter.process.Errno;
import dev.arbiter.process.Kernel;
import dev.arbiter.process.Kernel.ErrnoException;
import dev.arbiter.settings.BindAddress;
import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Makes one listener after the other. Waits: not for the loop's thread.
 *
 * <p>Every socket is blocking, decided here once: the flag belongs to the open file description
 * that all workers share. It gets SO_RCVTIMEO, so that a worker's thread in accept looks up a few
 * times a second whether it may go on (see docs/design.md).
 */
final class Binder {
  private static final Duration RETRY_FOR = Duration.ofSeconds(3);
  private static final Duration RETRY_EVERY = Duration.ofMillis(250);

  /** How often a thread in accept looks up. */
  private static final Duration LOOK_UP = Duration.ofMillis(200);

  private final Listening wanted;
  private final List<Listener> leaving;
  private final Consumer<String> warn;

  /**
   * @param leaving listeners of ours that the same generation does not want; what overlaps with one
   *     of them is bound beside it
   * @param warn told when an address is tried again
   */
  Binder(Listening wanted, List<Listener> leaving, Consumer<String> warn) {
    this.wanted = wanted;
    this.leaving = leaving;
    this.warn = warn;
  }

  /**
   * Binds and listens. An address that is in use is tried again for 3 seconds, because its holder
   * may be on its way out.
   */
  Listener bind(Endpoint endpoint) throws BindFailure {
    long end = System.nanoTime() + RETRY_FOR.toNanos();
    for (boolean warned = false; ; warned = true) {
      try {
        return bindOnce(endpoint);
      } catch (BindFailure e) {
        if (!e.worthRetrying() || System.nanoTime() > end) {
          throw e;
        }
        if (!warned) {
          warn.accept(e.getMessage() + "; trying again for " + RETRY_FOR.toSeconds() + " s");
        }
        LockSupport.parkNanos(RETRY_EVERY.toNanos());
      }
    }
  }

  private Listener bindOnce(Endpoint endpoint) throws BindFailure {
    try {
      return switch (endpoint.asked()) {
        case BindAddress.Tcp tcp -> bindTcp(endpoint, tcp);
        case BindAddress.Unix unix when unix.isAbstract() -> bindAbstract(endpoint);
        case BindAddress.Unix unix -> bindUnix(endpoint, unix, endpoint.path().orElseThrow());
        case BindAddress.Fd fd -> adopt(endpoint, fd.fd());
        case BindAddress.Named named -> throw new IllegalArgumentException(named.toString());
      };
    } catch (ErrnoException e) {
      throw failure(endpoint.asked(), e);
    } catch (IOException e) {
      throw new BindFailure(5, false, "Cannot bind " + endpoint.asked() + ": " + e, "");
    }
  }

  private Listener bindTcp(Endpoint endpoint, BindAddress.Tcp tcp)
      throws BindFailure, ErrnoException {
    int first;
    try {
      first = Kernel.socket(SocketAddress.family(endpoint.address()), SOCK_STREAM | SOCK_CLOEXEC);
    } catch (ErrnoException e) {
      if (tcp.host().isEmpty()) { // a machine without IPv6
        BindAddress.Tcp v4 = new BindAddress.Tcp("0.0.0.0", tcp.port());
        return bindTcp(Endpoint.of(v4, List.of(v4), wanted.directory()).as(endpoint.key()), v4);
      }
      throw e;
    }
    List<Integer> queues = new ArrayList<>(List.of(first));
    try {
      configure(first, endpoint);
      // The first without SO_REUSEPORT: it would be let in beside another arbiter that has it set.
      bindFirst(first, endpoint, tcp.port());
      for (int queue = 1; queue < wanted.queues(); queue++) {
        Kernel.setOption(first, SOL_SOCKET, SO_REUSEPORT, SocketOptions.number(1));
        int next =
            Kernel.socket(SocketAddress.family(endpoint.address()), SOCK_STREAM | SOCK_CLOEXEC);
        queues.add(next);
        configure(next, endpoint);
        Kernel.setOption(next, SOL_SOCKET, SO_REUSEPORT, SocketOptions.number(1));
        Kernel.bind(next, Kernel.name(first)); // with the port that was chosen
      }
      for (int queue : queues) {
        Kernel.listen(queue, wanted.backlog());
      }
      return Listener.bound(endpoint.key(), queues);
    } catch (ErrnoException e) {
      queues.forEach(Kernel::close);
      throw e;
    }
  }

  private static void configure(int fd, Endpoint endpoint) throws ErrnoException {
    prepare(fd);
    Kernel.setOption(fd, SOL_SOCKET, SO_REUSEADDR, SocketOptions.number(1));
    if (SocketAddress.family(endpoint.address()) == Abi.AF_INET6) {
      Kernel.setOption(
          fd, IPPROTO_IPV6, IPV6_V6ONLY, SocketOptions.number(endpoint.v6Only() ? 1 : 0));
    }
  }

  private void bindFirst(int fd, Endpoint endpoint, int port) throws ErrnoException {
    try {
      Kernel.bind(fd, endpoint.address());
    } catch (ErrnoException e) {
      List<Integer> overlapping = plainSocketsOn(port);
      if (e.errno() != Abi.EADDRINUSE || overlapping.isEmpty()) {
        throw e;
      }
      bindBeside(fd, endpoint, overlapping);
    }
  }

  /**
   * Binds an address that overlaps with one which this reload gives up, such as {@code :8000} after
   * {@code 127.0.0.1:8000}. The kernel lets sockets with SO_REUSEPORT stand side by side, and looks
   * at the flag only where one is bound or begins to listen; afterwards it is taken away, or
   * connections would be dealt out between both.
   */
  private void bindBeside(int fd, Endpoint endpoint, List<Integer> overlapping)
      throws ErrnoException {
    try {
      for (int other : overlapping) {
        Kernel.setOption(other, SOL_SOCKET, SO_REUSEPORT, SocketOptions.number(1));
      }
      Kernel.setOption(fd, SOL_SOCKET, SO_REUSEPORT, SocketOptions.number(1));
      Kernel.bind(fd, endpoint.address());
      Kernel.listen(fd, wanted.backlog());
    } finally {
      Kernel.setOption(fd, SOL_SOCKET, SO_REUSEPORT, SocketOptions.number(0));
      for (int other : overlapping) {
        Kernel.setOption(other, SOL_SOCKET, SO_REUSEPORT, SocketOptions.number(0));
      }
    }
  }

  private List<Integer> plainSocketsOn(int port) throws ErrnoException {
    List<Integer> fds = new ArrayList<>();
    for (Listener listener : leaving) {
      if (!listener.unix() && !listener.hasQueues() && listener.isOpen()) {
        int fd = listener.fds().getFirst();
        if (SocketAddress.port(Kernel.name(fd)) == port) {
          fds.add(fd);
        }
      }
    }
    return wanted.queues() > 1 ? List.of() : fds;
  }

  private Listener bindAbstract(Endpoint endpoint) throws ErrnoException {
    int fd = Kernel.socket(Abi.AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC);
    try {
      prepare(fd);
      Kernel.bind(fd, endpoint.address());
      Kernel.listen(fd, wanted.backlog());
      return Listener.bound(endpoint.key(), List.of(fd));
    } catch (ErrnoException e) {
      Kernel.close(fd);
      throw e;
    }
  }

  private Listener bindUnix(Endpoint endpoint, BindAddress.Unix unix, Path path)
      throws BindFailure, IOException {
    try (Claim _ = Claim.of(unix, path)) {
      return bindClaimed(endpoint, path);
    }
  }

  private Listener bindClaimed(Endpoint endpoint, Path path) throws BindFailure, IOException {
    int fd = Kernel.socket(Abi.AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC);
    boolean made = false;
    try {
      prepare(fd);
      FileAccess access = new FileAccess(wanted.permissions(), wanted.owner());
      access.limit(fd);
      Kernel.bind(fd, endpoint.address());
      made = true;
      access.grant(path); // before listen: until then a connection is refused whoever it is from
      Kernel.listen(fd, wanted.backlog());
      return Listener.bound(endpoint.key(), fd, path);
    } catch (IOException | BindFailure e) {
      if (made) {
        Files.deleteIfExists(path);
      }
      Kernel.close(fd);
      throw e;
    }
  }

  private static Listener adopt(Endpoint endpoint, int fd) throws BindFailure {
    try {
      if (Kernel.option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0) {
        throw new BindFailure(
            2,
            false,
            "Cannot use %s: it is a socket that does not listen".formatted(endpoint.asked()),
            "bind it and call listen before the arbiter is started");
      }
      prepare(fd);
      return Listener.inherited(endpoint.key(), fd);
    } catch (ErrnoException e) {
      throw new BindFailure(
          2,
          false,
          "Cannot use %s: %s".formatted(endpoint.asked(), Errno.text(e.errno())),
          "start the arbiter with a listening socket at that descriptor");
    }
  }

  private static void prepare(int fd) throws ErrnoException {
    Kernel.nonBlocking(fd, false);
    Kernel.setOption(fd, SOL_SOCKET, SO_RCVTIMEO, SocketOptions.time(LOOK_UP));
  }

  private static BindFailure failure(BindAddress address, ErrnoException e) {
    String why = "Cannot bind " + address + ": " + Errno.text(e.errno());
    return switch (e.errno()) {
      case Abi.EADDRINUSE -> {
        String who =
            switch (address) {
              case BindAddress.Tcp tcp -> Holder.ofPort(tcp.port()).orElse("");
              case BindAddress.Unix unix ->
                  Holder.ofUnix((unix.isAbstract() ? "@" : "") + unix.path()).orElse("");
              default -> "";
            };
        yield new BindFailure(
            5,
            true,
            who.isEmpty() ? why : why + ", held by " + who,
            "stop the holder, or give another address with -b");
      }
      case Abi.EACCES, Abi.EPERM ->
          new BindFailure(
              5,
              false,
              why,
              "ports below 1024 need root or CAP_NET_BIND_SERVICE; a socket file needs a folder you"
                  + " may write to");
      case Abi.EADDRNOTAVAIL ->
          new BindFailure(2, false, why, "give an address that this machine has");
      default -> new BindFailure(5, false, why, "");
    };
  }
}
