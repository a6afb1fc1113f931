package dev.arbiter.worker;

import dev.arbiter.wire.Message.ListenerInfo;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All sockets a worker inherits. Lives from boot until the worker drains; called by the control
 * thread.
 *
 * <p>Design note: queues. With {@code --reuse-port} an address has one socket for each slot, the
 * kernel deals connections out over them, and the worker in a slot accepts from its own. The
 * arbiter says which queues have nobody ({@link #assign}). What it cannot know at once is that a
 * worker has stopped, or is full: so every worker looks at the other queues as well, a few times a
 * second, and takes what has waited for two looks. Its own queue it accepts from without delay, so
 * the others come second by themselves.
 */
final class Acceptors {
  /** Two of these are the longest that a connection waits for a neighbour with room to notice. */
  private static final Duration LOOK_EVERY = Duration.ofMillis(50);

  /** One queue must not keep the others from being looked at. */
  private static final Duration RELIEF = Duration.ofMillis(50);

  private final List<Acceptor> acceptors;
  private final Connections connections;
  private volatile @Nullable Thread watcher;

  /**
   * @param looksFirst whether a connection that comes after {@code Eject} must not be taken
   */
  Acceptors(
      List<ListenerInfo> listeners,
      Connections connections,
      Worker worker,
      boolean looksFirst,
      Consumer<String> warn,
      Consumer<String> broken) {
    this.connections = connections;
    this.acceptors =
        listeners.stream()
            .map(listener -> new Acceptor(listener, connections, worker, looksFirst, warn, broken))
            .toList();
  }

  /** Accept, from whatever the arbiter has not given to somebody else. */
  void accept() {
    if (watcher == null) {
      acceptors.forEach(acceptor -> acceptor.assign(true));
    }
    connections.accepting(true);
  }

  /** Accept from these descriptors only, and look at the others. */
  void assign(List<Long> descriptors) {
    acceptors.forEach(acceptor -> acceptor.assign(descriptors.contains((long) acceptor.fd())));
    if (watcher == null) {
      watcher = Thread.ofPlatform().daemon().name("arbiter-watch").start(this::watch);
    }
  }

  /** These sockets are given up by everybody: see {@link Acceptor#closing}. */
  void closing(List<Long> descriptors) {
    acceptors.stream()
        .filter(acceptor -> descriptors.contains((long) acceptor.fd()))
        .forEach(Acceptor::closing);
  }

  /** The arbiter has gone: so all of them are. */
  void allClosing() {
    acceptors.forEach(Acceptor::closing);
  }

  /** Closes all of them in this process, and waits for that, at most {@code millis} each. */
  void leave(long millis) {
    connections.noMore();
    acceptors.forEach(Acceptor::leave);
    acceptors.forEach(acceptor -> acceptor.awaitClosed(millis));
  }

  private void watch() {
    int[] fds = acceptors.stream().mapToInt(Acceptor::fd).toArray();
    boolean[] waited = new boolean[fds.length];
    while (true) {
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
      if (connections.isOver()) {
        return;
      }
      boolean[] waits = connections.hasRoom() ? Native.readable(fds) : new boolean[fds.length];
      for (int i = 0; i < fds.length; i++) {
        Acceptor acceptor = acceptors.get(i);
        if (waits[i] && waited[i] && !acceptor.isMine()) {
          acceptor.relieve(System.nanoTime() + RELIEF.toNanos());
        }
      }
      waited = waits;
    }
  }
}
