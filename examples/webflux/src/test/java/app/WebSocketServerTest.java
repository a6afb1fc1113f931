package app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.embedded.Server;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.web.reactive.socket.CloseStatus;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.WebSocketMessage;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** WebFlux' WebSockets in a worker, asked by the JDK's client. */
@Timeout(60)
class WebSocketServerTest {
  private static final int MESSAGES = 4000;

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<String> log = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    http.shutdownNow();
  }

  private Server started(WebFluxApp app) throws Exception {
    return Server.builder(app)
        .log(
            (level, text) -> {
              if (level.compareTo(System.Logger.Level.WARNING) >= 0) {
                log.add(text);
              }
            })
        .build()
        .startup();
  }

  private Client connect(Server server, String path) {
    Client client = new Client();
    URI uri = URI.create(server.uri().toString().replace("http:", "ws:") + path);
    client.socket = http.newWebSocketBuilder().buildAsync(uri, client).join();
    return client;
  }

  /** Keeps what comes; asks for one when it is told to. */
  private static final class Client implements WebSocket.Listener {
    private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
    final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder parts = new StringBuilder();
    @Nullable WebSocket socket;

    WebSocket socket() {
      return java.util.Objects.requireNonNull(socket);
    }

    @Override
    public void onOpen(WebSocket opened) {
      // Asks for nothing.
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      parts.append(data);
      if (last) {
        texts.add(parts.toString());
        parts.setLength(0);
      } else {
        from.request(1);
      }
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      closed.complete(code);
      return null;
    }

    String next() throws InterruptedException {
      socket().request(1);
      return java.util.Objects.requireNonNull(texts.poll(30, TimeUnit.SECONDS));
    }

    void send(String text) {
      socket().sendText(text, true).join();
    }

    int code() throws Exception {
      socket().request(1);
      return closed.get(30, TimeUnit.SECONDS);
    }
  }

  private static WebSocketHandler noting(
      WebSocketHandler handler, CompletableFuture<CloseStatus> closed) {
    return session ->
        handler
            .handle(session)
            .then(Mono.defer(session::closeStatus))
            .doOnNext(closed::complete)
            .then();
  }

  @Test
  void thousandsComeInOrderToASlowClientAndWaitForIt() throws Exception {
    AtomicInteger made = new AtomicInteger();
    String filling = "x".repeat(4096);
    WebSocketHandler sends =
        session ->
            session.send(
                Flux.range(0, MESSAGES)
                    .doOnNext(_ -> made.incrementAndGet())
                    .map(nr -> session.textMessage(nr + " " + filling)));
    try (Server server = started(WebSocketBridgeTest.serving(sends))) {
      Client client = connect(server, "/");
      assertThat(client.next()).startsWith("0 ");
      int before = -1;
      while (made.get() != before) { // until what is between the two is full
        before = made.get();
        Thread.sleep(200);
      }
      // 16 MB are to be sent, of which the kernel's two buffers may hold some.
      assertThat(made.get()).isLessThan(MESSAGES - 100);
      for (int nr = 1; nr < MESSAGES; nr++) {
        if (nr % 1000 == 0) {
          Thread.sleep(20);
        }
        assertThat(client.next()).startsWith(nr + " ");
      }
      assertThat(client.code()).isEqualTo(1000);
    }
    assertThat(log).isEmpty();
  }

  @Test
  void thousandsComeInOrderToASlowHandler() throws Exception {
    List<Integer> got = new CopyOnWriteArrayList<>();
    WebSocketHandler receives =
        session ->
            session
                .receive()
                .map(message -> Integer.valueOf(message.getPayloadAsText()))
                .concatMap(
                    nr ->
                        nr % 500 == 0
                            ? Mono.just(nr).delayElement(Duration.ofMillis(20))
                            : Mono.just(nr),
                    1)
                .doOnNext(got::add)
                .then();
    CompletableFuture<CloseStatus> closed = new CompletableFuture<>();
    try (Server server = started(WebSocketBridgeTest.serving(noting(receives, closed)))) {
      Client client = connect(server, "/");
      for (int nr = 0; nr < MESSAGES; nr++) {
        client.send(Integer.toString(nr));
      }
      client.socket().sendClose(4004, "enough").join();
      assertThat(closed.get(30, TimeUnit.SECONDS)).isEqualTo(new CloseStatus(4004, "enough"));
      assertThat(got).isEqualTo(IntStream.range(0, MESSAGES).boxed().toList());
    }
    assertThat(log).isEmpty();
  }

  @Test
  void aWorkerThatLeavesTellsBothSides() throws Exception {
    CompletableFuture<CloseStatus> receiving = new CompletableFuture<>();
    CompletableFuture<CloseStatus> sending = new CompletableFuture<>();
    WebSocketHandler receives = noting(session -> session.receive().then(), receiving);
    WebSocketHandler sends =
        noting(
            session ->
                session.send(
                    Flux.interval(Duration.ofMillis(5))
                        .onBackpressureDrop()
                        .map(nr -> session.textMessage("" + nr))),
            sending);
    WebSocketHandler either =
        session ->
            (session.getHandshakeInfo().getUri().getPath().equals("/in") ? receives : sends)
                .handle(session);
    Server server = started(WebSocketBridgeTest.serving(either));
    Client in = connect(server, "/in");
    Client out = connect(server, "/out");
    in.socket().request(1);
    out.socket().request(Long.MAX_VALUE);
    assertThat(server.shutdown()).isTrue();
    assertThat(in.closed.get(10, TimeUnit.SECONDS)).isEqualTo(1012);
    assertThat(out.closed.get(10, TimeUnit.SECONDS)).isEqualTo(1012);
    assertThat(receiving.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(1012);
    assertThat(sending.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(1012);
    assertThat(log).isEmpty();
  }

  @Test
  void aHandlerThatFailsIsLoggedAndClosesWith1011() throws Exception {
    WebSocketHandler fails =
        session ->
            session.receive().map(WebSocketMessage::getPayloadAsText).map(Integer::parseInt).then();
    try (Server server = started(WebSocketBridgeTest.serving(fails))) {
      Client client = connect(server, "/");
      client.send("no number");
      assertThat(client.code()).isEqualTo(1011);
    }
    assertThat(log).singleElement().asString().contains("NumberFormatException");
  }

  @Test
  void aClientThatIsGoneIsNoFailure() throws Exception {
    CompletableFuture<CloseStatus> closed = new CompletableFuture<>();
    WebSocketHandler sends =
        noting(
            session ->
                session.send(
                    Flux.<String>generate(sink -> sink.next("x".repeat(1000)))
                        .map(session::textMessage)),
            closed);
    try (Server server = started(WebSocketBridgeTest.serving(sends))) {
      Client client = connect(server, "/");
      client.next();
      client.socket().abort();
      assertThat(closed.get(30, TimeUnit.SECONDS).getCode()).isEqualTo(1006);
    }
    assertThat(log).isEmpty();
  }
}
