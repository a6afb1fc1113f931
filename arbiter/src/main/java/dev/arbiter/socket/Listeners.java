package dev.arbiter.socket;

import dev.arbiter.process.Kernel;
import dev.arbiter.settings.BindAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All sockets the arbiter listens at, and which generation wants which. A generation {@link #take
 * takes} its listeners before anything else of it exists: those that are open already as they are,
 * the others bound now. When it serves, {@link #commit} gives up what only older ones wanted; when
 * it does not come to that, {@link #release} gives up what only it wanted. So a reload that fails
 * leaves all as it was, and a listener that stays is never closed. A generation that is gone back
 * to takes its listeners once more.
 *
 * <p>Lives as long as the arbiter. Any thread; {@link #take} waits, the others only close.
 */
public final class Listeners {
  private final Inherited inherited;
  private final Consumer<String> info;
  private final Consumer<String> warn;
  private final Map<Long, Held> generations = new TreeMap<>();
  private final ReentrantLock taking = new ReentrantLock();
  private long committed;
  private boolean closed;

  private static final Listening NOTHING =
      new Listening(List.of(), true, 1, "", "", Path.of(""), 1);

  private record Held(Listening wanted, List<Listener> listeners) {}

  /**
   * @param inherited what the service manager passed
   * @param info told about listeners that come and go
   * @param warn told when an address is tried again, or a file cannot be removed
   */
  public Listeners(Inherited inherited, Consumer<String> info, Consumer<String> warn) {
    this.inherited = inherited;
    this.info = info;
    this.warn = warn;
  }

  /**
   * Binds one address for the arbiter's own use, which no generation has a part in; whoever asks
   * for it closes it.
   */
  public static Listener own(
      BindAddress address, int backlog, String permissions, Path directory, Consumer<String> warn)
      throws BindFailure {
    Listening wanted =
        new Listening(List.of(address), true, backlog, permissions, "", directory, 1);
    return new Binder(wanted, List.of(), warn)
        .bind(Endpoint.of(address, List.of(address), directory));
  }

  /** Takes over what an arbiter before this one held, before the first generation is given any. */
  public synchronized void adopt(List<Listener> handed) {
    generations.put(0L, new Held(NOTHING, new ArrayList<>(handed)));
  }

  /**
   * Gives a generation its listeners, in the order of the addresses. All of them, or none: then
   * nothing has changed.
   */
  public List<Listener> take(long generation, Listening wanted) throws BindFailure {
    taking.lock();
    try {
      List<Endpoint> endpoints = endpoints(wanted);
      @Nullable Listener[] taken = reuse(generation, wanted, endpoints);
      List<Listener> leaving = new ArrayList<>(open());
      leaving.removeAll(held(generation));
      Binder binder = new Binder(wanted, leaving, warn);
      List<Listener> bound = new ArrayList<>();
      for (int i = 0; i < taken.length; i++) {
        if (taken[i] == null) {
          Endpoint endpoint = endpoints.get(i);
          refuseLateDescriptor(endpoint);
          Listener listener = binder.bind(endpoint);
          add(generation, listener);
          taken[i] = listener;
          bound.add(listener);
        }
      }
      long pid = ProcessHandle.current().pid();
      List<Listener> all = List.of(taken).stream().map(Objects::requireNonNull).toList();
      int secure = wanted.tls() ? all.size() - wanted.plain().size() : 0;
      for (Listener listener : bound) {
        String name = listener.name(all.indexOf(listener) < secure);
        info.accept("Listening at: %s (%d)".formatted(name, pid));
      }
      inherited.closeUnused(all.stream().flatMap(l -> l.fds().stream()).toList(), info);
      return all;
    } catch (BindFailure e) {
      drop(List.of(generation), false);
      throw e;
    } finally {
      taking.unlock();
    }
  }

  private List<Endpoint> endpoints(Listening wanted) throws BindFailure {
    List<BindAddress> addresses = inherited.resolve(wanted);
    List<Endpoint> endpoints = new ArrayList<>();
    for (BindAddress address : addresses) {
      Endpoint endpoint = inherited.substitute(Endpoint.of(address, addresses, wanted.directory()));
      if (endpoint.asked() instanceof BindAddress.Fd
          && endpoints.stream().anyMatch(other -> other.asked().equals(endpoint.asked()))) {
        throw new BindFailure(
            2,
            false,
            "Cannot use %s: another --bind means the same passed socket".formatted(address),
            "name it once, by its address or as fd://NAME");
      }
      endpoints.add(endpoint);
    }
    return endpoints;
  }

  /** A listener whose file was removed is no longer the one that is wanted. */
  private synchronized @Nullable Listener[] reuse(
      long generation, Listening wanted, List<Endpoint> endpoints) {
    List<Listener> candidates = open();
    List<Listener> reused = new ArrayList<>();
    @Nullable Listener[] found = new Listener[endpoints.size()];
    for (int i = 0; i < found.length; i++) {
      String key = endpoints.get(i).key();
      found[i] =
          candidates.stream()
              .filter(l -> l.answersTo(key) && l.isReachable() && !reused.contains(l))
              .findFirst()
              .orElse(null);
      if (found[i] != null) {
        reused.add(found[i]);
      }
    }
    generations.put(generation, new Held(wanted, reused));
    return found;
  }

  private void refuseLateDescriptor(Endpoint endpoint) throws BindFailure {
    if (endpoint.asked() instanceof BindAddress.Fd && !inherited.mayAdopt()) {
      throw new BindFailure(
          2,
          false,
          "Cannot use %s: it is not among the sockets this arbiter was started with"
              .formatted(endpoint.asked()),
          "a descriptor can be named at the start only, and not again once a reload gave it up");
    }
  }

  private synchronized void add(long generation, Listener listener) throws BindFailure {
    Held held = generations.get(generation);
    if (closed || held == null) {
      closeQuietly(listener);
      throw new BindFailure(5, false, "The arbiter is stopping", "");
    }
    held.listeners().add(listener);
  }

  /**
   * The generation serves, alone: what only others wanted is closed, and what stays gets this
   * generation's backlog and permissions. The others are those before it and, where it is a release
   * that was gone back to, the one it replaces; later ones are still being tried.
   */
  public void commit(long generation) {
    Held held;
    List<Long> others;
    synchronized (this) {
      held = generations.get(generation);
      long last = Math.max(generation, committed);
      committed = generation;
      others =
          generations.keySet().stream()
              .filter(other -> other <= last && other != generation)
              .toList();
    }
    if (held != null) {
      drop(others, true);
      held.listeners().forEach(listener -> adjust(listener, held.wanted()));
    }
  }

  /**
   * A generation that is gone back to, and of whose listeners none was closed meanwhile, so that it
   * had none to take: they are its own again. Does nothing if they still are.
   */
  public synchronized void hold(long generation, Listening wanted, List<Listener> listeners) {
    generations.putIfAbsent(generation, new Held(wanted, new ArrayList<>(listeners)));
  }

  private void adjust(Listener listener, Listening wanted) {
    if (listener.isInherited()) {
      return; // whoever made it has decided
    }
    try {
      for (int fd : listener.fds()) {
        if (listener.isOpen()) {
          Kernel.listen(fd, wanted.backlog()); // again: only the backlog changes
        }
      }
      if (listener.path().isPresent() && listener.isReachable()) {
        new FileAccess(wanted.permissions(), wanted.owner()).grant(listener.path().get());
      }
    } catch (IOException | BindFailure e) {
      warn.accept(listener.name() + " stays as it was: " + e.getMessage());
    }
  }

  /** The generation is over: what only it wanted is closed. */
  public void release(long generation) {
    drop(List.of(generation), true);
  }

  /** Closes all of them. */
  public void close() {
    synchronized (this) {
      closed = true;
    }
    drop(List.copyOf(generations()), false);
  }

  /** All that are open, each once. */
  public synchronized List<Listener> open() {
    return generations.values().stream()
        .flatMap(held -> held.listeners().stream())
        .distinct()
        .toList();
  }

  /** Shows what is open to somebody; while he looks, nothing is closed. He does not wait. */
  public synchronized void show(Consumer<List<Listener>> viewer) {
    viewer.accept(closed ? List.of() : open());
  }

  private synchronized List<Long> generations() {
    return List.copyOf(generations.keySet());
  }

  private synchronized List<Listener> held(long generation) {
    Held held = generations.get(generation);
    return held == null ? List.of() : List.copyOf(held.listeners());
  }

  private synchronized void drop(List<Long> over, boolean tell) {
    List<Listener> before = open();
    over.forEach(generations::remove);
    List<Listener> after = open();
    for (Listener listener : before) {
      if (!after.contains(listener)) {
        closeQuietly(listener);
        if (tell) {
          info.accept("No longer listening at: " + listener.name());
        }
      }
    }
  }

  private void closeQuietly(Listener listener) {
    try {
      listener.close();
    } catch (IOException e) {
      warn.accept("Cannot remove the file of " + listener.name() + ": " + e);
    }
  }
}
