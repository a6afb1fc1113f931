package dev.arbiter.app.httpserver;

import dev.arbiter.app.Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a handler writes, on its way to the request's thread: a head, then bytes, through a buffer
 * of bounded size. A body that fits is handed over whole. Two threads: the handler's writes, the
 * request's reads.
 */
final class ExchangePipe {
  private static final int ROOM = 64 * 1024;

  /** A response whose connection broke before its body was begun is never taken. */
  private static final long UNTAKEN_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** Status and fields, once the handler has sent them. */
  record Head(int status, Headers headers) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private ByteArrayOutputStream buffer = new ByteArrayOutputStream();
  private @Nullable Head head;
  private boolean finished;
  private boolean abandoned;
  private boolean flushed;
  private boolean taken;
  private @Nullable Throwable failure;

  /** The handler's side: the head is decided. */
  void start(Head decided) {
    lock.lock();
    try {
      head = decided;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The handler's side: blocks while the buffer is full. */
  void write(byte[] bytes, int offset, int length) throws IOException {
    lock.lock();
    try {
      int from = offset;
      int end = offset + length;
      while (from < end) {
        awaitRoom();
        if (abandoned) {
          throw new IOException("The client has gone.");
        }
        if (finished) {
          throw new IOException("The exchange is closed.");
        }
        int part = Math.min(end - from, ROOM - buffer.size());
        buffer.write(bytes, from, part);
        from += part;
        if (buffer.size() >= ROOM || flushed) {
          changed.signalAll();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void awaitRoom() throws IOException {
    long left = UNTAKEN_NANOS;
    while (buffer.size() >= ROOM && !abandoned && !finished) {
      try {
        left = changed.awaitNanos(left);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("Interrupted while the client was slow.");
      }
      if (taken) {
        left = UNTAKEN_NANOS;
      } else if (left <= 0) {
        throw new IOException("The response was not taken: the client has gone.");
      }
    }
  }

  /** The handler's side: what is there must go out. */
  void flush() {
    lock.lock();
    try {
      flushed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The handler's side: the exchange is over. Idempotent; the first call counts. */
  void finish(@Nullable Throwable thrown) {
    lock.lock();
    try {
      if (!finished) {
        finished = true;
        failure = thrown;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * The request's side: waits until the head is sent and it is known whether the body fits.
   *
   * @throws Exception what the handler threw before it sent its head
   */
  Head awaitHead() throws Exception {
    lock.lockInterruptibly();
    try {
      while (!finished && (head == null || (!flushed && buffer.size() < ROOM))) {
        changed.await();
      }
      if (head != null) {
        return head;
      }
      switch (failure) {
        case null -> throw new IllegalStateException("The handler ended without a response.");
        case Exception exception -> throw exception;
        case Error error -> throw error;
        default -> throw new IllegalStateException(failure);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The request's side: the body, if the handler ended well before it filled the buffer. */
  byte @Nullable [] wholeBody() {
    lock.lock();
    try {
      return finished && failure == null ? buffer.toByteArray() : null;
    } finally {
      lock.unlock();
    }
  }

  /** The request's side: passes bytes on until the handler ends. */
  void copyTo(OutputStream out) throws IOException {
    boolean complete = false;
    lock.lock();
    try {
      taken = true;
    } finally {
      lock.unlock();
    }
    try {
      while (true) {
        byte[] part;
        boolean last;
        boolean push;
        lock.lock();
        try {
          while (!finished && buffer.size() == 0) {
            changed.awaitUninterruptibly();
          }
          last = finished;
          push = flushed && !finished;
          part = buffer.toByteArray();
          buffer.reset();
          changed.signalAll();
        } finally {
          lock.unlock();
        }
        out.write(part);
        if (push) {
          out.flush();
        }
        if (last) {
          break;
        }
      }
      if (failure != null) {
        throw new IOException("The handler failed after it had begun to answer.", failure);
      }
      complete = true;
    } finally {
      if (!complete) {
        abandon();
      }
    }
  }

  private void abandon() {
    lock.lock();
    try {
      abandoned = true;
      buffer = new ByteArrayOutputStream();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
