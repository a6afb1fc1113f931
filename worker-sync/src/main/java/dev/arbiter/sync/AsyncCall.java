package dev.arbiter.sync;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.Trailers;
import dev.arbiter.http.OpenFile;
import dev.arbiter.http.Refusal;
import dev.arbiter.worker.OutOfMemory;
import java.io.IOException;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs an asynchronous app for one request, with blocking I/O: each {@code next} and {@code send}
 * has done its work when it returns. The app may call them from its own threads, and one while the
 * other waits for the client; so each direction has a lock of its own. What an app does with the
 * news that its client has gone, it does on the thread that has called it.
 */
final class AsyncCall implements Receive, Send {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

  /** What an app is taken to have ended with that was told to, and has not answered. */
  static final class ClientLeft extends IOException {
    @Serial private static final long serialVersionUID = 1;

    ClientLeft() {
      super("the client has gone");
    }
  }

  private final AsyncApp app;
  private final Exchange exchange;
  private final Reply reply;
  private final CompletableFuture<ReceiveEvent> gone = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Void> hungUp = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Void> answered = new CompletableFuture<>();
  private final ReentrantLock receiving = new ReentrantLock();
  private final ReentrantLock sending = new ReentrantLock();
  private SendEvent.@Nullable ResponseStart start;
  private boolean begun;
  private boolean bodyRead;
  private @Nullable CompletableFuture<ReceiveEvent> waiting;
  private volatile boolean over;

  AsyncCall(AsyncApp app, Exchange exchange, Reply reply) {
    this.app = app;
    this.exchange = exchange;
    this.reply = reply;
  }

  /**
   * Returns when the app is done with the scope, or has given the whole response: the client is not
   * to wait for what it does then.
   *
   * @param late told what it fails with then
   */
  void run(Consumer<Throwable> late) throws Exception {
    exchange.entry().begun();
    boolean goesOn = false;
    try {
      CompletionStage<Void> stage = app.handle(exchange, this, this);
      if (stage == null) {
        throw new IllegalStateException("The app's handle returned null.");
      }
      CompletableFuture<Void> done = stage.toCompletableFuture();
      goesOn = !await(done);
      if (goesOn) {
        done.whenComplete((_, failure) -> ended(failure, late));
        return;
      }
      if (gone.isDone() && !reply.complete()) {
        throw new ClientLeft(); // it was told so, and had nobody to answer
      }
      requireComplete();
    } catch (ExecutionException failed) {
      switch (failed.getCause()) {
        case Exception exception -> throw exception;
        case Error error -> throw error;
        case null, default -> throw failed;
      }
    } finally {
      over = true;
      exchange.hangUp().forget();
      if (!goesOn) {
        gone.complete(new ReceiveEvent.Disconnect());
        exchange.entry().done();
      }
    }
  }

  /** Returns whether the app is done; if not, it has given the whole response. */
  private boolean await(CompletableFuture<Void> done)
      throws InterruptedException, ExecutionException {
    CompletableFuture<Void> settled = done.exceptionally(_ -> null);
    Object _ = CompletableFuture.anyOf(hungUp, answered, settled).get();
    if (!settled.isDone() && !answered.isDone()) {
      gone.complete(new ReceiveEvent.Disconnect());
      Object _ = CompletableFuture.anyOf(answered, settled).get();
    }
    if (!done.isDone()) {
      return false;
    }
    Void _ = done.get();
    return true;
  }

  private void ended(@Nullable Throwable failure, Consumer<Throwable> late) {
    if (failure != null) {
      OutOfMemory.leaveIf(failure);
      late.accept(failure);
    }
    exchange.entry().done();
  }

  /** Whether the response was sent to its end. */
  void requireComplete() {
    sending.lock(); // what another thread has sent must be seen
    try {
      if (!reply.complete()) {
        throw new IllegalStateException("The app was done before its response was complete.");
      }
    } finally {
      sending.unlock();
    }
  }

