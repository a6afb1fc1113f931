package dev.arbiter.http.websocket;

import dev.arbiter.app.WebSocket;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** A session as a blocking app's handler sees it. Any thread. */
public final class BlockingSocket implements WebSocket {

  /** How a thread of the app waits: a worker may want back what the thread holds meanwhile. */
  @FunctionalInterface
  public interface Waiting {
    /** Nothing is held. */
    Waiting PLAIN =
        new Waiting() {
          @Override
          public <T> T await(Future<T> future) throws InterruptedException, ExecutionException {
            return future.get();
          }
        };

    /** Waits until {@code future} is done. */
    <T> T await(Future<T> future) throws InterruptedException, ExecutionException;
  }

  private final WebSocketSession session;
  private final Optional<String> subprotocol;
  private final Waiting waiting;

  private BlockingSocket(WebSocketSession session, Optional<String> subprotocol, Waiting waiting) {
    this.session = session;
    this.subprotocol = subprotocol;
    this.waiting = waiting;
  }

  /**
   * Runs {@code handler} to its end, on this thread, and closes what it left open.
   *
   * @param failed told what the handler threw, unless its client had gone
   */
  // A handler may throw anything; the client is told and the operator gets a trace.
  @SuppressWarnings("CatchingUnchecked")
  public static void serve(
      WebSocket.Handler handler,
      WebSocketSession session,
      Optional<String> subprotocol,
      Waiting waiting,
      Consumer<Throwable> failed) {
    try {
      handler.handle(new BlockingSocket(session, subprotocol, waiting));
      session.close(CloseCode.NORMAL, "");
    } catch (Throwable thrown) {
      session.appFailed();
      if (!WebSocketClosed.causes(thrown)) {
        failed.accept(thrown);
      }
    }
  }

  @Override
  public Optional<String> subprotocol() {
    return subprotocol;
  }

  @Override
  public Message receive() throws IOException {
    return await(session.receive());
  }

  @Override
  public void sendText(String text) throws IOException {
    await(session.sendText(text));
  }

  @Override
  public void sendBinary(ByteBuffer bytes) throws IOException {
    await(session.sendBinary(bytes));
  }

  @Override
  public void close(int code, String reason) {
    session.close(code, reason);
  }

  private <T> T await(CompletionStage<T> stage) throws IOException {
    try {
      return waiting.await(stage.toCompletableFuture());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the client");
    } catch (ExecutionException failed) {
      switch (failed.getCause()) {
        case WebSocketClosed _ -> throw new WebSocketClosed();
        case RuntimeException wrong -> throw wrong;
        case null, default -> throw new IOException(failed.getCause());
      }
    }
  }
}
