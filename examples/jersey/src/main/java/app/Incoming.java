package app;

import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A request's body from who is asked for it, a worker, to who reads it: a pipe that holds one part.
 * The event loop puts, and never waits; the resource's thread reads, and waits.
 *
 * <p>Design note. An app learns that its client has gone by asking for what comes next, so for a
 * request that waits one event is asked for ahead, and behind the last part the end always is. A
 * resource that reads nothing of a long body does not learn of it before it writes.
 */
final class Incoming extends InputStream {
  private final Receive receive;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition came = lock.newCondition();
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private boolean asked;
  private ReceiveEvent.@Nullable RequestBody held;
  private @Nullable Throwable failure;

  /** What the reader is at; its own. */
  private ByteBuffer part = ByteBuffer.allocate(0);

  private boolean last;

  Incoming(Receive receive) {
    this.receive = receive;
  }

  /** Completes, on the event loop, when the client has gone or has its response. */
  CompletableFuture<Void> gone() {
    return gone;
  }

  /**
   * Asks for an event, if nobody has; a client that waits with {@code 100-continue} gets it. Not on
   * the caller's thread: under {@code -k sync} whoever asks for a part waits for it.
   */
  void watch() {
    lock.lock();
    try {
      if (asked || held != null || failure != null) {
        return;
      }
      asked = true;
    } finally {
      lock.unlock();
    }
    Thread.startVirtualThread(this::ask);
  }

  private void ask() {
    receive.next().whenComplete(this::take);
  }

  private void take(@Nullable ReceiveEvent event, @Nullable Throwable thrown) {
    boolean ends = false;
    lock.lock();
    try {
      switch (event) {
        case ReceiveEvent.RequestBody body -> {
          held = body;
          ends = !body.more();
          asked = ends;
        }
        case null -> failure = thrown;
        default -> failure = new IOException("the client has gone");
      }
      came.signalAll();
    } finally {
      lock.unlock();
    }
    if (ends) {
      ask(); // nothing comes behind it but the end
    } else if (!(event instanceof ReceiveEvent.RequestBody)) {
      gone.complete(null);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    while (!part.hasRemaining()) {
      if (last) {
        return -1;
      }
      ReceiveEvent.RequestBody next = next();
      part = next.bytes();
      last = !next.more();
    }
    int count = Math.min(length, part.remaining());
    part.get(bytes, offset, count);
    return count;
  }

  @Override
  public int available() {
    return part.remaining();
  }

  private ReceiveEvent.RequestBody next() throws IOException {
    lock.lock();
    try {
      // What has come is read to its end, also if the client has gone meanwhile.
      while (held == null) {
        if (failure != null) {
          throw new IOException(failure.getMessage(), failure);
        }
        if (asked) {
          came.await();
        } else {
          asked = true;
          lock.unlock();
          try {
            ask();
          } finally {
            lock.lock();
          }
        }
      }
      ReceiveEvent.RequestBody next = held;
      held = null;
      return next;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the client is slow");
    } finally {
      lock.unlock();
    }
  }
}
