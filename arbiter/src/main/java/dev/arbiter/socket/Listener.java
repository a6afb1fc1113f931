package dev.arbiter.socket;

import dev.arbiter.process.Kernel;
import dev.arbiter.process.Kernel.ErrnoException;
import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An address the arbiter listens at: one bound socket that all workers share, or with {@code
 * --reuse-port} one for each slot. The arbiter holds all of them as long as any generation wants
 * the address, so what waits in a queue is never refused. Immutable but for {@link #close}; any
 * thread.
 */
public final class Listener {
  private final String key;
  private final List<Integer> fds;
  private final String name;
  private final boolean unix;
  private final boolean inherited;
  private final Optional<Path> path;
  private final String inode;
  private volatile boolean open;

  private Listener(
      String key,
      List<Integer> fds,
      String name,
      boolean unix,
      boolean inherited,
      Optional<Path> path,
      String inode) {
    this(key, fds, name, unix, inherited, path, inode, true);
  }

  private Listener(
      String key,
      List<Integer> fds,
      String name,
      boolean unix,
      boolean inherited,
      Optional<Path> path,
      String inode,
      boolean open) {
    this.key = key;
    this.fds = List.copyOf(fds);
    this.name = name;
    this.unix = unix;
    this.inherited = inherited;
    this.path = path;
    this.inode = inode;
    this.open = open;
  }

  /** Sockets bound here that have no file. */
  static Listener bound(String key, List<Integer> fds) throws ErrnoException {
    byte[] address = Kernel.name(fds.getFirst());
    return new Listener(
        key,
        fds,
        SocketAddress.name(address),
        SocketAddress.family(address) == Abi.AF_UNIX,
        false,
        Optional.empty(),
        "");
  }

  /** A Unix socket that was bound here, with its file. */
  static Listener bound(String key, int fd, Path path) throws IOException {
    return new Listener(
        key, List.of(fd), "unix:" + path, true, false, Optional.of(path), inode(path));
  }

  /** A socket that somebody else bound, and whose file is his. */
  static Listener inherited(String key, int fd) throws ErrnoException {
    byte[] address = Kernel.name(fd);
    return new Listener(
        key,
        List.of(fd),
        SocketAddress.name(address),
        SocketAddress.family(address) == Abi.AF_UNIX,
        true,
        Optional.empty(),
        "");
  }

  /**
   * All there is to know about it, for the arbiter that takes over from this one in the same
   * process.
   *
   * @param file the path of its file, empty if it has none or it is somebody else's
   * @param inode of that file
   * @param open false: it was closed here, and a release that may be gone back to wants it
   */
  public record Handover(
      String key,
      List<Integer> fds,
      String name,
      boolean unix,
      boolean inherited,
      String file,
      String inode,
      boolean open) {}

  /** For the next arbiter, which must inherit the descriptors. */
  public Handover handOver() {
    return new Handover(
        key, fds, name, unix, inherited, path.map(Path::toString).orElse(""), inode, open);
  }

  /** From the arbiter before; it closes nothing any more. */
  public static Listener takeOver(Handover given) {
    return new Listener(
        given.key(),
        given.fds(),
        given.name(),
        given.unix(),
        given.inherited(),
        given.file().isEmpty() ? Optional.empty() : Optional.of(Path.of(given.file())),
        given.inode(),
        given.open());
  }

  /** The arbiter's descriptor; the first of several queues. */
  public int fd() {
    return fds.getFirst();
  }

  /** The arbiter's descriptors: one, or one for each queue in order. */
  public List<Integer> fds() {
    return fds;
  }

  /** As in the log: {@code http://127.0.0.1:8000}, {@code unix:/run/app.sock}. */
  public String name() {
    return name;
  }

  /** As in the log, where it may speak TLS: {@code https://127.0.0.1:8000}. */
  public String name(boolean tls) {
    return tls && name.startsWith("http:") ? "https" + name.substring("http".length()) : name;
  }

  /** Whether it is a Unix socket. */
  public boolean unix() {
    return unix;
  }

  /** Whether each slot has a queue of its own. */
  public boolean hasQueues() {
    return fds.size() > 1;
  }

  /** False once it was closed here; its number may be another file by now. */
  public boolean isOpen() {
    return open;
  }

  /**
   * Connections that wait to be accepted, in all queues. Cheap; empty where the kernel does not
   * say, which is so for Unix sockets.
   */
  public OptionalInt pending() {
    if (unix || !open) {
      return OptionalInt.empty();
    }
    int sum = 0;
    for (int fd : fds) {
      try {
        sum +=
            Kernel.option(fd, Abi.IPPROTO_TCP, Abi.TCP_INFO, Abi.TCPI_UNACKED + 4)
                .getInt(Abi.TCPI_UNACKED);
      } catch (ErrnoException closedMeanwhile) {
        return OptionalInt.empty();
      }
    }
    return OptionalInt.of(sum);
  }

  /**
   * Whether it is what an {@link Endpoint#key} asks for: by the address it was bound with, or by
   * the one it has, where the kernel chose the port.
   */
  boolean answersTo(String wanted) {
    String actual = key.endsWith(Endpoint.V6_ONLY) ? name + Endpoint.V6_ONLY : name;
    return wanted.equals(key) || wanted.equals(actual);
  }

  /** Whether somebody else bound it: a service manager. */
  public boolean isInherited() {
    return inherited;
  }

  /** Whether it is a Unix socket with a file that is removed with it. */
  public boolean hasFile() {
    return path.isPresent();
  }

  Optional<Path> path() {
    return path;
  }

  /** Whether who connects to its address still reaches it: its file may have been removed. */
  boolean isReachable() {
    if (path.isEmpty()) {
      return true;
    }
    try {
      return inode(path.get()).equals(inode);
    } catch (IOException gone) {
      return false;
    }
  }

  /**
   * Closes it, and removes its file if it is still ours: a successor may have bound the path anew.
   *
   * @throws IOException the file cannot be removed
   */
  public void close() throws IOException {
    if (!open) {
      return;
    }
    // Compared while it is open: then nobody can have been given the same inode.
    boolean ours = path.isPresent() && isReachable();
    open = false;
    try {
      if (ours) {
        Files.deleteIfExists(path.get());
      }
    } finally {
      fds.forEach(Kernel::close);
    }
  }

  private static String inode(Path path) throws IOException {
    Map<String, Object> found =
        Files.readAttributes(path, "unix:dev,ino", LinkOption.NOFOLLOW_LINKS);
    return found.get("dev") + ":" + found.get("ino");
  }
}
