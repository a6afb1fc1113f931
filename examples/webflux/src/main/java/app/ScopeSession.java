package app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.WebSocketScope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.web.reactive.socket.CloseStatus;
import org.springframework.web.reactive.socket.HandshakeInfo;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.WebSocketMessage;
import org.springframework.web.reactive.socket.adapter.AbstractWebSocketSession;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * An accepted WebSocket as WebFlux wants it. Signals on the connection's event loop, or on the
 * thread that asks for what has come already; any thread may send.
 *
 * <p>Design note. An app learns that a client has gone from what it receives, and a handler that
 * only sends receives nothing. So one event is always asked for ahead, and kept until it is wanted:
 * that is all that waits here, and behind a message that is not taken the end is not seen.
 *
 * <p>It extends the class for servers that are asked, not that for those with listeners: {@code
 * AbstractListenerWebSocketSession} has a queue between the two, which nothing needs here.
 */
final class ScopeSession extends AbstractWebSocketSession<WebSocketScope> {
  private static final int NO_STATUS = 1005;
  private static final int BROKEN = 1006;

  private final Receive receive;
  private final Send send;
  private final Sinks.One<CloseStatus> end = Sinks.one();
  private volatile boolean open = true;
  private CompletableFuture<ReceiveEvent> ahead;

  /** Begins to receive; only once the handshake was accepted. */
  ScopeSession(WebSocketScope scope, Receive receive, Send send, HandshakeInfo info) {
    super(scope, UUID.randomUUID().toString(), info, DefaultDataBufferFactory.sharedInstance);
    this.receive = receive;
    this.send = send;
    ahead = next();
  }

  private CompletableFuture<ReceiveEvent> next() {
    return receive
        .next()
        .toCompletableFuture()
        .whenComplete(
            (event, failure) -> {
              if (event instanceof ReceiveEvent.WebSocketDisconnect(int code, String reason)) {
                ended(new CloseStatus(code, reason));
              } else if (failure != null) {
                ended(new CloseStatus(BROKEN));
              }
            });
  }

  private void ended(CloseStatus status) {
    open = false;
    end.tryEmitValue(status);
  }

  /**
   * Serves it to its end. The handler's failure is told to the client here, and not left to the
   * worker: what is around the handler may answer to it as to a request, and then nobody would know
   * that it has failed.
   */
  Mono<Void> served(WebSocketHandler handler) {
    return Mono.defer(() -> handler.handle(this))
        .onErrorResume(failed -> close(CloseStatus.SERVER_ERROR).then(Mono.error(failed)))
        .then(Mono.defer(() -> close(CloseStatus.NORMAL)));
  }

  // ---- in

  /** For one subscriber. One that cancels has read enough: what still comes is dropped. */
  @Override
  public Flux<WebSocketMessage> receive() {
    // Somebody must go on to take messages, or the end behind them would not be seen.
    return messages().doOnCancel(() -> messages().subscribe(_ -> {}, _ -> {}));
  }

  private Flux<WebSocketMessage> messages() {
    return Mono.defer(this::taken)
        .repeat()
        .takeWhile(event -> !(event instanceof ReceiveEvent.WebSocketDisconnect))
        .map(this::message);
  }

  /** The event that was asked for ahead; the next is asked for when there was demand for it. */
  private Mono<ReceiveEvent> taken() {
    CompletableFuture<ReceiveEvent> asked = ahead();
    return Mono.fromFuture(asked, true)
        .doOnNext(
            event -> {
              if (!(event instanceof ReceiveEvent.WebSocketDisconnect)) {
                advance(asked);
              }
            });
  }

  private synchronized CompletableFuture<ReceiveEvent> ahead() {
    return ahead;
  }

  /** Once for each event: a subscriber that cancels while it is given one has a successor. */
  @SuppressWarnings("ReferenceEquality") // that very one
  private synchronized void advance(CompletableFuture<ReceiveEvent> taken) {
    if (ahead == taken) {
      ahead = next();
    }
  }

  private WebSocketMessage message(ReceiveEvent event) {
    return switch (event) {
      case ReceiveEvent.WebSocketText(String text) -> textMessage(text);
      case ReceiveEvent.WebSocketBinary(ByteBuffer bytes) ->
          new WebSocketMessage(
              WebSocketMessage.Type.BINARY, DefaultDataBufferFactory.sharedInstance.wrap(bytes));
      default -> throw new IllegalStateException("not of a WebSocket: " + event);
    };
  }

  // ---- out

  /**
   * Asks for the next message when there is room for it. Completes, also where the publisher does
   * not, when the WebSocket has ended, as with Spring's own servers: that is no error of the
   * handler, which finds the reason in {@link #closeStatus}.
   */
  @Override
  public Mono<Void> send(Publisher<WebSocketMessage> messages) {
    return Flux.from(messages)
        .takeUntilOther(end.asMono())
        .concatMap(message -> sent(event(message)), 0)
        .then()
        .onErrorResume(ClientGone.class, _ -> Mono.empty());
  }

  private static SendEvent event(WebSocketMessage message) {
    DataBuffer payload = message.getPayload();
    try {
      return switch (message.getType()) {
        case TEXT -> new SendEvent.WebSocketText(payload.toString(UTF_8));
        case BINARY -> {
          ByteBuffer bytes = ByteBuffer.allocate(payload.readableByteCount());
          payload.toByteBuffer(bytes);
          yield new SendEvent.WebSocketBinary(bytes);
        }
        case PING, PONG ->
            throw new UnsupportedOperationException(
                "The worker sends pings (--ws-ping-interval) and answers them; an app cannot.");
      };
    } finally {
      DataBufferUtils.release(payload);
    }
  }

  private Mono<Void> sent(SendEvent event) {
    return Mono.defer(() -> Mono.fromFuture(send.send(event).toCompletableFuture(), true))
        .onErrorMap(IOException.class, ClientGone::new);
  }

  /** To tell it from an {@link IOException} of the handler's own publisher. */
  private static final class ClientGone extends IOException {
    private static final long serialVersionUID = 1;

    ClientGone(IOException cause) {
      super(cause);
    }
  }

  // ---- the end

  @Override
  public boolean isOpen() {
    return open;
  }

  /** Nothing if it is closed already. */
  @Override
  public Mono<Void> close(CloseStatus status) {
    String reason = status.getReason() == null ? "" : status.getReason();
    // Spring's constant for a Close without a code, which a worker cannot be told to send.
    int code = status.getCode() == NO_STATUS ? CloseStatus.NORMAL.getCode() : status.getCode();
    return sent(new SendEvent.WebSocketClose(code, reason)).doOnSuccess(_ -> open = false);
  }

  @Override
  public Mono<CloseStatus> closeStatus() {
    return end.asMono();
  }
}
