package dev.arbiter.bench.change;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * How long the machine itself keeps a thread waiting: one that wants to wake each millisecond notes
 * by how much it was late. What a stall is worth can be judged only beside it.
 */
final class Hiccup implements AutoCloseable {
  private static final Duration STEP = Duration.ofMillis(1);

  private final AtomicLong longest = new AtomicLong();
  private volatile boolean closed;

  static Hiccup start() {
    Hiccup hiccup = new Hiccup();
    Thread.ofPlatform().daemon().name("hiccup").start(hiccup::watch);
    return hiccup;
  }

  void begin() {
    longest.set(0);
  }

  long longest() {
    return longest.get();
  }

  private void watch() {
    while (!closed) {
      long before = System.nanoTime();
      LockSupport.parkNanos(STEP.toNanos());
      long late = System.nanoTime() - before - STEP.toNanos();
      longest.accumulateAndGet(late, Math::max);
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
