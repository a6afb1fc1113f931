package dev.arbiter.sync;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Wakes virtual threads whose wait for the network has taken too long. One thread, for the worker's
 * life.
 *
 * <p>Design note. A timed park of a virtual thread puts an entry into a timer queue and takes it
 * out again for every read. Here a wait only writes its deadline into a field, and a look at all
 * links ten times a second finds those that are over: time limits of seconds are kept to a tenth,
 * and the common case, data arrives in time, costs a store.
 */
final class Watch {
  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(100);

  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final Thread thread;
  private volatile boolean asleep;

  Watch() {
    thread = Thread.ofPlatform().daemon().name("deadlines").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void add(Link link) {
    links.add(link);
    if (asleep) {
      LockSupport.unpark(thread);
    }
  }

  void remove(Link link) {
    links.remove(link);
  }

  /** Looks at once: deadlines have changed. */
  void look() {
    LockSupport.unpark(thread);
  }

  private void run() {
    while (true) {
      if (links.isEmpty()) {
        // Said before the second look: whoever adds a link after it sees that it has to wake us.
        asleep = true;
        if (links.isEmpty()) {
          LockSupport.park(this);
        }
        asleep = false;
      } else {
        LockSupport.parkNanos(this, TICK);
      }
      long now = System.nanoTime();
      for (Link link : links) {
        link.wakeIfOver(now);
      }
    }
  }
}
