package dev.arbiter.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.ReceiveEvent.RequestBody;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TestClientTest {

  private static final CompletionStage<Void> DONE = CompletableFuture.completedStage(null);

  private static final BlockingApp ECHO =
      request ->
          Response.stream("text/plain", out -> request.body().transferTo(out)).withStatus(201);

  private static final AsyncApp ASYNC_ECHO =
      (_, receive, send) ->
          send.send(new ResponseStart(201, Headers.of("content-type", "text/plain")))
              .thenCompose(_ -> echo(receive, send));

  private static CompletionStage<Void> echo(Receive receive, Send send) {
    return receive
        .next()
        .thenCompose(
            event ->
                event instanceof RequestBody body
                    ? send.send(new ResponseBody(body.bytes(), body.more()))
                        .thenCompose(
                            nothing ->
                                body.more()
                                    ? echo(receive, send)
                                    : CompletableFuture.completedFuture(nothing))
                    : CompletableFuture.failedFuture(new IOException("cut off")));
  }

  private static final BlockingApp TELLS =
      request ->
          Response.text(
              String.join(
                  " ",
                  request.method(),
                  request.target(),
                  request.rawPath(),
                  request.path(),
                  request.query(),
                  request.scheme(),
                  request.rootPath(),
                  request.headers().first("host").orElse("-"),
                  request.headers().first("cookie").orElse("-"),
                  request.client().map(Object::toString).orElse("-")));

  private static String ask(App app, String path) {
    try (TestClient client = TestClient.of(app)) {
      return client.get(path).text();
    }
  }

  private static TestClient lenient(App app) {
    return TestClient.builder(app).raise(false).build();
  }

  @Test
  void theAppSeesWhatAWorkerWouldShow() {
    assertThat(ask(TELLS, "/a%20b/c+d?x=%41"))
        .isEqualTo(
            "GET /a%20b/c+d?x=%41 /a%20b/c+d /a b/c+d x=%41 http  testserver -"
                + " localhost/127.0.0.1:50000");
  }

  @Test
  void whatTheClientIsCanBeSaid() {
    try (TestClient client =
        TestClient.builder(TELLS)
            .baseUrl("https://shop.example:8443")
            .rootPath("/shop")
            .client(InetSocketAddress.createUnresolved("far", 1))
            .build()) {
      assertThat(client.get("/").text())
          .isEqualTo("GET / / /  https /shop shop.example:8443 - far/<unresolved>:1");
    }
    try (TestClient client = TestClient.builder(TELLS).client(null).build()) {
      assertThat(client.request("GET", "/").header("host", "other").send().text())
          .isEqualTo("GET / / /  http  other - -");
    }
  }

  @Test
  void aTargetNoWorkerWouldPassOnIsRefused() {
    try (TestClient client = TestClient.of(TELLS)) {
      assertThatThrownBy(() -> client.get("/%zz")).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void bodiesGoBothWaysInBothContracts() {
    for (App app : List.of(ECHO, ASYNC_ECHO)) {
      try (TestClient client = TestClient.of(app)) {
        TestResponse answer = client.post("/", "hällo");
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.header("content-type")).contains("text/plain");
        assertThat(answer.text()).isEqualTo("hällo");
      }
    }
  }

  @Test
  void bodiesStreamBothWaysInBothContracts() throws Exception {
    for (App app : List.of(ECHO, ASYNC_ECHO)) {
      try (TestClient client = TestClient.of(app);
          TestStream stream = client.request("POST", "/").streaming().open()) {
        byte[] part = new byte[10_000];
        for (int i = 0; i < 50; i++) {
          part[0] = (byte) i;
          stream.requestBody().write(part);
          assertThat(stream.body().readNBytes(part.length)).isEqualTo(part);
        }
        stream.requestBody().write("end".getBytes(UTF_8));
        stream.requestBody().close();
        assertThat(stream.readAll().text()).isEqualTo("end");
      }
    }
  }

  @Test
  void anAppWaitsForAClientThatDoesNotRead() throws Exception {
    AtomicLong written = new AtomicLong();
    CountDownLatch first = new CountDownLatch(1);
    byte[] part = new byte[40_000];
    BlockingApp app =
        _ ->
            Response.stream(
                "text/plain",
                out -> {
                  for (int i = 0; i < 20; i++) {
                    out.write(part);
                    written.addAndGet(part.length);
                    first.countDown();
                  }
                });
    try (TestClient client = TestClient.of(app);
        TestStream stream = client.request("GET", "/").open()) {
      assertThat(first.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(stream.awaitDone(Duration.ofMillis(50))).isFalse();
      assertThat(written.get()).isLessThan(3L * part.length);
      assertThat(stream.readAll().bytes()).hasSize(20 * part.length);
    }
  }

  @Test
  void aClientWaitsForAnAppThatDoesNotRead() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    BlockingApp app =
        request -> {
          go.await();
          return Response.text("" + request.body().readAllBytes().length);
        };
    try (TestClient client = TestClient.builder(app).timeout(Duration.ofMillis(50)).build();
        TestStream stream = client.request("POST", "/").streaming().open()) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 100; i++) {
                  stream.requestBody().write(new byte[10_000]);
                }
              })
          .isInstanceOf(IOException.class);
      go.countDown();
    }
  }

  // ---- work after a response

  @Test
  void workAfterAResponseIsDoneInItsOrderWhenSendReturns() throws Exception {
    List<String> done = new CopyOnWriteArrayList<>();
    CountDownLatch read = new CountDownLatch(1);
    BlockingApp app =
        _ ->
            Response.text("answer")
                .withBackground(
                    () -> {
                      await(read);
                      done.add("first");
                    })
                .withBackground(() -> done.add("second"));
    try (TestClient client = TestClient.of(app)) {
      try (TestStream stream = client.request("GET", "/").open()) {
        assertThat(stream.body().readAllBytes()).asString().isEqualTo("answer");
        assertThat(done).as("the client does not wait for it").isEmpty();
        read.countDown();
        assertThat(stream.awaitDone(Duration.ofSeconds(10))).isTrue();
        assertThat(done).containsExactly("first", "second");
      }
      assertThat(client.get("/").text()).isEqualTo("answer");
      assertThat(done).containsExactly("first", "second", "first", "second");
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }

  @Test
  void workThatFailsIsTheTestsFailureAndNotTheClients() {
    BlockingApp app =
        _ ->
            Response.text("answer")
                .withBackground(
                    () -> {
                      throw new IllegalStateException("no mail today");
                    });
    try (TestClient client = TestClient.of(app)) {
      assertThatThrownBy(() -> client.get("/"))
          .isInstanceOf(AppFailure.class)
          .hasRootCauseMessage("no mail today");
    }
    try (TestClient client = lenient(app)) {
      TestResponse answer = client.get("/");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.text()).isEqualTo("answer");
    }
  }

  @Test
  void workIsDoneThoughTheClientHasLeft() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    BlockingApp app =
        _ ->
            Response.stream(
                    "text/plain",
                    out -> {
                      while (true) {
                        out.write(new byte[100_000]);
                      }
                    })
                .withBackground(done::countDown);
    try (TestClient client = TestClient.of(app)) {
      try (TestStream stream = client.request("GET", "/").open()) {
        assertThat(stream.status()).isEqualTo(200);
      }
      assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void soItIsThoughTheWriterFails() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    BlockingApp app =
        _ ->
            Response.stream(
                    "text/plain",
                    _ -> {
                      throw new IOException("on purpose");
                    })
                .withBackground(done::countDown);
    try (TestClient client = TestClient.of(app)) {
      assertThatThrownBy(() -> client.get("/"))
          .isInstanceOf(AppFailure.class)
          .hasRootCauseMessage("on purpose");
      assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void theLifespanRunsAroundIt() {
    List<String> told = new ArrayList<>();
    BlockingApp app =
        new BlockingApp() {
          @Override
          public void startup(Lifespan lifespan) {
            lifespan.state().put("db", "open");
            told.add("startup " + lifespan.workerNr() + "/" + lifespan.workerCount());
          }

          @Override
          public Response handle(Request request) {
            return Response.text("db " + request.state().get("db"));
          }

          @Override
          public void shutdown() {
            told.add("shutdown");
          }
        };
    try (TestClient client = TestClient.of(app)) {
      assertThat(client.get("/").text()).isEqualTo("db open");
      assertThat(client.state()).containsEntry("db", "open");
      assertThat(told).containsExactly("startup 0/1");
    }
    assertThat(told).containsExactly("startup 0/1", "shutdown");
  }

  @Test
  void aStartupThatFailsIsTheTestsFailure() {
    BlockingApp app =
        new BlockingApp() {
          @Override
          public void startup(Lifespan lifespan) throws IOException {
            throw new IOException("no database");
          }

          @Override
          public Response handle(Request request) {
            return Response.of(200);
          }
        };
    assertThatThrownBy(() -> TestClient.of(app))
        .isInstanceOf(AppFailure.class)
        .hasRootCauseMessage("no database");
  }

  @Test
  void cookiesAreKeptByTheirRules() {
    BlockingApp app =
        request ->
            request.path().equals("/login")
                ? Response.text("in")
                    .withHeader("set-cookie", "session=abc; Path=/; HttpOnly; SameSite=Lax")
                    .withHeader("set-cookie", "admin=1; Path=/admin")
                    .withHeader("set-cookie", "safe=1; Path=/; Secure")
                : TELLS.handle(request);
    try (TestClient client = TestClient.of(app)) {
      client.get("/login");
      assertThat(client.cookie("session")).contains("abc");
      assertThat(client.get("/").text()).contains(" session=abc ").doesNotContain("safe");
      assertThat(client.get("/admin").text()).contains("admin=1").contains("session=abc");
      client.cookie("session", "def");
      assertThat(client.get("/").text()).contains("session=");
      assertThat(client.request("GET", "/").header("cookie", "a=b").send().text())
          .contains(" a=b ");
    }
  }

  // ---- failures

  private static final BlockingApp FAILS =
      _ -> {
        throw new IOException("disk");
      };

  private static final AsyncApp FAILS_LATER =
      (_, _, send) ->
          send.send(new ResponseStart(200, Headers.empty()))
              .thenCompose(_ -> send.send(new ResponseBody(ByteBuffer.wrap(new byte[9]), true)))
              .thenCompose(_ -> CompletableFuture.failedFuture(new IOException("disk")));

  @Test
  void whatTheAppThrowsIsThrown() {
    for (App app : List.of(FAILS, FAILS_LATER)) {
      assertThatThrownBy(() -> ask(app, "/"))
          .isInstanceOf(AppFailure.class)
          .hasRootCauseMessage("disk");
    }
  }

  @Test
  void orIsAnsweredAsInAWorker() {
    try (TestClient client = lenient(FAILS)) {
      assertThat(client.get("/").status()).isEqualTo(500);
    }
    try (TestClient client = lenient(FAILS_LATER)) {
      assertThatThrownBy(() -> client.get("/"))
          .isInstanceOf(AppFailure.class)
          .hasMessageContaining("not complete");
    }
  }

  @Test
  void aWriterThatFailsBeforeItsFirstByteIsA500() {
    BlockingApp app =
        _ ->
            Response.stream(
                "text/plain",
                _ -> {
                  throw new IOException("disk");
                });
    try (TestClient client = lenient(app)) {
      assertThat(client.get("/").status()).isEqualTo(500);
    }
  }

  @Test
  void anAppThatBlocksItsLoopFailsTheTest() {
    CountDownLatch never = new CountDownLatch(1);
    AsyncApp app =
        (_, _, _) -> {
          try {
            never.await();
          } catch (InterruptedException _) {
            // The end of the test.
          }
          return DONE;
        };
    try (TestClient client = TestClient.builder(app).timeout(Duration.ofMillis(50)).build()) {
      assertThatThrownBy(() -> client.get("/"))
          .isInstanceOf(AppFailure.class)
          .hasMessageContaining("within 50 ms");
      never.countDown();
    }
  }

  private static void wrong(App app, String message) {
    assertThatThrownBy(() -> ask(app, "/"))
        .isInstanceOf(AppFailure.class)
        .rootCause()
        .hasMessageContaining(message);
  }

  @Test
  void whatAWorkerRefusesIsRefused() {
    wrong((BlockingApp) _ -> Response.of(99), "99");
    wrong((BlockingApp) _ -> Response.of(200).withHeader("a b", "c"), "malformed header name");
    wrong((BlockingApp) _ -> Response.of(200).withHeader("a", "b\r\nc: d"), "illegal character");
    wrong(
        (BlockingApp) _ -> Response.text("x").withHeader("content-length", "2"),
        "Content-Length of 2");
    wrong(
        (BlockingApp)
            _ ->
                Response.stream("text/plain", out -> out.write(new byte[3]))
                    .withHeader("content-length", "2"),
        "Content-Length of 2");
    wrong((AsyncApp) (_, _, _) -> DONE, "before its response");
    wrong(
        (AsyncApp) (_, _, send) -> send.send(new ResponseBody(ByteBuffer.allocate(1), false)),
        "before it started");
  }

  @Test
  void headHasTheLengthAndNoBody() {
    try (TestClient client = TestClient.of((BlockingApp) _ -> Response.text("hello"))) {
      TestResponse answer = client.request("HEAD", "/").send();
      assertThat(answer.header("content-length")).contains("5");
      assertThat(answer.bytes()).isEmpty();
    }
  }

  // ---- a client that leaves

  @Test
  void anAsyncAppHearsThatTheClientHasGone() throws Exception {
    CompletableFuture<ReceiveEvent> heard = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, send) ->
            receive
                .next()
                .thenCompose(_ -> receive.next())
                .thenCompose(
                    event -> {
                      heard.complete(event);
                      return CompletableFuture.<Void>failedFuture(new IOException("gone"));
                    });
    try (TestClient client = TestClient.of(app)) {
      TestStream stream = client.request("GET", "/").open();
      stream.close();
      assertThat(heard.get(10, TimeUnit.SECONDS)).isInstanceOf(ReceiveEvent.Disconnect.class);
      assertThat(stream.awaitDone(Duration.ofSeconds(10))).isTrue();
    }
  }

  @Test
  void aBlockingAppsWritesFailWhenTheClientHasGone() throws Exception {
    CompletableFuture<IOException> failed = new CompletableFuture<>();
    BlockingApp app =
        _ ->
            Response.stream(
                "text/plain",
                out -> {
                  try {
                    while (true) {
                      out.write(new byte[20_000]);
                    }
                  } catch (IOException gone) {
                    failed.complete(gone);
                    throw gone;
                  }
                });
    try (TestClient client = TestClient.of(app)) {
      TestStream stream = client.request("GET", "/").open();
      assertThat(stream.body().read()).isZero();
      stream.close();
      assertThat(failed.get(10, TimeUnit.SECONDS)).hasMessageContaining("gone");
    }
  }

  @Test
  void theScopeOfAnAsyncAppIsItsHead() {
    AsyncApp app =
        (scope, _, send) -> {
          byte[] text = ((HttpScope) scope).path().getBytes(UTF_8);
          return send.send(new ResponseStart(200, Headers.empty()))
              .thenCompose(_ -> send.send(new ResponseBody(ByteBuffer.wrap(text), false)));
        };
    try (TestClient client = TestClient.of(app)) {
      TestResponse answer = client.get("/x?y");
      assertThat(answer.text()).isEqualTo("/x");
      assertThat(answer.header("content-length")).contains("2");
    }
  }

  // ---- before and after

  private static final Headers SUM = Headers.of("x-sum", "1");

  private static final BlockingApp AROUND =
      request -> {
        request.inform(103, Headers.of("link", "</a.css>"));
        String body = new String(request.body().readAllBytes(), UTF_8);
        return Response.text(body + request.trailers()).withTrailers(() -> SUM);
      };

  private static final AsyncApp ASYNC_AROUND =
      (scope, receive, send) ->
          send.send(new SendEvent.Informational(103, Headers.of("link", "</a.css>")))
              .thenCompose(_ -> receive.next())
              .thenCompose(
                  event -> {
                    String body = UTF_8.decode(((RequestBody) event).bytes()).toString();
                    return send.send(new ResponseStart(200, Headers.empty()))
                        .thenCompose(
                            _ ->
                                send.send(
                                    new ResponseBody(
                                        UTF_8.encode(body + ((HttpScope) scope).trailers()), true)))
                        .thenCompose(_ -> send.send(new SendEvent.ResponseTrailers(SUM)));
                  });

  @Test
  void trailersAndInterimResponsesAreSeen() {
    for (App app : List.of(AROUND, ASYNC_AROUND)) {
      try (TestClient client = TestClient.of(app)) {
        TestResponse answer =
            client
                .request("POST", "/")
                .header("te", "trailers")
                .body("abc")
                .trailer("x-in", "3")
                .send();
        assertThat(answer.text()).isEqualTo("abc[x-in, 3]");
        assertThat(answer.trailers()).isEqualTo(SUM);
        assertThat(answer.headers().contains("content-length")).isFalse();
        assertThat(answer.interim())
            .containsExactly(new TestResponse.Interim(103, Headers.of("link", "</a.css>")));

        TestResponse without = client.post("/", "abc");
        assertThat(without.text()).isEqualTo("abc[]");
        assertThat(without.trailers().size()).isZero();
      }
    }
  }

  @Test
  void trailersThatAWorkerRefusesAreRefused() {
    BlockingApp app = _ -> Response.text("x").withTrailers(() -> Headers.of("content-length", "1"));
    try (TestClient client = TestClient.of(app)) {
      TestRequest request = client.request("GET", "/").header("te", "trailers");
      assertThatThrownBy(request::send)
          .isInstanceOf(AppFailure.class)
          .hasMessageContaining("not allowed there");
    }
  }

  @Test
  void aHandlerOfTheJdksIsAskedAsAnAppIs() {
    HttpHandler handler =
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          exchange.getResponseHeaders().set("x-asked", exchange.getRequestURI().toString());
          Object count =
              exchange.getHttpContext().getAttributes().merge("n", 1, (a, b) -> (int) a + (int) b);
          if (body.length == 0) {
            throw new IOException("nothing to echo");
          }
          exchange.sendResponseHeaders(201, 0);
          exchange.getResponseBody().write((count + " " + new String(body, UTF_8)).getBytes(UTF_8));
          exchange.close();
        };
    try (TestClient client = TestClient.builder(handler).rootPath("/shop").build()) {
      TestResponse answer = client.post("/a?b=c", "tea");
      assertThat(answer.status()).isEqualTo(201);
      assertThat(answer.text()).isEqualTo("1 tea");
      assertThat(answer.headers().first("x-asked")).contains("/a?b=c");
      assertThat(client.post("/", "again").text()).isEqualTo("2 again");
      assertThatThrownBy(() -> client.get("/")).hasRootCauseMessage("nothing to echo");
    }
    try (TestClient client = TestClient.of(handler)) {
      assertThat(client.post("/", "tea").text()).isEqualTo("1 tea");
    }
  }
}
