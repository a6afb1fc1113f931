package dev.arbiter.observe;

import dev.arbiter.worker.Syslog;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;

/**
 * Sends the lines of the arbiter's log to a syslog daemon as well. What it does not take is lost
 * there and not in the log, which says once when that begins, and once when it has ended. On a
 * thread of its own: the daemon's name may have to be looked up, and its connection made, and
 * neither has a limit that the log could wait for.
 */
final class SyslogTarget {
  private static final int QUEUE = 1_000;

  /**
   * Without a failure for so long it is well again: where nobody listens on a UDP port, every
   * second datagram seems to be sent (udp(7)).
   */
  private static final long CALM_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final BlockingQueue<Runnable> queue = new ArrayBlockingQueue<>(QUEUE);
  private final AtomicLong overflow = new AtomicLong();
  private final Syslog syslog;
  private final Level threshold;
  private final Consumer<String> warn;
  private boolean troubled;
  private long lost;
  private long failedAt;

  /**
   * @param threshold below this nothing is sent
   * @param warn puts a line into the log
   */
  SyslogTarget(Syslog syslog, Level threshold, Consumer<String> warn) {
    this.syslog = syslog;
    this.threshold = threshold;
    this.warn = warn;
    Thread.ofPlatform().daemon().name("arbiter-syslog").start(this::run);
  }

  /** Takes a line; never waits. */
  void append(LogEvent event) {
    if (event.getLevel().isMoreSpecificThan(threshold) && !queue.offer(() -> send(event))) {
      overflow.incrementAndGet();
    }
  }

  /** Waits until what was taken has been sent, at most {@code millis}. */
  void flush(long millis) throws InterruptedException {
    CountDownLatch reached = new CountDownLatch(1);
    if (queue.offer(reached::countDown)) {
      boolean _ = reached.await(millis, TimeUnit.MILLISECONDS);
    }
  }

  private void run() {
    try {
      while (true) {
        queue.take().run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void send(LogEvent event) {
    try {
      syslog.send(
          severity(event.getLevel()),
          event.getMessage().getFormattedMessage(),
          event.getTimeMillis());
      if (troubled && System.nanoTime() - failedAt > CALM_NANOS) {
        troubled = false;
        warn.accept("Syslog takes lines again; it has missed " + (lost + overflow.getAndSet(0)));
        lost = 0;
      }
    } catch (IOException | RuntimeException e) {
      failedAt = System.nanoTime();
      lost++;
      if (!troubled) {
        troubled = true;
        warn.accept("Syslog does not get these lines: " + e.getMessage());
      }
    }
  }

  /** RFC 5424 section 6.2.1. */
  private static int severity(Level level) {
    return switch (level.getStandardLevel()) {
      case FATAL -> 2;
      case ERROR -> 3;
      case WARN -> 4;
      case DEBUG, TRACE -> 7;
      default -> Syslog.INFO;
    };
  }
}
