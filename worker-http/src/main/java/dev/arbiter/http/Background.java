package dev.arbiter.http;

import dev.arbiter.worker.OutOfMemory;
import dev.arbiter.worker.WorkerContext;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What requests have left to do after their responses: a virtual thread for each, counted, so that
 * a worker that leaves can wait for them. Any thread.
 */
final class Background {
  private final WorkerContext context;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private int running;

  Background(WorkerContext context) {
    this.context = context;
  }

  /** {@code work} as a task, counted from now on, with the class loader of this thread. */
  // Whatever the app throws, errors included, is logged; it must not end the worker.
  @SuppressWarnings("CatchingUnchecked")
  Runnable task(Runnable work) {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    count(1);
    return () -> {
      Thread.currentThread().setContextClassLoader(loader);
      try {
        work.run();
      } catch (Throwable thrown) {
        OutOfMemory.leaveIf(thrown);
        context.say("error", "Work after a response failed: " + AppHost.stackTrace(thrown));
      } finally {
        count(-1);
      }
    };
  }

  void start(Runnable task) {
    Thread.ofVirtual().name("background").start(task);
  }

  private void count(int more) {
    lock.lock();
    try {
      running += more;
      if (running == 0) {
        none.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  void awaitNone() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (running > 0) {
        none.await();
      }
    } finally {
      lock.unlock();
    }
  }
}
