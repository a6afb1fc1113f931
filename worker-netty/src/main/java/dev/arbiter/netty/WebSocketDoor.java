package dev.arbiter.netty;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent;
import dev.arbiter.http.websocket.AsyncUpgrade;
import dev.arbiter.http.websocket.BlockingSocket;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.WebSocketSession;
import dev.arbiter.worker.OutOfMemory;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Turns an exchange whose client asks for a WebSocket into one. Any thread. */
final class WebSocketDoor implements AsyncUpgrade.Door {
  private final Exchange exchange;
  private final Handshake handshake;
  private final CompletableFuture<Void> handled = new CompletableFuture<>();

  WebSocketDoor(Exchange exchange, Handshake handshake) {
    this.exchange = exchange;
    this.handshake = handshake;
  }

  /** What an async app decides through. */
  AsyncUpgrade upgrade() {
    handled.complete(null); // it has no thread of its own
    return new AsyncUpgrade(exchange, handshake, this, this::failed);
  }

  /** Runs a blocking app's handler on a thread of its own. */
  void serve(Response.Body.Upgrade upgrade, WebSocketSession session) {
    exchange.stream().loop().startApart(() -> handle(upgrade, session));
  }

  private void handle(Response.Body.Upgrade upgrade, WebSocketSession session) {
    try {
      BlockingSocket.serve(
          upgrade.handler(),
          session,
          upgrade.subprotocol(),
          BlockingSocket.Waiting.PLAIN,
          this::failed);
    } finally {
      handled.complete(null);
    }
  }

  private void failed(Throwable failure) {
    OutOfMemory.leaveIf(failure);
    exchange.stream()
        .loop()
        .service()
        .failedRequests()
        .failed(exchange.head(), "failed in its WebSocket", failure);
  }

  @Override
  public CompletionStage<WebSocketSession> accept(Optional<String> subprotocol, Headers headers) {
    CompletableFuture<WebSocketSession> accepted = new CompletableFuture<>();
    if (exchange.stream().loop().executor().inEventLoop()) {
      accept(subprotocol, headers, accepted);
    } else {
      exchange.stream().loop().executor().execute(() -> accept(subprotocol, headers, accepted));
    }
    return accepted;
  }

  private void accept(
      Optional<String> subprotocol, Headers headers, CompletableFuture<WebSocketSession> accepted) {
    WebSocketSession session;
    try {
      session = open(subprotocol, headers);
    } catch (IOException | IllegalArgumentException refused) {
      accepted.completeExceptionally(refused);
      return;
    }
    accepted.complete(session);
  }

  private WebSocketSession open(Optional<String> subprotocol, Headers headers) throws IOException {
    if (exchange.gone() || exchange.answered()) {
      throw new ClientGone("the client has gone");
    }
    return exchange.stream().upgrade(exchange, handshake, subprotocol, headers, handled);
  }

  @Override
  public CompletionStage<Void> respond(SendEvent event) {
    return exchange.outbox().send(event);
  }
}
