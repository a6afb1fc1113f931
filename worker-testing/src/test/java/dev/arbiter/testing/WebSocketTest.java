package dev.arbiter.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.WebSocket;
import dev.arbiter.app.WebSocket.Message;
import dev.arbiter.app.WebSocketScope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A test's WebSocket, in both contracts: what a worker's client would see, without a worker. */
@Timeout(30)
class WebSocketTest {
  private static final CompletionStage<Void> DONE = CompletableFuture.completedStage(null);

  /** An echo that tells of its end, in each contract. */
  enum Contract {
    BLOCKING {
      @Override
      App echo(LinkedBlockingQueue<Message> ends) {
        return (BlockingApp)
            request ->
                webSocket(
                        request.headers().contains("sec-websocket-protocol"),
                        socket -> {
                          while (true) {
                            switch (socket.receive()) {
                              case Message.Text(String text) -> socket.sendText("echo: " + text);
                              case Message.Binary(ByteBuffer bytes) -> socket.sendBinary(bytes);
                              case Message.Close close -> {
                                ends.add(close);
                                return;
                              }
                            }
                          }
                        })
                    .withHeader("x-app", "mine");
      }
    },
    ASYNC {
      @Override
      App echo(LinkedBlockingQueue<Message> ends) {
        return (AsyncApp)
            (scope, receive, send) ->
                receive
                    .next()
                    .thenCompose(
                        _ ->
                            send.send(
                                new SendEvent.WebSocketAccept(
                                    ((WebSocketScope) scope).subprotocols().isEmpty() ? null : "v2",
                                    Headers.of("x-app", "mine"))))
                    .thenCompose(_ -> loop(ends, receive, send));
      }
    };

    abstract App echo(LinkedBlockingQueue<Message> ends);

    private static Response webSocket(boolean offered, WebSocket.Handler handler) {
      return offered ? Response.webSocket("v2", handler) : Response.webSocket(handler);
    }

    App echo() {
      return echo(new LinkedBlockingQueue<>());
    }

    static CompletionStage<Void> loop(
        LinkedBlockingQueue<Message> ends, Receive receive, Send send) {
      return receive
          .next()
          .thenCompose(
              event ->
                  switch (event) {
                    case ReceiveEvent.WebSocketText(String text) ->
                        send.send(new SendEvent.WebSocketText("echo: " + text))
                            .thenCompose(_ -> loop(ends, receive, send));
                    case ReceiveEvent.WebSocketBinary(ByteBuffer bytes) ->
                        send.send(new SendEvent.WebSocketBinary(bytes))
                            .thenCompose(_ -> loop(ends, receive, send));
                    case ReceiveEvent.WebSocketDisconnect(int code, String reason) -> {
                      ends.add(new Message.Close(code, reason));
                      yield CompletableFuture.completedFuture(null);
                    }
                    default -> CompletableFuture.failedFuture(new AssertionError(event.toString()));
                  });
    }
  }

  private static BlockingApp serving(WebSocket.Handler handler) {
    return _ -> Response.webSocket(handler);
  }

