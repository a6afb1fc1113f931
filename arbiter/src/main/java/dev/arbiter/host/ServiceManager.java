package dev.arbiter.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.process.Kernel;
import dev.arbiter.process.Kernel.ErrnoException;
import dev.arbiter.socket.Listener;
import dev.arbiter.socket.SocketAddress;
import dev.arbiter.worker.Abi;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The service manager that started this process, if it is one that wants to be told: sd_notify(3).
 * Never waits: what its socket does not take at once is said later. Any thread.
 */
public final class ServiceManager {
  /** The variables by which it is known: not for workers, who are not its business. */
  public static final List<String> VARIABLES =
      List.of("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "FDSTORE");

  /** Of a descriptor in its store; what else it passes belongs to a socket unit. */
  private static final String PREFIX = "arbiter-";

  private static final int UNSAID = 64;
  private static final int NAME_LENGTH = 255; // sd_pid_notify_with_fds(3), FDNAME

  /**
   * @param fd passed along; a duplicate of our own
   */
  private record Unsaid(String text, OptionalInt fd) {
    void close() {
      fd.ifPresent(Kernel::close);
    }
  }

  private final int socket;
  private final byte[] address;
  private final Notices notices;
  private final boolean stores;
  private final Consumer<String> warn;
  private final Set<String> stored = new LinkedHashSet<>();
  private final Deque<Unsaid> unsaid = new ArrayDeque<>();
  private boolean warned;
  private boolean closed;

  private ServiceManager(
      int socket,
      byte[] address,
      Notices notices,
      boolean stores,
      Set<String> stored,
      Consumer<String> warn) {
    this.socket = socket;
    this.address = address;
    this.notices = notices;
    this.stores = stores;
    this.stored.addAll(stored);
    this.warn = warn;
  }

  /**
   * What the environment says of it.
   *
   * @param resumed whether an arbiter before this one in the same process has said that it is ready
   * @param patience how long the first workers may take
   * @param stopIsLimited whether the arbiter itself ends a stop that takes too long
   * @param warn told what is wrong with it; the arbiter runs without
   * @return null if there is none, or it cannot be spoken to
   */
  public static @Nullable ServiceManager from(
      Map<String, String> environment,
      long pid,
      boolean resumed,
      Duration patience,
      boolean stopIsLimited,
      Consumer<String> warn) {
    String path = environment.getOrDefault("NOTIFY_SOCKET", "");
    if (path.isEmpty()) {
      return null;
    }
    boolean isAbstract = path.startsWith("@");
    if (!isAbstract && !path.startsWith("/")) {
      warn.accept("The service manager is not notified: NOTIFY_SOCKET is no Unix socket: " + path);
      return null;
    }
    try {
      Notices notices =
          new Notices(
              resumed,
              watchdog(environment, pid, warn),
              patience,
              stopIsLimited,
              System.nanoTime());
      ServiceManager manager =
          new ServiceManager(
              Kernel.socket(Abi.AF_UNIX, Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC),
              SocketAddress.ofUnix(isAbstract ? path.substring(1) : path, isAbstract),
              notices,
              isPositive(environment.getOrDefault("FDSTORE", "")),
              names(environment, pid),
              warn);
      manager.say("MAINPID=" + pid + (resumed ? "" : "\nSTATUS=Starting"), OptionalInt.empty());
      return manager;
    } catch (ErrnoException e) {
      warn.accept("The service manager is not notified: " + e.getMessage());
      return null;
    }
  }

  private static Duration watchdog(
      Map<String, String> environment, long pid, Consumer<String> warn) {
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    String watched = environment.getOrDefault("WATCHDOG_PID", "");
    if (micros.isEmpty() || !watched.isEmpty() && !watched.equals(Long.toString(pid))) {
      return Duration.ZERO;
    }
    if (!isPositive(micros)) {
      warn.accept("The service manager's watchdog is left alone: WATCHDOG_USEC is " + micros);
      return Duration.ZERO;
    }
    return Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(Long.parseLong(micros)));
  }

  private static boolean isPositive(String number) {
    return number.matches("[0-9]{1,15}") && Long.parseLong(number) > 0;
  }

