package app;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.handleWebSocketMessages;
import static org.apache.pekko.http.javadsl.server.Directives.handleWebSocketMessagesForProtocol;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.respondWithHeader;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.arbiter.testing.AppFailure;
import dev.arbiter.testing.TestClient;
import dev.arbiter.testing.TestWebSocket;
import dev.arbiter.testing.WebSocketRefused;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.model.ws.TextMessage;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Flows of messages over the async contract, without a socket. */
@Timeout(60)
class PekkoWebSocketTest {
  private static final String PART = "x".repeat(16 * 1024);

  private static PekkoApp serving(Flow<Message, Message, ?> flow) {
    return Probe.running((_, _) -> handleWebSocketMessages(flow));
  }

  private static Flow<Message, Message, NotUsed> sending(Source<Message, ?> messages) {
    return Flow.fromSinkAndSource(Sink.ignore(), messages);
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
  void theAnswerToAHandshakeIsTheRoutesToExtend() {
    PekkoApp app =
        Probe.running(
            (_, _) ->
                respondWithHeader(
                    RawHeader.create("x-room", "tea"),
                    () -> handleWebSocketMessagesForProtocol(Flow.create(), "chat.v2")));
    try (TestClient client = TestClient.of(app)) {
      try (TestWebSocket socket = client.request("GET", "/").webSocket("chat.v3", "chat.v2")) {
        assertThat(socket.subprotocol()).contains("chat.v2");
        assertThat(socket.headers().first("x-room")).contains("tea");
      }
      WebSocketRefused refused =
          catchThrowableOfType(
              WebSocketRefused.class, () -> client.request("GET", "/").webSocket("chat.v1"));
      assertThat(refused.response().status()).isEqualTo(400);
    }
  }

  @Test
  void aHandshakeMayBeAnsweredAsARequest() {
    PekkoApp app =
        Probe.running(
            (_, _) ->
                concat(
                    path("closed", () -> complete(StatusCodes.UNAUTHORIZED, "who are you?")),
                    path("open", () -> handleWebSocketMessages(Flow.create()))));
    try (TestClient client = TestClient.of(app)) {
      WebSocketRefused refused =
          catchThrowableOfType(WebSocketRefused.class, () -> client.webSocket("/closed"));
      assertThat(refused.response().status()).isEqualTo(401);
      assertThat(refused.response().text()).isEqualTo("who are you?");
      assertThat(client.get("/open").status()).isEqualTo(400); // expected a handshake
    }
  }

  @Test
  void aFlowThatEndsClosesAndOneThatFailsIsAFailure() {
    try (TestClient client = TestClient.of(serving(sending(Source.empty())));
        TestWebSocket socket = client.webSocket("/")) {
      assertThat(socket.receiveClose().code()).isEqualTo(1000);
    }
    PekkoApp fails = serving(sending(Source.failed(new IllegalStateException("no more tea"))));
    try (TestClient client = TestClient.of(fails)) {
      TestWebSocket socket = client.webSocket("/");
      assertThatThrownBy(socket::receive)
          .isInstanceOf(AppFailure.class)
          .hasStackTraceContaining("no more tea");
    }
  }

  @Test
  void aStreamedMessageIsSentWhole() {
    Message message = TextMessage.create(Source.from(List.of("one ", "two ", "three")));
    try (TestClient client = TestClient.of(serving(sending(Source.single(message))));
        TestWebSocket socket = client.webSocket("/")) {
      assertThat(socket.receiveText()).isEqualTo("one two three");
      assertThat(socket.receiveClose().code()).isEqualTo(1000);
    }
  }

  @Test
  void aFlowThatOnlySendsIsCancelledWhenItsClientLeaves() throws Exception {
    CompletableFuture<Done> over = new CompletableFuture<>();
    Source<Message, ?> silent =
        Source.<Message>never().watchTermination((_, done) -> done.thenAccept(over::complete));
    // Also where nobody reads what comes.
    Flow<Message, Message, NotUsed> flow = Flow.fromSinkAndSource(Sink.cancelled(), silent);
    try (TestClient client = TestClient.of(serving(flow))) {
      TestWebSocket socket = client.webSocket("/");
      for (int i = 0; i < 100; i++) {
        socket.sendText("message " + i);
      }
      socket.drop();
      assertThat(over.get(10, TimeUnit.SECONDS)).isNotNull();
    }
  }

  @Test
  void aClientThatLeavesInOrderEndsWhatIsReadAndOneThatBreaksFailsIt() throws Exception {
    for (boolean order : new boolean[] {true, false}) {
      CompletableFuture<Boolean> ended = new CompletableFuture<>();
      Sink<Message, ?> sink =
          Sink.<Message>ignore()
              .mapMaterializedValue(
                  done -> done.whenComplete((_, failure) -> ended.complete(failure == null)));
      try (TestClient client =
          TestClient.of(serving(Flow.fromSinkAndSource(sink, Source.never())))) {
        TestWebSocket socket = client.webSocket("/");
        if (order) {
          socket.close(1000, "bye");
        } else {
          socket.drop();
        }
        assertThat(ended.get(10, TimeUnit.SECONDS)).isEqualTo(order);
      }
    }
  }

  @Test
  void messagesAreMadeNoFasterThanTheyAreRead() {
    AtomicInteger made = new AtomicInteger();
    Source<Message, NotUsed> messages =
        Source.range(1, 200)
            .map(
                _ -> {
                  made.incrementAndGet();
                  return TextMessage.create(PART);
                });
    try (TestClient client = TestClient.of(serving(sending(messages)));
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
    Flow<Message, Message, NotUsed> takesTwo =
        Flow.<Message>create()
            .mapAsync(
                1,
                message ->
                    taken.incrementAndGet() < 2
                        ? CompletableFuture.completedFuture(message)
                        : new CompletableFuture<Message>());
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
      assertThat(sent.get()).isBetween(33, 37);
      assertThat(taken.get()).isEqualTo(2);
    }
  }
}
