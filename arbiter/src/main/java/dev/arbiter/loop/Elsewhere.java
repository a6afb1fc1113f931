package dev.arbiter.loop;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs what may take time, each task on a thread of its own, and knows whether any still does. */
final class Elsewhere implements Executor {
  private static final long PATIENCE_SECONDS = 2;

  private final AtomicInteger running = new AtomicInteger();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> Thread.ofPlatform().daemon().name("arbiter-elsewhere").unstarted(task));

  @Override
  public void execute(Runnable task) {
    running.incrementAndGet();
    threads.execute(
        () -> {
          try {
            task.run();
          } finally {
            running.decrementAndGet();
          }
        });
  }

  /** Whether nothing runs. What a task has put into the loop's queue is there by then. */
  boolean isIdle() {
    return running.get() == 0;
  }

  /** Takes nothing more, and lets what runs finish, not for long; whether it has. */
  boolean finish() throws InterruptedException {
    threads.shutdown();
    return threads.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
