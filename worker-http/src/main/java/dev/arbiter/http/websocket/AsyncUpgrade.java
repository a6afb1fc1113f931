package dev.arbiter.http.websocket;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.WebSocket.Message;
import dev.arbiter.app.WebSocketScope;
import dev.arbiter.app.WebSocketScopeWrapper;
import dev.arbiter.http.Status;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An async app's part in a WebSocket, from the handshake on: it accepts and then speaks through a
 * session, or answers as to any request. Any thread.
 */
public final class AsyncUpgrade implements Receive, Send {

  /** What the worker does of it. */
  public interface Door {
    /**
     * Answers the handshake and begins a session.
     *
     * @return fails with {@link IllegalArgumentException} if the answer is not valid, of which
     *     nothing was sent then; or because the client has gone
     */
    CompletionStage<WebSocketSession> accept(Optional<String> subprotocol, Headers headers);

    /** Sends a part of a response instead. */
    CompletionStage<Void> respond(SendEvent event);
  }

  private final Door door;
  private final WebSocketScope scope;
  private final Consumer<Throwable> failed;
  private final ReentrantLock lock = new ReentrantLock();
  private boolean connectGiven;
  private boolean decided;
  private boolean ended;
  private boolean gone;
  private @Nullable WebSocketSession session;
  private @Nullable CompletableFuture<ReceiveEvent> early;

  /**
   * @param failed told of a failure after the app has accepted, unless its client had gone
   */
  public AsyncUpgrade(
      RequestHead head, Handshake handshake, Door door, Consumer<Throwable> failed) {
    this.scope = new WebSocketScopeWrapper(head, handshake.subprotocols());
    this.door = door;
    this.failed = failed;
  }

  /** Lets the app begin. Its stage, when it completes, is to be told to {@link #ended}. */
  public CompletionStage<Void> begin(AsyncApp app) {
    return app.handle(scope, this, this);
  }

  // ---- receiving

  @Override
  public CompletionStage<ReceiveEvent> next() {
    WebSocketSession open;
    lock.lock();
    try {
      if (!connectGiven) {
        connectGiven = true;
        return CompletableFuture.completedFuture(new ReceiveEvent.WebSocketConnect());
      }
      open = session;
      if (open == null) {
        if (gone) {
          return CompletableFuture.completedFuture(disconnected());
        }
        if (early != null) {
          return CompletableFuture.failedFuture(
              new IllegalStateException("The event asked for before has not come yet."));
        }
        CompletableFuture<ReceiveEvent> waiting = new CompletableFuture<>();
        early = waiting;
        return waiting;
      }
    } finally {
      lock.unlock();
    }
    return open.receive().thenApply(AsyncUpgrade::event);
  }

  private static ReceiveEvent event(Message message) {
    return switch (message) {
      case Message.Text(String text) -> new ReceiveEvent.WebSocketText(text);
      case Message.Binary(ByteBuffer bytes) -> new ReceiveEvent.WebSocketBinary(bytes);
      case Message.Close(int code, String reason) ->
          new ReceiveEvent.WebSocketDisconnect(code, reason);
    };
  }

  private static ReceiveEvent disconnected() {
    return new ReceiveEvent.WebSocketDisconnect(CloseCode.ABNORMAL, "");
  }

  // ---- sending

  @Override
  public CompletionStage<Void> send(SendEvent event) {
    return switch (event) {
      case SendEvent.WebSocketAccept(String subprotocol, Headers headers) ->
          accept(Optional.ofNullable(subprotocol), headers);
      case SendEvent.WebSocketText(String text) -> message(open -> open.sendText(text));
      case SendEvent.WebSocketBinary(ByteBuffer bytes) -> message(open -> open.sendBinary(bytes));
      case SendEvent.WebSocketClose(int code, String reason) -> close(code, reason);
      case SendEvent.Informational _,
          SendEvent.ResponseStart _,
          SendEvent.ResponseBody _,
          SendEvent.ResponseFile _,
          SendEvent.ResponseTrailers _ ->
          respond(event);
    };
  }

  private CompletionStage<Void> accept(Optional<String> subprotocol, Headers headers) {
    if (!decide()) {
      return misused("it accepted what was accepted or answered already");
    }
    return door.accept(subprotocol, headers)
        .whenComplete(
            (open, failure) -> {
              if (failure == null) {
                opened(open);
              } else {
                undecide();
              }
            })
        .thenApply(_ -> null);
  }

