package dev.arbiter.worker;

import dev.arbiter.wire.Message.ListenerInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Accepts from one inherited socket, on a thread of its own, and hands each connection to the kind.
 * Lives from boot until the socket is closed; its thread starts when the socket is first this
 * worker's to accept from.
 *
 * <p>In development the one worker that accepts polls before it does, so that what comes after it
 * was ejected waits for its successor. With several workers that would wake all of them.
 *
 * <p>Design note. Blocking accept on a socket shared by several processes wakes one waiter, in turn
 * (accept(2) queues them first come, first served): connections spread evenly and no wake-up is
 * wasted, where a selector wakes everyone. What remains is how to leave a blocking accept without
 * disturbing the others. A signal that arrives between the check and the call is lost, and closing
 * the descriptor wakes nobody. The arbiter sets SO_RCVTIMEO on the listener once, so that accept
 * returns by itself a few times a second and looks whether it may go on; docs/design.md has the
 * measurements.
 */
final class Acceptor {
  /** How long a look takes at most, as accept does. */
  private static final int LOOK_MILLIS = 200;

  /** What waits in a socket that everybody gives up is taken for this long at most. */
  private static final Duration LAST_CALL = Duration.ofMillis(500);

  private final ListenerInfo listener;
  private final Connections connections;
  private final Worker worker;
  private final boolean looksFirst;
  private final Consumer<String> warn;
  private final Consumer<String> broken;
  private final CountDownLatch left = new CountDownLatch(1);
  private final AtomicBoolean started = new AtomicBoolean();
  private final ReentrantLock relief = new ReentrantLock();
  private boolean closed;
  private volatile boolean mine;
  private volatile boolean closing;

  Acceptor(
      ListenerInfo listener,
      Connections connections,
      Worker worker,
      boolean looksFirst,
      Consumer<String> warn,
      Consumer<String> broken) {
    this.listener = listener;
    this.connections = connections;
    this.worker = worker;
    this.looksFirst = looksFirst;
    this.warn = warn;
    this.broken = broken;
    Native.closeOnExec(listener.fd());
  }

  int fd() {
    return listener.fd();
  }

  boolean isMine() {
    return mine;
  }

  /** Lets the thread accept from this socket whenever the worker accepts, or no longer. */
  void assign(boolean toThisWorker) {
    mine = toThisWorker;
    if (toThisWorker) {
      start();
    } else {
      connections.lookAgain();
    }
  }

  /**
   * Nobody will accept from it after this worker: what waits is taken before it is closed, when the
   * worker leaves. One that does not accept, because it is ejected and may stay for long, closes it
   * now: clients would wait in a queue that is nobody's.
   */
  void closing() {
    closing = true;
    start();
  }

  /** Accepts what waits in a socket that is another worker's, for as long as there is room. */
  void relieve(long untilNanos) {
    relief.lock();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.state(arena);
      while (!closed
          && connections.hasRoom()
          && System.nanoTime() - untilNanos < 0
          && Native.readable(listener.fd())[0]) {
        int fd = Native.accept(listener.fd(), state);
        if (fd >= 0) {
          serve(fd);
        } else if (fd != -Abi.ECONNABORTED) {
          return; // somebody else was quicker; or it is told where it is not another's
        }
      }
    } finally {
      relief.unlock();
    }
  }

  /** Not while somebody relieves it: the number may be given out again at once. */
  private void close() {
    relief.lock();
    try {
      closed = true;
      Native.close(listener.fd());
    } finally {
      relief.unlock();
    }
    left.countDown();
  }

  private void start() {
    if (started.compareAndSet(false, true)) {
      Thread.ofPlatform().daemon().name("arbiter-accept-" + listener.fd()).start(this::run);
    } else {
      connections.lookAgain();
    }
  }

  /** Closes the socket in this process. After {@link Connections#noMore}. */
  void leave() {
    start();
  }

  /** Waits until it is closed, at most {@code millis}. */
  void awaitClosed(long millis) {
    try {
      left.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.state(arena);
      while (connections.awaitRoom(this::isMine, () -> closing)) {
        if (looksFirst && !(Native.readable(listener.fd(), LOOK_MILLIS) && connections.hasRoom())) {
          continue; // nobody came, or the worker was ejected: what waits is for the next one
        }
        int fd = Native.accept(listener.fd(), state);
        if (fd >= 0) {
          serve(fd);
        } else if (!survives(-fd)) {
          return;
        }
      }
      if (closing) {
        takeTheRest(state);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts an accepting thread", e);
    } finally {
      close();
    }
  }

  private void takeTheRest(MemorySegment state) {
    long end = System.nanoTime() + LAST_CALL.toNanos();
    while (connections.awaitLastRoom(end) && Native.readable(listener.fd())[0]) {
      int fd = Native.accept(listener.fd(), state);
      if (fd >= 0) {
        serve(fd);
      }
    }
  }

  private void serve(int fd) {
    Connection connection = connections.accepted(fd, listener);
    try {
      worker.serve(connection);
    } catch (RuntimeException | Error e) {
      warn.accept("A connection could not be served: " + e);
      Native.close(fd);
      connection.closed();
    }
  }

  private boolean survives(int errno) throws InterruptedException {
    return switch (errno) {
      case Abi.EAGAIN, Abi.EINTR, Abi.ECONNABORTED -> true;
      case Abi.EMFILE, Abi.ENFILE, Abi.ENOBUFS, Abi.ENOMEM -> {
        warn.accept(
            "accept on %s failed with errno %d: no descriptor or memory is left; it is tried again when a"
                    .formatted(listener.name(), errno)
                + " connection has closed");
        connections.awaitChange(1000);
        yield true;
      }
      case Abi.EBADF, Abi.EINVAL, Abi.ENOTSOCK -> {
        broken.accept(
            "the listener %s is of no more use: accept failed with errno %d"
                .formatted(listener.name(), errno));
        yield false;
      }
      // accept(2): what was wrong with the connection, not with the listener, is to be tried again.
      default -> true;
    };
  }
}
