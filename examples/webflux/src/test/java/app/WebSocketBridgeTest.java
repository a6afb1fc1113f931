package app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.WebSocket.Message;
import dev.arbiter.app.WebSocketScope;
import dev.arbiter.app.WebSocketScopeWrapper;
import dev.arbiter.testing.AppFailure;
import dev.arbiter.testing.TestClient;
import dev.arbiter.testing.TestWebSocket;
import dev.arbiter.testing.WebSocketRefused;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.reactive.DispatcherHandler;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.handler.WebFluxResponseStatusExceptionHandler;
import org.springframework.web.reactive.socket.CloseStatus;
import org.springframework.web.reactive.socket.HandshakeInfo;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.WebSocketMessage;
import org.springframework.web.reactive.socket.WebSocketSession;
import org.springframework.web.reactive.socket.server.WebSocketService;
import org.springframework.web.reactive.socket.server.support.HandshakeWebSocketService;
import org.springframework.web.reactive.socket.server.support.WebSocketHandlerAdapter;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** WebFlux' WebSockets over the async contract, without a socket. */
@Timeout(60)
class WebSocketBridgeTest {
  private static final String PART = "x".repeat(16 * 1024);

  /** Whatever is asked for, {@code handler} serves it. */
  static WebFluxApp serving(WebSocketHandler handler) {
    WebSocketService service = new HandshakeWebSocketService(new Upgrade());
    return running(
        WebHttpHandlerBuilder.webHandler(exchange -> service.handleRequest(exchange, handler))
            .build());
  }

  private static WebFluxApp running(HttpHandler handler) {
    return new WebFluxApp() {
      @Override
      HttpHandler handler(Lifespan lifespan) {
        return handler;
      }
    };
  }

  @Test
  void textAndBinaryPassBothWays() {
    try (TestClient client = TestClient.of(new App());
        TestWebSocket socket = client.webSocket("/ws?name=ada%20b")) {
      socket.sendText("h\u00e9llo \ud83c\udf75");
      assertThat(socket.receiveText()).isEqualTo("ada b: h\u00e9llo \ud83c\udf75");
      socket.sendText("");
      assertThat(socket.receiveText()).isEqualTo("ada b: ");
      socket.sendBinary(new byte[] {0, 1, -1});
      assertThat(socket.receiveBinary()).containsExactly(0, 1, -1);
    }
  }

  @Test
  void theHandshakeIsSeenWholeAndItsAnswerIsTheHandlersToExtend() {
    HandshakeWebSocketService service = new HandshakeWebSocketService(new Upgrade());
    service.setSessionAttributePredicate("who"::equals);
    CompletableFuture<HandshakeInfo> seen = new CompletableFuture<>();
    WebSocketHandler handler =
        new WebSocketHandler() {
          @Override
          public List<String> getSubProtocols() {
            return List.of("chat.v2");
          }

          @Override
          public Mono<Void> handle(WebSocketSession session) {
            seen.complete(session.getHandshakeInfo());
            return session.send(Mono.just(session.textMessage("" + session.getAttributes())));
          }
        };
    HttpHandler http =
        WebHttpHandlerBuilder.webHandler(
                exchange -> {
                  exchange.getResponse().getHeaders().add("x-room", "tea");
                  exchange
                      .getResponse()
                      .addCookie(ResponseCookie.from("last", "tea").path("/").build());
                  return exchange
                      .getSession()
                      .doOnNext(session -> session.getAttributes().put("who", "ada"))
                      .then(Mono.defer(() -> service.handleRequest(exchange, handler)));
                })
            .build();
    try (TestClient client =
            TestClient.builder(running(http)).baseUrl("https://shop.example").build();
        TestWebSocket socket =
            client
                .cookie("id", "7")
                .request("GET", "/ws?room=tea")
                .header("x-token", "t")
                .webSocket("chat.v3", "chat.v2")) {
      assertThat(socket.subprotocol()).contains("chat.v2");
      assertThat(socket.headers().first("x-room")).contains("tea");
      assertThat(socket.receiveText()).isEqualTo("{who=ada}");
      // Kept by the thread that accepts, which need not be done before the socket is here.
      assertThat(client.cookie("last")).contains("tea");
      assertThat(client.cookie("SESSION")).isPresent();
      HandshakeInfo info = seen.join();
      assertThat(info.getUri()).hasToString("https://shop.example/ws?room=tea");
      assertThat(info.getHeaders().getFirst("x-token")).isEqualTo("t");
      assertThat(Objects.requireNonNull(info.getCookies().getFirst("id")).getValue())
          .isEqualTo("7");
      assertThat(info.getSubProtocol()).isEqualTo("chat.v2");
      assertThat(Objects.requireNonNull(info.getRemoteAddress()).getPort()).isEqualTo(50_000);
    }
  }

