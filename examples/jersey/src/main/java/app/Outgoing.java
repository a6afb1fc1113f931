package app;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A response of Jersey's, sent as it is pushed. A write waits until there is room for it, on the
 * thread that writes; nothing else waits. One call at a time.
 */
final class Outgoing extends OutputStream implements Outlet {
  private final Send send;
  private final Incoming incoming;
  private final boolean continues;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final CompletableFuture<Void> returned = new CompletableFuture<>();
  private boolean headWaits;
  private volatile CompletableFuture<Void> room = CompletableFuture.completedFuture(null);

  /**
   * @param continues whether the client waits with the body until it is asked for
   */
  Outgoing(Send send, Incoming incoming, boolean continues) {
    this.send = send;
    this.incoming = incoming;
    this.continues = continues;
  }

  /** The app's stage. */
  CompletableFuture<Void> done() {
    return done;
  }

  /** Jersey has called the resource, which may be done or wait. */
  void returned() {
    returned.complete(null);
  }

  private void push(SendEvent event) {
    room = room.thenCompose(_ -> send.send(event));
  }

  @Override
  public OutputStream start(int status, Headers headers) {
    if (done.isDone()) {
      return nullOutputStream();
    }
    push(new SendEvent.ResponseStart(status, headers));
    headWaits = true;
    return this;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return;
    }
    try {
      room.get();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the client is slow");
    } catch (ExecutionException failed) {
      // Jersey takes an IOException for a client that has left, and nothing else.
      if (failed.getCause() instanceof IOException gone) {
        throw new IOException(gone.getMessage(), gone);
      }
      throw new IllegalStateException(failed.getCause());
    }
    ByteBuffer copy = ByteBuffer.wrap(Arrays.copyOfRange(bytes, offset, offset + length));
    push(new SendEvent.ResponseBody(copy, true));
    headWaits = false;
  }

  /**
   * A part is sent at once, but a head waits for its first part, of which there may be none yet.
   */
  @Override
  public void flush() {
    if (headWaits) {
      push(new SendEvent.ResponseBody(ByteBuffer.allocate(0), true));
      headWaits = false;
    }
  }

  @Override
  public void end(@Nullable Throwable thrown) {
    if (thrown != null) {
      done.completeExceptionally(thrown);
      return;
    }
    push(new SendEvent.ResponseBody(ByteBuffer.allocate(0), false));
    room.whenComplete(
        (_, failure) -> {
          if (failure == null) {
            done.complete(null);
          } else {
            done.completeExceptionally(failure);
          }
        });
  }

  @Override
  public void waits(Runnable cancel) {
    if (!continues) { // or a body would be sent that the resource may not want
      incoming.watch();
    }
    // It runs what resources have registered, which is not the event loop's to wait for.
    incoming
        .gone()
        .runAfterBoth(
            returned,
            () -> {
              if (!done.isDone()) {
                Thread.startVirtualThread(cancel);
              }
            });
  }
}
