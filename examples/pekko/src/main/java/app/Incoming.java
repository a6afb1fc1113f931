package app;

import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What comes in, for one reader, and word of the end for whoever waits for that alone. Any thread.
 *
 * <p>Design note. An app learns that its client has gone by asking for the next event, and a stream
 * that only sends asks for none. So behind the last part of a body the end is asked for at once,
 * and who has called {@link #watch} has one event asked for ahead, which is kept until it is taken:
 * that is all that waits here. Behind a part that nobody takes the end is not seen.
 */
final class Incoming {
  private final Receive receive;
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private @Nullable CompletableFuture<ReceiveEvent> latest;
  private boolean taken = true;
  private boolean watched;
  private boolean last;

  Incoming(Receive receive) {
    this.receive = receive;
  }

  /** Completes when the client has gone, or has its response; only for who asks or watches. */
  CompletionStage<Void> end() {
    return end;
  }

  boolean ended() {
    return end.isDone();
  }

  /** The next event, for the reader. */
  synchronized CompletionStage<ReceiveEvent> next() {
    CompletableFuture<ReceiveEvent> event = latest;
    if (event == null || (taken && event.isDone())) {
      event = ask();
    } else if (taken) {
      // Of a reader that was cancelled while it waited; its event is lost, like it.
      return event.handle((_, _) -> next()).thenCompose(Function.identity());
    }
    taken = true;
    return watched ? event.whenComplete((_, _) -> watch()) : event;
  }

  /** Has an event asked for ahead from now on. */
  synchronized void watch() {
    watched = true;
    if (!last && taken && (latest == null || latest.isDone())) {
      taken = false;
      CompletableFuture<ReceiveEvent> _ = ask();
    }
  }

  private CompletableFuture<ReceiveEvent> ask() {
    CompletableFuture<ReceiveEvent> asked = new CompletableFuture<>();
    latest = asked;
    receive.next().whenComplete((event, failure) -> came(asked, event, failure));
    return asked;
  }

  /** The reader is told first: it should fail with what it reads, and not be cancelled. */
  private void came(
      CompletableFuture<ReceiveEvent> asked,
      @Nullable ReceiveEvent event,
      @Nullable Throwable failure) {
    if (failure != null) {
      asked.completeExceptionally(failure);
      end.complete(null);
      return;
    }
    boolean ends =
        event instanceof ReceiveEvent.Disconnect
            || event instanceof ReceiveEvent.WebSocketDisconnect;
    boolean ofBody = event instanceof ReceiveEvent.RequestBody part && !part.more();
    synchronized (this) {
      last |= ends || ofBody;
    }
    asked.complete(event);
    if (ends) {
      end.complete(null);
    } else if (ofBody) {
      receive.next().whenComplete((_, _) -> end.complete(null));
    }
  }
}
