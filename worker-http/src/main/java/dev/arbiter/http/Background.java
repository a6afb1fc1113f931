package dev.arbiter.http;

import dev.arbiter.worker.OutOfMemory;
import dev.arbiter.worker.WorkerContext;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What is still done for requests that are over: work after their responses, on a virtual thread
 * each, and what apps do that go on. Counted, so that a worker that leaves can wait for it. Any
 * thread.
 */
final class Background {
  private final WorkerContext context;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private final AtomicInteger running = new AtomicInteger();
  private volatile boolean awaited;

  Background(WorkerContext context) {
    this.context = context;
  }

  /** {@code work} as a task, counted from now on, with the class loader of this thread. */
  // Whatever the app throws, errors included, is logged; it must not end the worker.
  @SuppressWarnings("CatchingUnchecked")
  Runnable task(Runnable work) {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    begun();
    return () -> {
      Thread.currentThread().setContextClassLoader(loader);
      try {
        work.run();
      } catch (Throwable thrown) {
        OutOfMemory.leaveIf(thrown);
        context.say("error", "Work after a response failed: " + AppHost.stackTrace(thrown));
      } finally {
        done();
      }
    };
  }

  void start(Runnable task) {
    Thread.ofVirtual().name("background").start(task);
  }

  /** Something more is done. */
  void begun() {
    running.incrementAndGet();
  }

  /** Something of it is done. */
  void done() {
    // The lock is for the worker's end: this is on the way of many requests.
    if (running.decrementAndGet() == 0 && awaited) {
      lock.lock();
      try {
        none.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Returns whether nothing is done any more, at the latest at {@code deadline}. */
  boolean awaitNone(long deadline) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      awaited = true; // before it looks
      while (running.get() > 0) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        long _ = none.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