  @Override
  public CompletionStage<ReceiveEvent> next() {
    if (!receiving.tryLock()) {
      return refused();
    }
    try {
      return waiting == null || waiting.isDone() ? read() : refused();
    } finally {
      receiving.unlock();
    }
  }

  private static CompletionStage<ReceiveEvent> refused() {
    return CompletableFuture.failedFuture(
        new IllegalStateException("The event asked for before has not come yet."));
  }

  private CompletionStage<ReceiveEvent> read() {
    if (bodyRead || over || answered.isDone()) {
      if (!gone.isDone()) {
        exchange.hangUp().tell(() -> hungUp.complete(null));
      }
      CompletableFuture<ReceiveEvent> event = gone.copy();
      waiting = event;
      return event;
    }
    ByteBuffer part;
    try {
      part = exchange.requestBody().copied();
    } catch (IOException _) {
      // The client has gone, or its body is refused, which the worker answers: in both cases
      // nothing more will come, and nothing sent will arrive.
      bodyRead = true;
      gone.complete(new ReceiveEvent.Disconnect());
      return gone.copy();
    }
    if (part == null) {
      bodyRead = true;
      return CompletableFuture.completedFuture(new ReceiveEvent.RequestBody(NOTHING, false));
    }
    return CompletableFuture.completedFuture(
        new ReceiveEvent.RequestBody(part.asReadOnlyBuffer(), true));
  }

  @Override
  public CompletionStage<Void> send(SendEvent event) {
    sending.lock();
    try {
      if (over || reply.complete()) {
        throw new IllegalStateException("The response is over.");
      }
      Refusal refusal = exchange.incoming().refusal();
      if (refusal != null) {
        throw new IOException("The request was refused: " + refusal.reason());
      }
      switch (event) {
        case SendEvent.Informational interim -> inform(interim);
        case SendEvent.ResponseStart first -> start(first);
        case SendEvent.ResponseBody part -> {
          begin(part.bytes().remaining(), part.more());
          reply.write(part.bytes());
          sent(part.more());
        }
        case SendEvent.ResponseFile part -> {
          try (OpenFile file = OpenFile.open(part.file())) {
            begin(file.left(), part.more());
            reply.write(file);
          }
          sent(part.more());
        }
        case SendEvent.ResponseTrailers last -> {
          begin(0, Trailers.sentTo(exchange));
          reply.finish(last.trailers());
          complete();
        }
        default ->
            throw new IllegalStateException(
                "A WebSocket's event was sent where the client asked for none.");
      }
      return CompletableFuture.completedFuture(null);
    } catch (IOException | IllegalStateException | IllegalArgumentException failed) {
      return CompletableFuture.failedFuture(failed);
    } finally {
      sending.unlock();
    }
  }

  private void inform(SendEvent.Informational interim) throws IOException {
    if (start != null) {
      throw new IllegalStateException("The response was started already.");
    }
    reply.inform(interim.status(), interim.headers());
  }

  private void start(SendEvent.ResponseStart first) {
    if (start != null) {
      throw new IllegalStateException("The response was started already.");
    }
    start = first;
  }

  private void begin(long length, boolean more) {
    SendEvent.ResponseStart first = start;
    if (first == null) {
      throw new IllegalStateException("A body was sent before its ResponseStart.");
    }
    if (!begun) {
      // A body in one part is not worth chunks.
      begin(first.status(), first.headers(), more ? -1 : length);
    }
  }

  private void sent(boolean more) throws IOException {
    if (more) {
      reply.flush();
    } else {
      reply.finish();
      complete();
    }
  }

  private void complete() {
    answered.complete(null); // first: what the app does with the news holds up nobody
    gone.complete(new ReceiveEvent.Disconnect());
  }

  private void begin(int status, Headers headers, long length) {
    try {
      reply.begin(status, headers, length);
      begun = true;
    } catch (IllegalArgumentException | IllegalStateException invalid) {
      start = null;
      throw invalid;
    }
  }
}
