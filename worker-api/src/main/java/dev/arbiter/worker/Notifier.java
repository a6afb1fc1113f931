package dev.arbiter.worker;

import dev.arbiter.app.Notice;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Calls the app's {@code callbackNotify}: every interval, and when the worker begins to drain. Has
 * a thread of its own, which a slow callback may hold up: the calls due meanwhile are skipped.
 */
final class Notifier {
  private final Worker worker;
  private final Duration interval;
  private final BlockingQueue<Notice> bell = new ArrayBlockingQueue<>(1);

  Notifier(Worker worker, Duration interval) {
    this.worker = worker;
    this.interval = interval.isZero() ? Duration.ofDays(3650) : interval;
    Thread.ofPlatform().daemon().name("arbiter-notify").start(this::run);
  }

  void ring(Notice notice) {
    bell.offer(notice);
  }

  private void run() {
    try {
      while (true) {
        Notice notice = bell.poll(interval.toNanos(), TimeUnit.NANOSECONDS);
        worker.callbackNotify(notice == null ? new Notice(false, Optional.empty()) : notice);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