  @Test
  void aHandlerMayBeMappedByAContext() {
    WebSocketHandler echo = session -> session.send(session.receive());
    try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
      context.registerBean(WebHttpHandlerBuilder.WEB_HANDLER_BEAN_NAME, DispatcherHandler.class);
      context.registerBean(
          SimpleUrlHandlerMapping.class, () -> new SimpleUrlHandlerMapping(Map.of("/ws", echo), 1));
      context.registerBean(
          WebSocketHandlerAdapter.class,
          () -> new WebSocketHandlerAdapter(new HandshakeWebSocketService(new Upgrade())));
      context.registerBean(WebFluxResponseStatusExceptionHandler.class);
      context.refresh();
      HttpHandler handler = WebHttpHandlerBuilder.applicationContext(context).build();
      try (TestClient client = TestClient.of(running(handler));
          TestWebSocket socket = client.webSocket("/ws")) {
        socket.sendText("hello");
        assertThat(socket.receiveText()).isEqualTo("hello");
        assertThat(refused(client, "/elsewhere")).isEqualTo(404);
        assertThat(client.get("/ws").status()).isEqualTo(400);
      }
    }
  }

  private static int refused(TestClient client, String target) {
    return Objects.requireNonNull(
            catchThrowableOfType(WebSocketRefused.class, () -> client.webSocket(target)))
        .response()
        .status();
  }

  @Test
  void whatAnswersInsteadRefuses() {
    HttpHandler handler =
        WebHttpHandlerBuilder.webHandler(
                _ -> Mono.error(new ResponseStatusException(HttpStatus.UNAUTHORIZED)))
            .exceptionHandler(new WebFluxResponseStatusExceptionHandler())
            .build();
    try (TestClient client = TestClient.of(running(handler))) {
      assertThat(refused(client, "/")).isEqualTo(401);
    }
    try (TestClient client = TestClient.of(new App())) {
      assertThat(refused(client, "/nowhere")).isEqualTo(404);
    }
  }

  @Test
  void aHandshakeThatTheWorkerTakesForARequestIsAnsweredAsOne() {
    try (TestClient client = TestClient.of(new App())) {
      assertThat(
              client
                  .request("GET", "/counter")
                  .header("upgrade", "websocket")
                  .header("connection", "upgrade")
                  .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
                  .header("sec-websocket-version", "13")
                  .send()
                  .status())
          .isEqualTo(501);
    }
  }

  /** As over HTTP/2, where a handshake has neither key nor {@code Upgrade}. */
  @Test
  void aHandshakeNeedsNoFieldsOfItsOwn() {
    AsyncApp app = new App();
    AsyncApp without =
        new AsyncApp() {
          @Override
          public void startup(Lifespan lifespan) throws Exception {
            app.startup(lifespan);
          }

          @Override
          public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
            WebSocketScope bare =
                new WebSocketScopeWrapper((WebSocketScope) scope) {
                  @Override
                  public Headers headers() {
                    return Headers.of("host", "test");
                  }
                };
            return app.handle(bare, receive, send);
          }
        };
    try (TestClient client = TestClient.of(without);
        TestWebSocket socket = client.webSocket("/ws?name=ada")) {
      socket.sendText("hello");
      assertThat(socket.receiveText()).isEqualTo("ada: hello");
    }
  }

  @Test
  void theHandlersCodeReachesTheClient() {
    try (TestClient client =
            TestClient.of(serving(session -> session.close(new CloseStatus(4001, "bye"))));
        TestWebSocket socket = client.webSocket("/")) {
      assertThat(socket.receiveClose()).isEqualTo(new Message.Close(4001, "bye"));
    }
    try (TestClient client = TestClient.of(serving(_ -> Mono.empty()));
        TestWebSocket socket = client.webSocket("/")) {
      assertThat(socket.receiveClose().code()).isEqualTo(1000);
    }
  }

  @Test
  void theClientsCodeReachesTheHandler() throws Exception {
    CompletableFuture<CloseStatus> closed = new CompletableFuture<>();
    WebSocketHandler listens =
        session -> session.receive().then(session.closeStatus().doOnNext(closed::complete)).then();
    try (TestClient client = TestClient.of(serving(listens))) {
      client.webSocket("/").close(4002, "enough");
      assertThat(closed.get(10, TimeUnit.SECONDS)).isEqualTo(new CloseStatus(4002, "enough"));
    }
  }

  @Test
  void aHandlerThatReceivesNothingLearnsOfTheEnd() throws Exception {
    CompletableFuture<CloseStatus> closed = new CompletableFuture<>();
    WebSocketHandler sends =
        session ->
            session
                .send(Flux.never())
                .then(session.closeStatus())
                .doOnNext(closed::complete)
                .then();
    try (TestClient client = TestClient.of(serving(sends))) {
      client.webSocket("/").drop();
      assertThat(closed.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(1006);
    }
  }

  @Test
  void whoHasReadEnoughLearnsOfTheEndBehindTheRest() throws Exception {
    CompletableFuture<CloseStatus> closed = new CompletableFuture<>();
    WebSocketHandler readsOne =
        session ->
            session.receive().take(1).then(session.closeStatus()).doOnNext(closed::complete).then();
    try (TestClient client = TestClient.of(serving(readsOne));
        TestWebSocket socket = client.webSocket("/")) {
      for (int i = 0; i < 100; i++) {
        socket.sendText("message " + i);
      }
      socket.close(4003, "");
      assertThat(closed.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(4003);
    }
  }

  @Test
  void aHandlerThatFailsCloses() {
    WebSocketHandler fails =
        session ->
            session
                .receive()
                .doOnNext(
                    _ -> {
                      throw new IllegalStateException("no more tea");
                    })
                .then();
    try (TestClient client = TestClient.of(serving(fails))) {
      TestWebSocket socket = client.webSocket("/");
      socket.sendText("tea");
      assertThatThrownBy(socket::receive)
          .isInstanceOf(AppFailure.class)
          .hasStackTraceContaining("no more tea");
    }
  }

  @Test
  void aFailureThatWebFluxAnsweredClosesAsOne() {
    WebSocketService service = new HandshakeWebSocketService(new Upgrade());
    WebSocketHandler fails = _ -> Mono.error(new IllegalStateException("no more tea"));
    HttpHandler handler =
        WebHttpHandlerBuilder.webHandler(exchange -> service.handleRequest(exchange, fails))
            .exceptionHandler((_, _) -> Mono.empty())
            .build();
    try (TestClient client = TestClient.of(running(handler));
        TestWebSocket socket = client.webSocket("/")) {
      assertThat(socket.receiveClose().code()).isEqualTo(1011);
    }
  }

  @Test
  void pingsAreTheWorkers() {
    WebSocketHandler pings =
        session ->
            session.send(
                Mono.just(session.pingMessage(buffers -> buffers.wrap("?".getBytes(UTF_8)))));
    try (TestClient client = TestClient.of(serving(pings))) {
      TestWebSocket socket = client.webSocket("/");
      assertThatThrownBy(socket::receive).hasStackTraceContaining("--ws-ping-interval");
    }
  }

  @Test
  void messagesAreMadeNoFasterThanTheyAreRead() {
    AtomicInteger made = new AtomicInteger();
    WebSocketHandler sends =
        session ->
            session.send(
                Flux.range(0, 200)
                    .doOnNext(_ -> made.incrementAndGet())
                    .map(_ -> session.textMessage(PART)));
    try (TestClient client = TestClient.of(serving(sends));
        TestWebSocket socket = client.webSocket("/")) {
      for (int read = 1; read <= 200; read++) {
        assertThat(socket.receiveText()).hasSize(PART.length());
        assertThat(made.get()).isLessThanOrEqualTo(read + 7);
      }
    }
  }

  @Test
  void messagesAreReadNoFasterThanTheyAreAskedFor() {
    AtomicInteger taken = new AtomicInteger();
    WebSocketHandler takesTwo =
        session ->
            session
                .receive()
                .doOnNext(_ -> taken.incrementAndGet())
                .concatMap(_ -> taken.get() < 2 ? Mono.empty() : Mono.never(), 0)
                .then();
    try (TestClient client =
        TestClient.builder(serving(takesTwo)).timeout(Duration.ofMillis(100)).build()) {
      TestWebSocket socket = client.webSocket("/");
      AtomicInteger sent = new AtomicInteger();
      assertThatThrownBy(
              () -> {
                while (sent.incrementAndGet() < 100) {
                  socket.sendText("more");
                }
              })
          .hasMessageContaining("100 ms");
      // The two, the one that is kept ahead, and the 32 of the worker's queue.
      assertThat(sent.get()).isBetween(33, 36);
      assertThat(taken.get()).isEqualTo(2);
    }
  }

  @Test
  void nothingIsReadBeforeItIsAskedForButOneMessage() {
    AtomicInteger count = new AtomicInteger();
    WebSocketHandler late =
        session ->
            Mono.delay(Duration.ofMillis(100))
                .thenMany(session.receive())
                .map(WebSocketMessage::getPayloadAsText)
                .doOnNext(_ -> count.incrementAndGet())
                .takeUntil("last"::equals)
                .then(session.send(Mono.fromSupplier(() -> session.textMessage("" + count))));
    try (TestClient client = TestClient.of(serving(late));
        TestWebSocket socket = client.webSocket("/")) {
      for (int i = 0; i < 50; i++) {
        socket.sendText("message " + i);
      }
      socket.sendText("last");
      assertThat(socket.receiveText()).isEqualTo("51");
    }
  }
}
