package dev.arbiter.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.WebSocket;
import dev.arbiter.app.WebSocket.Message;
import dev.arbiter.app.WebSocketScopeWrapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A handshake on its way through the app: accepted, which begins a {@link Session}, or answered by
 * its {@link Exchange} as any request. The app's side; any thread.
 */
final class Upgrade implements Receive, Send {

  /** What the client is told when the app accepts. */
  record Accepted(Optional<String> subprotocol, Headers headers) {}

  final Session session = new Session();

  /** Completes when the app accepts; never if it does not. */
  final CompletableFuture<Accepted> accepted = new CompletableFuture<>();

  private final Exchange exchange;
  private final List<String> offered;
  private final Executor loop;
  private boolean connectGiven;
  private boolean answered;

  Upgrade(Exchange exchange, List<String> offered, Executor loop) {
    this.exchange = exchange;
    this.offered = offered;
    this.loop = loop;
  }

  /** The fields of a client's handshake (RFC 6455 section 4.1). */
  static Headers request(Headers fields, List<String> subprotocols) {
    Headers sent =
        fields
            .with("connection", "Upgrade")
            .with("upgrade", "websocket")
            .with("sec-websocket-version", "13")
            .with("sec-websocket-key", "dGVzdCBjbGllbnQgbm9uY2U=");
    return subprotocols.isEmpty()
        ? sent
        : sent.with("sec-websocket-protocol", String.join(", ", subprotocols));
  }

  private synchronized void accept(Optional<String> subprotocol, Headers headers) {
    Rules.requireValid(200, headers);
    headers.forEach(
        (name, _) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (lower.startsWith("sec-websocket-") || lower.equals("upgrade")) {
            throw new IllegalArgumentException(
                "The app's answer to a handshake sets " + lower + ".");
          }
        });
    if (subprotocol.isPresent() && !offered.contains(subprotocol.get())) {
      throw new IllegalArgumentException(
          "The app chose a subprotocol the client did not offer: " + subprotocol.get());
    }
    if (answered || accepted.isDone()) {
      throw new IllegalStateException(
          "The app accepted a WebSocket that was accepted or answered already.");
    }
    accepted.complete(new Accepted(subprotocol, headers));
  }

  // ---- a blocking app

  /** Accepts, and runs the handler to its end. */
  // Whatever a handler throws, errors included, reaches the test.
  @SuppressWarnings("CatchingUnchecked")
  void serve(Headers headers, Response.Body.Upgrade upgrade) throws Exception {
    accept(upgrade.subprotocol(), headers);
    try {
      upgrade.handler().handle(new Blocking(session, upgrade.subprotocol()));
      session.done();
    } catch (Throwable thrown) {
      session.failed();
      if (!Session.Closed.causes(thrown)) {
        throw thrown;
      }
    }
  }

  private record Blocking(Session session, Optional<String> subprotocol) implements WebSocket {
    @Override
    public Message receive() throws IOException {
      return await(session.receive());
    }

    @Override
    public void sendText(String text) throws IOException {
      await(session.send(new Message.Text(text)));
    }

    @Override
    public void sendBinary(ByteBuffer bytes) throws IOException {
      await(session.send(new Message.Binary(copy(bytes))));
    }

    @Override
    public void close(int code, String reason) {
      session.close(code, reason);
    }

    private static <T> T await(CompletableFuture<T> stage) throws IOException {
      if (stage.isCompletedExceptionally() && Session.Closed.causes(stage.exceptionNow())) {
        throw new Session.Closed();
      }
      return Waits.await(stage, Exchange.APP_LIMIT);
    }
  }

  // ---- an async app

  CompletionStage<Void> begin(AsyncApp app, Asked request) {
    return app.handle(new WebSocketScopeWrapper(request, offered), this, this);
  }

  @Override
  public synchronized CompletionStage<ReceiveEvent> next() {
    if (!connectGiven) {
      connectGiven = true;
      return CompletableFuture.completedFuture(new ReceiveEvent.WebSocketConnect());
    }
    return session.receive().thenApplyAsync(Upgrade::event, loop);
  }

  private static ReceiveEvent event(Message message) {
    return switch (message) {
      case Message.Text(String text) -> new ReceiveEvent.WebSocketText(text);
      case Message.Binary(ByteBuffer bytes) -> new ReceiveEvent.WebSocketBinary(bytes);
      case Message.Close(int code, String reason) ->
          new ReceiveEvent.WebSocketDisconnect(code, reason);
    };
  }

  @Override
  public CompletionStage<Void> send(SendEvent event) {
    try {
      return switch (event) {
        case SendEvent.WebSocketAccept(String subprotocol, Headers headers) -> {
          accept(Optional.ofNullable(subprotocol), headers);
          yield CompletableFuture.completedFuture(null);
        }
        case SendEvent.WebSocketText(String text) -> send(new Message.Text(text));
        case SendEvent.WebSocketBinary(ByteBuffer bytes) -> send(new Message.Binary(copy(bytes)));
        case SendEvent.WebSocketClose(int code, String reason) -> close(code, reason);
        default -> respond(event);
      };
    } catch (IllegalStateException | IllegalArgumentException wrong) {
      return CompletableFuture.failedFuture(wrong);
    }
  }

  private CompletionStage<Void> send(Message message) {
    if (!accepted.isDone()) {
      throw new IllegalStateException("The app sent a message before it accepted.");
    }
    if (session.crowded()) {
      throw new IllegalStateException("The app did not wait for room.");
    }
    CompletableFuture<Void> room = session.send(message);
    return room.isDone() ? room : room.thenApplyAsync(nothing -> nothing, loop);
  }

  private CompletionStage<Void> close(int code, String reason) {
    if (accepted.isDone()) {
      session.close(code, reason);
      return CompletableFuture.completedFuture(null);
    }
    return refuse();
  }

  private CompletionStage<Void> refuse() {
    respond(
        new SendEvent.ResponseStart(403, Headers.of("content-type", "text/plain; charset=utf-8")));
    return respond(new SendEvent.ResponseBody(UTF_8.encode("403 Forbidden\n"), false));
  }

  private CompletionStage<Void> respond(SendEvent event) {
    synchronized (this) {
      if (accepted.isDone()) {
        throw new IllegalStateException("The app sent a response where it had accepted.");
      }
      answered = true;
    }
    boolean last =
        switch (event) {
          case SendEvent.ResponseBody body -> !body.more();
          case SendEvent.ResponseFile file -> !file.more();
          case SendEvent.ResponseTrailers _ -> true;
          default -> false;
        };
    CompletionStage<Void> sent = exchange.send(event);
    return last ? sent.whenComplete((_, _) -> session.drop()) : sent;
  }

  /**
   * The app's stage has completed.
   *
   * @return what the exchange is to make of it: null if the app did as it should
   */
  @Nullable Throwable ended(@Nullable Throwable failure) {
    if (accepted.isDone()) {
      if (failure == null) {
        session.done();
        return null;
      }
      session.failed();
      return Session.Closed.causes(failure) ? null : failure;
    }
    if (failure == null && !answered) {
      // An app that knows no WebSockets returns at once: that is how it is told to decline.
      refuse();
    }
    return failure;
  }

  private static ByteBuffer copy(ByteBuffer bytes) {
    return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip().asReadOnlyBuffer();
  }
}
