package dev.arbiter.sync;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.ResponseHead;
import dev.arbiter.http.websocket.AsyncUpgrade;
import dev.arbiter.http.websocket.BlockingSocket;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.WebSocketSession;
import dev.arbiter.worker.OutOfMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What an app decides through whose client asks for a WebSocket: accepts it and serves it to its
 * end, or answers as to any request. The connection's thread, but for what an async app calls.
 *
 * <p>Design note. A WebSocket lasts for hours and mostly waits. A blocking app's handler has a turn
 * while it runs and gives it back while it waits for a message or a slow client: with {@code
 * --threads 1} it never runs beside another call of the app, and holds up none while it waits. An
 * async app has the turn for {@code handle}; what it makes happen later runs on the thread of the
 * connection that caused it.
 */
final class WebSocketDoor implements AsyncUpgrade.Door {
  private final Conversation.Shared shared;
  private final Link link;
  private final ByteBuffer in;
  private final Exchange exchange;
  private final AsyncUpgrade upgrade;
  private final Handshake handshake;
  private final Reply reply;
  private final Consumer<Limit> late;

  /** The WebSocket once there is one; null when the app is done without. */
  private final CompletableFuture<@Nullable WebSocketConnection> decided =
      new CompletableFuture<>();

  private volatile @Nullable WebSocketConnection open;
  private volatile @Nullable AsyncCall instead;

  /**
   * @param in what was read beyond the request
   * @param late is told which time limit is about to end the WebSocket
   */
  WebSocketDoor(
      Conversation.Shared shared,
      Link link,
      ByteBuffer in,
      Exchange exchange,
      Reply reply,
      Handshake handshake,
      Consumer<Limit> late) {
    this.shared = shared;
    this.link = link;
    this.in = in;
    this.exchange = exchange;
    this.handshake = handshake;
    this.reply = reply;
    this.late = late;
    upgrade = new AsyncUpgrade(exchange, handshake, this, this::failed);
  }

  /** Whether there is a WebSocket, or was. */
  boolean accepted() {
    return open != null;
  }

  private void failed(Throwable failure) {
    OutOfMemory.leaveIf(failure);
    shared.failedRequests().failed(exchange.incoming(), "failed in its WebSocket", failure);
  }

  // ---- a blocking app

  /** Accepts, and returns when the WebSocket has ended and its handler too. */
  void serve(Headers headers, Response.Body.Upgrade wanted)
      throws IOException, InterruptedException {
    WebSocketConnection webSocket = begin(wanted.subprotocol(), headers);
    Thread handler =
        Thread.ofVirtual().name("websocket").unstarted(() -> handle(wanted, webSocket.session()));
    handler.setContextClassLoader(shared.running().loader());
    handler.start();
    webSocket.run();
    handler.join(); // what it does at its end belongs to the connection's life
  }

  private void handle(Response.Body.Upgrade wanted, WebSocketSession session) {
    try {
      shared
          .turns()
          .runYielding(
              () ->
                  BlockingSocket.serve(
                      wanted.handler(),
                      session,
                      wanted.subprotocol(),
                      shared.turns()::yieldFor,
                      this::failed));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // before it began: nobody does that
    }
  }

  // ---- an async app

  /** Lets the app begin, with a turn. */
  // An app may throw anything, also after it has accepted.
  @SuppressWarnings("CatchingUnchecked")
  void begin(AsyncApp app) {
    instead = new AsyncCall(app, exchange, reply);
    exchange.entry().begun();
    try {
      CompletionStage<Void> stage = upgrade.begin(app);
      if (stage == null) {
        throw new IllegalStateException("The app's handle returned null.");
      }
      stage.whenComplete((_, failure) -> ended(failure));
    } catch (Throwable thrown) {
      OutOfMemory.leaveIf(thrown);
      ended(thrown);
    }
  }

  private AsyncCall instead() {
    AsyncCall call = instead;
    if (call == null) {
      throw new IllegalStateException("The app has not begun.");
    }
    return call;
  }

  private void ended(@Nullable Throwable failure) {
    try {
      decide(failure);
    } finally {
      exchange.entry().done();
    }
  }

  private void decide(@Nullable Throwable failure) {
    if (upgrade.ended(failure)) {
      decided.complete(null);
    } else if (failure == null) {
      try {
        instead().requireComplete();
        decided.complete(null);
      } catch (IllegalStateException incomplete) {
        decided.completeExceptionally(incomplete);
      }
    } else if (!decided.completeExceptionally(cause(failure))) {
      shared
          .failedRequests()
          .failed(exchange.incoming(), "failed after its response", cause(failure));
    }
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /**
   * Returns when the app has answered, or the WebSocket it accepted has ended.
   *
   * @throws IOException what the app failed with instead
   */
  void awaitDecision() throws IOException, InterruptedException {
    WebSocketConnection webSocket;
    try {
      webSocket = decided.get();
    } catch (ExecutionException failed) {
      switch (failed.getCause()) {
        case IOException gone -> throw gone;
        case RuntimeException wrong -> throw wrong;
        case null, default -> throw new IllegalStateException(failed.getCause());
      }
    }
    if (webSocket != null) {
      webSocket.run();
    }
  }

  @Override
  public CompletionStage<WebSocketSession> accept(Optional<String> subprotocol, Headers headers) {
    try {
      WebSocketConnection webSocket = begin(subprotocol, headers);
      decided.complete(webSocket);
      return CompletableFuture.completedFuture(webSocket.session());
    } catch (IOException | IllegalArgumentException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  @Override
  public CompletionStage<Void> respond(SendEvent event) {
    CompletionStage<Void> sent = instead().send(event);
    if (reply.complete()) {
      decided.complete(null); // the client is not to wait for what the app does then
    }
    return sent;
  }

  // ---- both

  private WebSocketConnection begin(Optional<String> subprotocol, Headers headers)
      throws IOException {
    ResponseHead head = new ResponseHead(shared.settings());
    head.encodeSwitch(headers, handshake.answer(subprotocol, headers));
    WebSocketConnection webSocket = new WebSocketConnection(shared, link, in, handshake, late);
    open = webSocket;
    reply.switched(head);
    long nanos = exchange.entry().end(101, 0, head.length());
    shared
        .log()
        .answered(exchange.incoming(), exchange.client().orElse(null), 101, headers, 0, nanos);
    webSocket.start();
    return webSocket;
  }
}
