package app;

import dev.arbiter.app.Headers;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A response from who pushes it, Jersey, to who returns one, an app: a head, then parts of a body,
 * of which two may wait. Jersey's threads write, one at a time; the request's thread reads.
 */
final class HandOver extends OutputStream implements Outlet {

  /** Status and fields. */
  record Head(int status, Headers headers) {}

  /** A response whose client has gone before its body was begun is taken by nobody. */
  private static final long UNTAKEN_SECONDS = 60;

  private enum Kind {
    BYTES,
    FLUSH,
    END
  }

  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  private record Part(Kind kind, byte[] bytes) {}

  private static final Part FLUSH = new Part(Kind.FLUSH, new byte[0]);
  private static final Part END = new Part(Kind.END, new byte[0]);

  private final CompletableFuture<Head> head = new CompletableFuture<>();
  private final BlockingQueue<Part> parts = new ArrayBlockingQueue<>(2);
  private volatile boolean abandoned;
  private volatile @Nullable Throwable failure;

  // ---- Jersey's side

  @Override
  public OutputStream start(int status, Headers headers) {
    head.complete(new Head(status, headers));
    return this;
  }

  @Override
  public void write(int one) throws IOException {
    put(new Part(Kind.BYTES, new byte[] {(byte) one}));
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length > 0) {
      put(new Part(Kind.BYTES, Arrays.copyOfRange(bytes, offset, offset + length)));
    }
  }

  @Override
  public void flush() throws IOException {
    put(FLUSH);
  }

  private void put(Part part) throws IOException {
    try {
      if (abandoned || !parts.offer(part, UNTAKEN_SECONDS, TimeUnit.SECONDS) || abandoned) {
        throw new IOException("the client has gone");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the client is slow");
    }
  }

  @Override
  public void end(@Nullable Throwable thrown) {
    failure = thrown;
    if (thrown != null && head.completeExceptionally(thrown)) {
      return;
    }
    try {
      put(END);
    } catch (IOException _) {
      // Nobody reads any more.
    }
  }

  // ---- the request's side

  CompletableFuture<Head> head() {
    return head;
  }

  /** What is written from now on is for nobody. */
  void abandon() {
    abandoned = true;
    parts.clear();
  }

  void copyTo(OutputStream out) throws IOException {
    try {
      for (Part part = parts.take(); part.kind() != Kind.END; part = parts.take()) {
        if (part.kind() == Kind.FLUSH) {
          out.flush();
        } else {
          out.write(part.bytes());
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the app is slow");
    } finally {
      abandon();
    }
    Throwable thrown = failure;
    if (thrown != null) {
      throw new IOException("the resource failed in the middle of its response", thrown);
    }
  }
}
