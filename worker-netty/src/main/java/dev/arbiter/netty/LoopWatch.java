package dev.arbiter.netty;

import dev.arbiter.http.RequestBook;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Sees when a blocking app's call holds its event loop instead of waiting: it computes, or waits in
 * a way that pins its thread. All connections of the loop wait with it; so for a while the calls of
 * that loop run on the JVM's own scheduler, which is slower but has other threads. One daemon
 * thread, which sleeps while no request is under way.
 */
final class LoopWatch {
  static final Duration LIMIT = Duration.ofMillis(100);
  private static final Duration AWAY = Duration.ofSeconds(30);

  private final RequestBook book;
  private final Consumer<String> warn;
  private final ConcurrentMap<Loop, Watched> loops = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile boolean asleep;
  private boolean reported;

  LoopWatch(RequestBook book, Consumer<String> warn) {
    this.book = book;
    this.warn = warn;
    this.thread = Thread.ofPlatform().daemon().name("loop-watch").unstarted(this::run);
  }

  void watch(List<Loop> watched) {
    watched.forEach(loop -> loops.put(loop, new Watched(loop)));
    thread.start();
  }

  /** Whether a call may run on its loop. On the loop. */
  boolean mayUse(Loop loop) {
    // The request is in the book already, so the watch either sees it there or is woken.
    if (asleep) {
      asleep = false;
      LockSupport.unpark(thread);
    }
    Watched watched = loops.get(loop);
    return watched == null || watched.free();
  }

  private void run() {
    while (true) {
      if (book.open() == 0) {
        asleep = true;
        if (book.open() == 0) {
          LockSupport.park(this);
        }
        asleep = false;
      }
      try {
        loops.values().forEach(Watched::look);
      } catch (RejectedExecutionException _) {
        return; // the loops have ended
      }
      LockSupport.parkNanos(this, LIMIT.toNanos() / 2);
    }
  }

  private final class Watched {
    private final Loop loop;
    private volatile boolean asked;
    private volatile long askedAt;
    private volatile long awayUntil;
    private volatile boolean away;

    Watched(Loop loop) {
      this.loop = loop;
    }

    boolean free() {
      if (away && System.nanoTime() - awayUntil > 0) {
        away = false;
      }
      return !away;
    }

    void look() {
      if (!asked) {
        askedAt = System.nanoTime();
        asked = true;
        loop.executor().execute(() -> asked = false);
        return;
      }
      Thread carrier = loop.thread();
      long late = System.nanoTime() - askedAt;
      if (late > LIMIT.toNanos() && carrier != null && carriesVirtualThread(carrier)) {
        awayUntil = System.nanoTime() + AWAY.toNanos();
        away = true;
        report(late);
      }
    }

    private void report(long late) {
      if (reported) {
        return;
      }
      reported = true;
      BlockingCall begun = loop.begun();
      warn.accept(
          String.format(
              "A request held its event loop for %d ms without waiting (the last that began there"
                  + " is %s). While that happens, requests of the loop run on the JVM's shared"
                  + " scheduler, which is slower; move long computing elsewhere, or use -k sync."
                  + " Not said again.",
              late / 1_000_000, begun == null ? "unknown" : begun.shown()));
    }
  }

  /** A carrier's own frames end in the scheduler while it runs a virtual thread. */
  private static boolean carriesVirtualThread(Thread carrier) {
    return Arrays.stream(carrier.getStackTrace())
        .limit(20)
        .anyMatch(frame -> frame.getClassName().equals("java.lang.VirtualThread"));
  }
}