  @ParameterizedTest
  @EnumSource
  void messagesGoBothWays(Contract contract) {
    try (TestClient client = TestClient.of(contract.echo());
        TestWebSocket socket = client.webSocket("/ws")) {
      for (int i = 0; i < 100; i++) {
        socket.sendText("message " + i);
        assertThat(socket.receiveText()).isEqualTo("echo: message " + i);
      }
      socket.sendBinary(new byte[] {1, 2, 3});
      assertThat(socket.receiveBinary()).containsExactly(1, 2, 3);
      assertThat(socket.subprotocol()).isEmpty();
      assertThat(socket.headers()).isEqualTo(Headers.of("x-app", "mine"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aSubprotocolIsChosenOfThoseOffered(Contract contract) {
    try (TestClient client = TestClient.of(contract.echo())) {
      try (TestWebSocket socket = client.webSocket("/ws", "v1", "v2")) {
        assertThat(socket.subprotocol()).contains("v2");
      }
      assertThatThrownBy(() -> client.webSocket("/ws", "v1"))
          .isInstanceOf(AppFailure.class)
          .hasMessageContaining("did not offer: v2");
    }
  }

  @ParameterizedTest
  @EnumSource
  void theAppGetsWhatTheClientClosesWith(Contract contract) throws Exception {
    LinkedBlockingQueue<Message> ends = new LinkedBlockingQueue<>();
    try (TestClient client = TestClient.of(contract.echo(ends))) {
      TestWebSocket socket = client.webSocket("/ws");
      socket.close(4001, "bye");
      assertThat(socket.awaitDone(Duration.ofSeconds(10))).isTrue();
      assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo(new Message.Close(4001, "bye"));

      client.webSocket("/ws").drop();
      assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo(new Message.Close(1006, ""));

      client.webSocket("/ws").close();
      assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo(new Message.Close(1000, ""));
    }
  }

  @Test
  void theClientGetsWhatTheAppClosesWith() throws Exception {
    LinkedBlockingQueue<Message> ends = new LinkedBlockingQueue<>();
    BlockingApp app =
        serving(
            socket -> {
              socket.sendText("last words");
              socket.close(4000, "enough");
              ends.add(socket.receive());
            });
    try (TestClient client = TestClient.of(app);
        TestWebSocket socket = client.webSocket("/")) {
      assertThat(ends.poll(10, TimeUnit.SECONDS)).isEqualTo(new Message.Close(4000, "enough"));
      assertThat(socket.receiveText()).isEqualTo("last words");
      assertThat(socket.receiveClose()).isEqualTo(new Message.Close(4000, "enough"));
      assertThatThrownBy(() -> socket.sendText("more")).isInstanceOf(IllegalStateException.class);
    }
    try (TestClient client = TestClient.of(serving(_ -> {}));
        TestWebSocket socket = client.webSocket("/")) {
      assertThat(socket.receiveClose().code()).isEqualTo(1000);
    }
  }

  @Test
  void aRefusalIsAResponse() {
    BlockingApp blocking = _ -> Response.text("members only").withStatus(401);
    try (TestClient client = TestClient.of(blocking)) {
      assertThat(refusal(client).status()).isEqualTo(401);
      assertThat(refusal(client).text()).isEqualTo("members only");
    }
    AsyncApp responds =
        (_, _, send) ->
            send.send(new SendEvent.ResponseStart(401, Headers.of("x-why", "members only")))
                .thenCompose(_ -> send.send(new SendEvent.ResponseBody(UTF_8.encode("no"), false)));
    try (TestClient client = TestClient.of(responds)) {
      assertThat(refusal(client).header("x-why")).contains("members only");
      assertThat(refusal(client).text()).isEqualTo("no");
    }
    AsyncApp closes = (_, _, send) -> send.send(new SendEvent.WebSocketClose(1008, ""));
    AsyncApp knowsNone = (_, _, _) -> DONE;
    for (AsyncApp app : new AsyncApp[] {closes, knowsNone}) {
      try (TestClient client = TestClient.of(app)) {
        assertThat(refusal(client).status()).isEqualTo(403);
      }
    }
  }

  private static TestResponse refusal(TestClient client) {
    WebSocketRefused refused =
        catchThrowableOfType(WebSocketRefused.class, () -> client.webSocket("/"));
    assertThat(refused).isNotNull();
    return refused.response();
  }

  @Test
  void whatAHandlerThrowsIsTheTestsFailureOrA1011() {
    BlockingApp app =
        serving(
            socket -> {
              socket.receive();
              throw new IOException("no database");
            });
    try (TestClient client = TestClient.of(app)) {
      TestWebSocket socket = client.webSocket("/");
      socket.sendText("hello");
      assertThatThrownBy(socket::receive)
          .isInstanceOf(AppFailure.class)
          .hasMessageContaining("no database");
    }
    try (TestClient client = TestClient.builder(app).raise(false).build();
        TestWebSocket socket = client.webSocket("/")) {
      socket.sendText("hello");
      assertThat(socket.receiveClose().code()).isEqualTo(1011);
    }
  }

  @Test
  void anAppWhoseClientHasGoneHasNotFailed() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    BlockingApp app =
        serving(
            socket -> {
              while (!(socket.receive() instanceof Message.Close)) {}
              try {
                socket.sendText("anybody there?");
              } catch (IOException gone) {
                failed.countDown();
                throw gone;
              }
            });
    try (TestClient client = TestClient.of(app)) {
      client.webSocket("/").close();
      assertThat(failed.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void anAppWaitsForAClientThatDoesNotRead() throws Exception {
    AtomicInteger sent = new AtomicInteger();
    byte[] part = new byte[16 * 1024];
    BlockingApp app =
        serving(
            socket -> {
              for (int i = 0; i < 50; i++) {
                socket.sendBinary(ByteBuffer.wrap(part));
                sent.incrementAndGet();
              }
            });
    try (TestClient client = TestClient.of(app);
        TestWebSocket socket = client.webSocket("/")) {
      for (int received = 1; received <= 50; received++) {
        assertThat(socket.receiveBinary()).hasSize(part.length);
        assertThat(sent.get()).isLessThanOrEqualTo(received + 5);
      }
      assertThat(socket.receiveClose().code()).isEqualTo(1000);
    }
  }

  @Test
  void aClientWaitsForAnAppThatDoesNotReceive() {
    CountDownLatch over = new CountDownLatch(1);
    BlockingApp app = serving(_ -> over.await());
    try (TestClient client = TestClient.builder(app).timeout(Duration.ofMillis(50)).build()) {
      TestWebSocket socket = client.webSocket("/");
      for (int i = 0; i < 31; i++) {
        socket.sendText("message");
      }
      assertThatThrownBy(() -> socket.sendText("one more")).isInstanceOf(AppFailure.class);
      over.countDown();
    }
  }

  @Test
  void anAsyncAppThatDoesNotWaitForRoomIsToldAtItsQueuesEnd() throws Exception {
    CompletableFuture<Integer> taken = new CompletableFuture<>();
    ByteBuffer part = ByteBuffer.allocate(64 * 1024 + 1);
    AsyncApp app =
        (_, _, send) -> {
          send.send(new SendEvent.WebSocketAccept());
          for (int i = 0; ; i++) {
            CompletableFuture<Void> room =
                send.send(new SendEvent.WebSocketBinary(part)).toCompletableFuture();
            if (room.isCompletedExceptionally()) {
              assertThat(room.exceptionNow()).isInstanceOf(IllegalStateException.class);
              taken.complete(i);
              return DONE;
            }
          }
        };
    try (TestClient client = TestClient.of(app);
        TestWebSocket _ = client.webSocket("/")) {
      assertThat(taken.get(10, TimeUnit.SECONDS)).isEqualTo(32);
    }
  }

  @Test
  void theHandshakeCarriesFieldsAndCookies() {
    BlockingApp app =
        request ->
            Response.webSocket(
                    socket ->
                        socket.sendText(
                            String.join(
                                " ",
                                request.target(),
                                request.headers().first("authorization").orElse("-"),
                                request.headers().first("cookie").orElse("-"),
                                request.headers().first("upgrade").orElse("-"))))
                .withHeader("set-cookie", "session=2; Path=/");
    try (TestClient client = TestClient.of(app)) {
      client.cookie("session", "1");
      try (TestWebSocket socket =
          client.request("GET", "/ws?a=b").header("authorization", "me").webSocket()) {
        assertThat(socket.receiveText()).isEqualTo("/ws?a=b me session=1 websocket");
      }
      assertThat(client.cookie("session")).contains("2");
      assertThatThrownBy(() -> client.request("POST", "/").webSocket())
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void anAsyncAppSeesAScopeOfItsOwn() {
    AsyncApp app =
        (scope, _, send) -> {
          String seen =
              switch (scope) {
                case WebSocketScope socket -> socket.scheme() + " " + socket.subprotocols();
                case HttpScope _ -> "http";
              };
          return send.send(new SendEvent.WebSocketAccept())
              .thenCompose(_ -> send.send(new SendEvent.WebSocketText(seen)));
        };
    try (TestClient client = TestClient.builder(app).baseUrl("https://shop.example").build();
        TestWebSocket socket = client.webSocket("/", "a", "b")) {
      assertThat(socket.receiveText()).isEqualTo("wss [a, b]");
    }
  }

  @Test
  void aWebSocketNobodyAskedForIsTheAppsMistake() {
    try (TestClient client = TestClient.of(serving(_ -> {}))) {
      assertThatThrownBy(() -> client.get("/"))
          .isInstanceOf(AppFailure.class)
          .hasMessageContaining("426");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCloseMustBeOneThatMayBeSent(Contract contract) {
    try (TestClient client = TestClient.of(contract.echo());
        TestWebSocket socket = client.webSocket("/")) {
      assertThatThrownBy(() -> socket.close(1005, "")).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> socket.close(1000, "x".repeat(124)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