  /** What an arbiter before this one has left in the store. */
  private static Set<String> names(Map<String, String> environment, long pid) {
    Set<String> names = new LinkedHashSet<>();
    if (Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
      Arrays.stream(environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1))
          .filter(name -> name.startsWith(PREFIX))
          .forEach(names::add);
    }
    return names;
  }

  /** Tells it how the fleet stands, as far as that is news. */
  public synchronized void look(Standing standing) {
    sayAgain();
    notices.look(standing, System.nanoTime()).forEach(text -> say(text, OptionalInt.empty()));
  }

  /** A reload was asked for, and is over: nothing had to change. */
  public synchronized void reloaded() {
    notices.reloaded(System.nanoTime()).forEach(text -> say(text, OptionalInt.empty()));
  }

  /** How long until {@link #look} is due even if nothing happens. */
  public synchronized long restNanos() {
    return unsaid.isEmpty()
        ? notices.restNanos(System.nanoTime())
        : TimeUnit.MILLISECONDS.toNanos(100);
  }

  /** Says why the arbiter cannot go on; its last word. */
  public synchronized void fail(String why) {
    say("STATUS=" + why.lines().findFirst().orElse(""), OptionalInt.empty());
  }

  /**
   * Leaves the listeners with it, so that the next arbiter is given them and no connection is
   * refused in between, and takes back those that are not listed. Only where it has room for them
   * (FileDescriptorStoreMax=). Not those it has given us from a socket unit; nor queues, which come
   * in numbers of their own; nor sockets with a file, which the last arbiter removes.
   */
  public synchronized void keep(List<Listener> listeners) {
    if (!stores || closed) {
      return;
    }
    Map<String, Listener> wanted = new LinkedHashMap<>();
    for (Listener listener : listeners) {
      if (!listener.hasQueues() && !listener.hasFile()) {
        wanted.put(storeName(listener.name()), listener);
      }
    }
    for (String name : List.copyOf(stored)) {
      if (!wanted.containsKey(name)) {
        stored.remove(name);
        say("FDSTOREREMOVE=1\nFDNAME=" + name, OptionalInt.empty());
      }
    }
    wanted.forEach(
        (name, listener) -> {
          if (!listener.isInherited() && stored.add(name)) {
            say("FDSTORE=1\nFDNAME=" + name, OptionalInt.of(listener.fd()));
          }
        });
  }

  /** A colon separates names in LISTEN_FDNAMES. */
  private static String storeName(String listener) {
    String name =
        PREFIX + listener.replaceFirst("^(http://|unix:)", "").replaceAll("[^!-9;-~]", "_");
    return name.substring(0, Math.min(name.length(), NAME_LENGTH));
  }

  /** Says nothing any more. */
  public synchronized void close() {
    if (!closed) {
      closed = true;
      sayAgain();
      unsaid.forEach(Unsaid::close);
      unsaid.clear();
      Kernel.close(socket);
    }
  }

  private void sayAgain() {
    for (Unsaid next = unsaid.peek(); next != null && send(next); next = unsaid.peek()) {
      unsaid.remove().close();
    }
  }

  private void say(String text, OptionalInt fd) {
    Unsaid said = new Unsaid(text, fd);
    if (closed || unsaid.isEmpty() && send(said)) {
      return;
    }
    if (unsaid.size() == UNSAID) {
      warn("its socket takes nothing any more");
      return;
    }
    try {
      // Its number may be another file's by the time it is sent.
      OptionalInt ours =
          fd.isPresent() ? OptionalInt.of(Kernel.duplicateAbove(fd.getAsInt(), 3)) : fd;
      unsaid.add(new Unsaid(text, ours));
    } catch (ErrnoException e) {
      warn(String.valueOf(e.getMessage()));
    }
  }

  /** Whether it is off our hands: taken, or never to be. */
  private boolean send(Unsaid said) {
    try {
      Kernel.send(socket, address, said.text().getBytes(UTF_8), said.fd());
    } catch (ErrnoException e) {
      if (e.errno() == Abi.EAGAIN) {
        return false;
      }
      warn(String.valueOf(e.getMessage()));
    }
    return true;
  }

  /** Once: it would be the same each time, and nothing depends on it. */
  private void warn(String why) {
    if (!warned) {
      warned = true;
      warn.accept("The service manager is not notified: " + why);
    }
  }
}
