package dev.arbiter.worker;

import dev.arbiter.wire.Message;
import dev.arbiter.wire.Wire;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Speaks to the arbiter, on descriptor 4. Any thread may {@link #say}; one thread of its own
 * writes, because an arbiter that is stopped lets the pipe fill and no request may wait for that.
 *
 * <p>Each frame is at most PIPE_BUF, so the non-blocking write is whole or not at all.
 */
final class Mouth {
  private static final int QUEUE = 1024;

  private final int fd;
  private final BlockingQueue<byte[]> queue = new ArrayBlockingQueue<>(QUEUE);
  private final AtomicLong dropped = new AtomicLong();
  private final CountDownLatch closed = new CountDownLatch(1);
  private static final byte[] END = new byte[0];

  Mouth(int fd) {
    this.fd = fd;
    Native.nonBlocking(fd);
    Native.closeOnExec(fd);
    Thread.ofPlatform().daemon().name("arbiter-mouth").start(this::speak);
  }

  /** Queues a message; never blocks. Dropped, and counted, only behind a thousand others. */
  void say(Message.FromWorker message) {
    if (!queue.offer(Wire.encode(message))) {
      dropped.incrementAndGet();
    }
  }

  /** Writes a message at once, past the queue, or drops it if the pipe is full: for beats. */
  void sayNow(Message.FromWorker message) {
    Native.write(fd, Wire.encode(message));
  }

  /** Messages that found no room. */
  long dropped() {
    return dropped.get();
  }

  /** Waits until all that was said has been written, at most {@code millis}. */
  void finish(long millis) {
    if (queue.offer(END)) {
      try {
        closed.await(millis, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void speak() {
    try {
      for (byte[] frame = queue.take(); frame.length > 0; frame = queue.take()) {
        while (Native.write(fd, frame) == -Abi.EAGAIN) {
          Native.awaitWritable(fd, 1000);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closed.countDown();
    }
  }
}
