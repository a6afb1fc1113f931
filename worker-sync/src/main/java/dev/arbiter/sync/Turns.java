package dev.arbiter.sync;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * The right to run the app: {@code --threads} requests have it at once, the others wait in order. A
 * connection without a request holds none. Any thread.
 */
final class Turns {
  /** Whether this thread has a turn that it gives back while it waits. */
  private static final ThreadLocal<Boolean> HELD = ThreadLocal.withInitial(() -> false);

  private final Semaphore free;
  private final AtomicLong finished = new AtomicLong();
  private final Object progress = new Object();
  private volatile int awaiting;
  private final int threads;
  private final Object meter = new Object();
  private int held;
  private long changedNanos = System.nanoTime();
  private long heldNanos;
  private long askedNanos = changedNanos;

  Turns(int threads) {
    this.threads = threads;
    free = new Semaphore(threads, true);
  }

  void take() throws InterruptedException {
    free.acquire();
    count(1);
  }

  /**
   * Runs what lasts long and mostly waits: it has a turn while it runs and none while it waits in
   * {@link #yieldFor}.
   */
  void runYielding(Runnable task) throws InterruptedException {
    take();
    HELD.set(true);
    try {
      task.run();
    } finally {
      HELD.remove();
      giveBack();
    }
  }

  /** Waits; without its turn, if this is a thread of {@link #runYielding}. */
  <T> T yieldFor(Future<T> future) throws InterruptedException, ExecutionException {
    if (!HELD.get()) {
      return future.get();
    }
    giveBack();
    try {
      return future.get();
    } finally {
      free.acquireUninterruptibly();
      count(1);
    }
  }

  void giveBack() {
    count(-1);
    free.release();
    finished.incrementAndGet();
    if (awaiting > 0) {
      synchronized (progress) {
        progress.notifyAll();
      }
    }
  }

  private void count(int more) {
    synchronized (meter) {
      long now = System.nanoTime();
      heldNanos += held * (now - changedNanos);
      changedNanos = now;
      held += more;
    }
  }

  /** The share of all turns that was taken since this was last asked, 0 to 100. */
  int busyPercent() {
    synchronized (meter) {
      count(0);
      long time = (changedNanos - askedNanos) * threads;
      int percent = time <= 0 ? 0 : Math.clamp(100 * heldNanos / time, 0, 100);
      askedNanos = changedNanos;
      heldNanos = 0;
      return percent;
    }
  }

  /**
   * Waits while all turns are taken and none ends. For the accepting thread: a worker that is busy
   * with long requests then leaves new connections to its siblings, while one that is merely busy
   * accepts as fast as it answers.
   *
   * @param leaving looked at every 100 ms, because the listener must close when the worker leaves,
   *     and the runtime waits for that before it says so to the kind
   */
  void awaitProgress(BooleanSupplier leaving) throws InterruptedException {
    if (free.availablePermits() > 0) {
      return;
    }
    long seen = finished.get();
    synchronized (progress) {
      awaiting++;
      try {
        while (finished.get() == seen && free.availablePermits() <= 0 && !leaving.getAsBoolean()) {
          progress.wait(100);
        }
      } finally {
        awaiting--;
      }
    }
  }
}