  private boolean decide() {
    lock.lock();
    try {
      boolean first = !decided;
      decided = true;
      return first;
    } finally {
      lock.unlock();
    }
  }

  /** The app's answer was not valid: what it failed with is answered instead. */
  private void undecide() {
    lock.lock();
    try {
      decided = false;
    } finally {
      lock.unlock();
    }
  }

  private void opened(WebSocketSession open) {
    CompletableFuture<ReceiveEvent> waiting;
    boolean over;
    lock.lock();
    try {
      session = open;
      waiting = early;
      early = null;
      over = ended;
    } finally {
      lock.unlock();
    }
    if (waiting != null) {
      open.receive()
          .whenComplete(
              (message, failure) -> {
                if (failure == null) {
                  waiting.complete(event(message));
                } else {
                  waiting.completeExceptionally(failure);
                }
              });
    }
    if (over) {
      open.close(CloseCode.NORMAL, "");
    }
  }

  private CompletionStage<Void> close(int code, String reason) {
    WebSocketSession open = session();
    if (open != null) {
      try {
        open.close(code, reason);
        return CompletableFuture.completedFuture(null);
      } catch (IllegalArgumentException wrong) {
        return CompletableFuture.failedFuture(wrong);
      }
    }
    return decide() ? refuse() : misused("it closed what it had answered already");
  }

  private CompletionStage<Void> refuse() {
    Response refusal = Status.error(403, "");
    byte[] body = ((Response.Body.Bytes) refusal.body()).bytes();
    return door.respond(new SendEvent.ResponseStart(refusal.status(), refusal.headers()))
        .thenCompose(_ -> door.respond(new SendEvent.ResponseBody(ByteBuffer.wrap(body), false)))
        .whenComplete((_, _) -> gone());
  }

  private CompletionStage<Void> respond(SendEvent event) {
    if (session() != null) {
      return misused("it sent a response where it had accepted a WebSocket");
    }
    if (event instanceof SendEvent.ResponseStart) {
      decide();
    }
    CompletionStage<Void> sent = door.respond(event);
    boolean last =
        switch (event) {
          case SendEvent.ResponseBody body -> !body.more();
          case SendEvent.ResponseFile file -> !file.more();
          case SendEvent.ResponseTrailers _ -> true;
          default -> false;
        };
    return last ? sent.whenComplete((_, _) -> gone()) : sent;
  }

  private CompletionStage<Void> message(Function<WebSocketSession, CompletionStage<Void>> sending) {
    WebSocketSession open = session();
    if (open == null) {
      return misused("it sent a message before it accepted");
    }
    if (!open.over() && open.crowded()) {
      return misused("it did not wait for room");
    }
    return sending.apply(open);
  }

  private static CompletionStage<Void> misused(String what) {
    return CompletableFuture.failedFuture(new IllegalStateException("The app erred: " + what));
  }

  private @Nullable WebSocketSession session() {
    lock.lock();
    try {
      return session;
    } finally {
      lock.unlock();
    }
  }

  // ---- the end

  /** There will be no WebSocket: the client has gone before the app decided, or was answered. */
  public void gone() {
    CompletableFuture<ReceiveEvent> waiting;
    lock.lock();
    try {
      gone = true;
      waiting = early;
      early = null;
    } finally {
      lock.unlock();
    }
    if (waiting != null) {
      waiting.complete(disconnected());
    }
  }

  /**
   * The app's stage has completed.
   *
   * @param failure what with; null if it is done
   * @return whether that is dealt with; if not the worker does as with any request
   */
  public boolean ended(@Nullable Throwable failure) {
    WebSocketSession open;
    boolean refuses;
    lock.lock();
    try {
      ended = true;
      open = session;
      refuses = open == null && !decided && !gone && failure == null;
      decided |= refuses;
    } finally {
      lock.unlock();
    }
    if (refuses) {
      // An app that knows no WebSockets returns at once: that is how it is told to decline.
      refuse();
      return true;
    }
    if (open == null) {
      return false;
    }
    if (failure == null) {
      open.close(CloseCode.NORMAL, "");
    } else {
      open.appFailed();
      if (!WebSocketClosed.causes(failure)) {
        failed.accept(failure);
      }
    }
    return true;
  }
}
