package dev.arbiter.netty;

import dev.arbiter.app.ReceiveEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/** A request's body as a stream; blocks its thread, which is virtual, until a part comes. */
final class BodyInput extends InputStream {
  private final Inbox inbox;
  private ByteBuffer part = ByteBuffer.allocate(0);
  private boolean more;

  BodyInput(Inbox inbox, boolean hasBody) {
    this.inbox = inbox;
    this.more = hasBody;
  }

  @Override
  public int read() throws IOException {
    return await() ? part.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    if (!await()) {
      return -1;
    }
    int count = Math.min(length, part.remaining());
    part.get(bytes, offset, count);
    return count;
  }

  @Override
  public int available() {
    return part.remaining();
  }

  /** Whether there is a byte to read; waits for it. */
  private boolean await() throws IOException {
    while (!part.hasRemaining() && more) {
      switch (await(inbox.next())) {
        case ReceiveEvent.RequestBody body -> {
          part = body.bytes();
          more = body.more();
        }
        default -> {
          ClientGone refused = inbox.failure();
          throw new ClientGone(
              refused == null
                  ? "the client has gone before its request was complete"
                  : String.valueOf(refused.getMessage()));
        }
      }
    }
    return part.hasRemaining();
  }

  static <T> T await(CompletionStage<T> stage) throws IOException {
    try {
      return stage.toCompletableFuture().get();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the client");
    } catch (ExecutionException failed) {
      switch (failed.getCause()) {
        case ClientGone gone -> throw new ClientGone(String.valueOf(gone.getMessage()));
        case RuntimeException wrong -> throw wrong;
        case null, default -> throw new IOException(failed.getCause());
      }
    }
  }
}
