package dev.arbiter.loop;

import dev.arbiter.app.Hooks;
import dev.arbiter.observe.ArbiterLog;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Calls the arbiter's hooks, one after another, on a thread of its own. Nobody waits for it but the
 * arbiter's end, and that not longer than the limit: a hook that hangs is interrupted, and whatever
 * comes before it returns is left out; both are logged.
 */
public final class HookRunner {
  private static final int QUEUE = 256;

  /** A hook to be called. */
  @FunctionalInterface
  public interface Call {
    /** Calls it. */
    void on(Hooks hooks) throws Exception;
  }

  private record Task(String name, Call call) {}

  private final @Nullable Hooks hooks;
  private final Duration limit;
  private final ArbiterLog log;
  private final BlockingQueue<Task> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Set<String> failed = ConcurrentHashMap.newKeySet();
  private final Thread thread;
  private final Object lock = new Object();
  // Guarded by lock: what runs, since when, and what was left out because of it.
  private String running = "";
  private long since;
  private boolean hanging;
  private long leftOut;

  /**
   * @param hooks null: there are none
   */
  public HookRunner(@Nullable Hooks hooks, Duration limit, ArbiterLog log) {
    this.hooks = hooks;
    this.limit = limit;
    this.log = log;
    this.thread = Thread.ofPlatform().daemon().name("arbiter-hooks").unstarted(this::run);
    if (hooks != null) {
      thread.start();
    }
  }

  /** Queues a call; never blocks. Any thread. */
  public void submit(String name, Call call) {
    if (hooks == null) {
      return;
    }
    look();
    synchronized (lock) {
      if (hanging || !queue.offer(new Task(name, call))) {
        leftOut++;
      }
    }
  }

  /** Looks whether a hook hangs; the loop does, each time it turns. */
  void look() {
    String name;
    synchronized (lock) {
      name = running;
      if (running.isEmpty() || hanging || System.nanoTime() - since < limit.toNanos()) {
        return;
      }
      hanging = true;
      leftOut += queue.size();
      queue.clear();
    }
    log.error(
        ("The hook %s has not returned for %d ms (--hooks-timeout): it is interrupted, and hooks"
                + " are left out until it returns")
            .formatted(name, limit.toMillis()));
    thread.interrupt();
  }

  /**
   * Makes the last call, after what runs and waits has returned or had its limit; then it has as
   * long itself. A hook that still hangs then keeps the last call from being made.
   */
  public void finish(String name, Call call) {
    if (hooks == null) {
      return;
    }
    long end = System.nanoTime() + patienceNanos();
    CountDownLatch done = new CountDownLatch(1);
    boolean submitted = false;
    try {
      while (!done.await(20, TimeUnit.MILLISECONDS)) {
        look(); // the loop, which does it otherwise, has ended
        if (!submitted && isIdle()) {
          submitted = true;
          submit(
              name,
              all -> {
                try {
                  call.on(all);
                } finally {
                  done.countDown();
                }
              });
        }
        if (System.nanoTime() - end > 0) {
          giveUp(name);
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether nothing runs or waits. */
  boolean isIdle() {
    synchronized (lock) {
      return running.isEmpty() && queue.isEmpty();
    }
  }

  /** How long a call and those before it are waited for, as {@link #finish} does. */
  long patienceNanos() {
    return 2 * limit.toNanos();
  }

  /** Says that a call is not waited for any longer. */
  void giveUp(String name) {
    log.error("The hook %s is not waited for any longer (--hooks-timeout)".formatted(name));
  }

  // Whatever a hook throws, the next one is called.
  @SuppressWarnings("CatchingUnchecked")
  private void run() {
    Hooks all = hooks;
    if (all == null) {
      return;
    }
    thread.setContextClassLoader(all.getClass().getClassLoader());
    while (true) {
      Task task;
      try {
        task = queue.take();
      } catch (InterruptedException late) {
        continue; // meant for a hook that has returned by now
      }
      synchronized (lock) {
        running = task.name();
        since = System.nanoTime();
      }
      try {
        task.call().on(all);
      } catch (Throwable thrown) {
        complain(task.name(), thrown);
      }
      ended(task.name());
    }
  }

  private void complain(String name, Throwable thrown) {
    if (failed.add(name)) {
      StringWriter trace = new StringWriter();
      thrown.printStackTrace(new PrintWriter(trace));
      log.error(
          "The hook %s failed (not said again): %s".formatted(name, trace.toString().strip()));
    }
  }

  private void ended(String name) {
    long took;
    long missed;
    boolean hung;
    synchronized (lock) {
      took = System.nanoTime() - since;
      hung = hanging;
      missed = leftOut;
      running = "";
      hanging = false;
      leftOut = 0;
    }
    Thread.interrupted();
    if (hung || missed > 0) {
      log.warning(
          "The hook %s returned after %d ms; %d calls of hooks were left out"
              .formatted(name, took / 1_000_000, missed));
    }
  }
}
