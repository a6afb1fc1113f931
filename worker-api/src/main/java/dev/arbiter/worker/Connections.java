package dev.arbiter.worker;

import dev.arbiter.wire.Message.ListenerInfo;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Counts the worker's connections: those open, and those accepted but not yet taken by a loop. Any
 * thread.
 *
 * <p>Design note. An accepting thread hands over faster than a blocked loop takes: unbounded, such
 * a worker swallows hundreds of connections a second that its siblings could have served. Waiting
 * for each hand-over costs a fifth of the throughput of short connections; so a few may be under
 * way.
 */
final class Connections {
  /** Hand-overs not yet taken; see the design note. */
  private static final int HAND_OVERS = 16;

  private final int limit;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int open;
  private int untaken;
  private long accepted;
  private boolean accepting;
  private boolean acceptedToTheEnd;
  private boolean over;

  /**
   * @param limit how many may be open; at the limit the worker does not call accept
   */
  Connections(int limit) {
    this.limit = limit <= 0 ? Integer.MAX_VALUE : limit;
  }

  /** Lets the accepting threads accept, or not. */
  void accepting(boolean on) {
    lock.lock();
    try {
      accepting = on;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends the accepting threads. */
  void noMore() {
    lock.lock();
    try {
      acceptedToTheEnd |= accepting;
      accepting = false;
      over = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the worker may accept one more; false if it never may again.
   *
   * @param mine whether it may from this listener; asked again after {@link #lookAgain}
   * @param closing whether everybody gives the listener up: who does not accept never will from it
   */
  boolean awaitRoom(BooleanSupplier mine, BooleanSupplier closing) {
    lock.lock();
    try {
      while (!isOver(closing) && (!accepting || isFull() || !mine.getAsBoolean())) {
        changed.awaitUninterruptibly();
      }
      return !isOver(closing);
    } finally {
      lock.unlock();
    }
  }

  /** Whether the worker may accept one more now. */
  boolean hasRoom() {
    lock.lock();
    try {
      return accepting && !isFull();
    } finally {
      lock.unlock();
    }
  }

  /**
   * For what still waits when {@link #noMore} was called: whether one more may be accepted, which
   * is waited for until {@code deadlineNanos}. Never where the worker did not accept any more.
   */
  boolean awaitLastRoom(long deadlineNanos) {
    lock.lock();
    try {
      long left = deadlineNanos - System.nanoTime();
      while (isFull() && left > 0) {
        left = changed.awaitNanos(left);
      }
      return acceptedToTheEnd && left > 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Whoever waits for room looks at his condition again. */
  void lookAgain() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether {@link #noMore} was called. */
  boolean isOver() {
    lock.lock();
    try {
      return over;
    } finally {
      lock.unlock();
    }
  }

  private boolean isOver(BooleanSupplier closing) {
    return over || !accepting && closing.getAsBoolean();
  }

  private boolean isFull() {
    return open >= limit || untaken >= HAND_OVERS;
  }

  /** Waits for a change, such as a connection that closes, at most {@code millis}. */
  @SuppressWarnings("WaitNotInLoop") // waking early does no harm: the caller tries again
  void awaitChange(long millis) throws InterruptedException {
    lock.lock();
    try {
      changed.await(millis, java.util.concurrent.TimeUnit.MILLISECONDS);
    } finally {
      lock.unlock();
    }
  }

  Connection accepted(int fd, ListenerInfo listener) {
    lock.lock();
    try {
      open++;
      untaken++;
      accepted++;
    } finally {
      lock.unlock();
    }
    return new Counted(fd, listener);
  }

  int open() {
    lock.lock();
    try {
      return open;
    } finally {
      lock.unlock();
    }
  }

  long acceptedSoFar() {
    lock.lock();
    try {
      return accepted;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until none is open, at most until {@code deadlineNanos}; says whether none is. */
  boolean awaitNone(long deadlineNanos) throws InterruptedException {
    lock.lock();
    try {
      while (open > 0) {
        long left = deadlineNanos - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        changed.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void leave(boolean wasTaken, boolean wasOpen) {
    lock.lock();
    try {
      untaken -= wasTaken ? 1 : 0;
      open -= wasOpen ? 1 : 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private final class Counted implements Connection {
    private final int fd;
    private final ListenerInfo listener;
    private final AtomicBoolean taken = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();

    Counted(int fd, ListenerInfo listener) {
      this.fd = fd;
      this.listener = listener;
    }

    @Override
    public int fd() {
      return fd;
    }

    @Override
    public ListenerInfo listener() {
      return listener;
    }

    @Override
    public void taken() {
      if (taken.compareAndSet(false, true)) {
        leave(true, false);
      }
    }

    @Override
    public void closed() {
      if (closed.compareAndSet(false, true)) {
        leave(taken.compareAndSet(false, true), true);
      }
    }
  }
}
