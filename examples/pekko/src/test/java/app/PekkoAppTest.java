package app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.testing.AppFailure;
import dev.arbiter.testing.TestClient;
import dev.arbiter.testing.TestResponse;
import dev.arbiter.testing.TestStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.HttpCookie;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.model.headers.SetCookie;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Routes over the async contract, without a socket. */
@Timeout(60)
class PekkoAppTest {
  private static final int PART = Probe.PART;

  @Test
  void routesAnswerAsInAnyServer() {
    try (TestClient client = TestClient.of(new App())) {
      TestResponse hello = client.get("/hello/you%20there?x=1");
      assertThat(hello.text()).isEqualTo("Hello, you there\n");
      assertThat(hello.header("content-length")).contains("17");
      assertThat(hello.header("content-type")).contains("text/plain; charset=UTF-8");
      assertThat(client.get("/").text()).isEqualTo("Hello from worker 0\n");
      assertThat(client.get("/worker").header("content-type")).contains("application/json");
      assertThat(client.get("/worker").text()).isEqualTo("{\"worker\":0,\"kind\":\"test\"}\n");
      assertThat(client.get("/numbers/2001").text()).endsWith("\n1999\n2000\n");
      assertThat(client.post("/size", "x".repeat(200_000)).text()).isEqualTo("200000 bytes\n");
      assertThat(client.post("/size", "").text()).isEqualTo("0 bytes\n");
    }
  }

  @ParameterizedTest(name = "{0} {1}: {2}")
  @CsvSource({
    "GET, /nowhere, 404",
    "DELETE, /, 405",
    "BREW, /, 405",
    "GET, /numbers/many, 404",
    "GET, /throws, 500",
    "GET, /?%, 400"
  })
  void refusalsAreTheFrameworks(String method, String target, int status) {
    try (TestClient client = TestClient.of(new App())) {
      assertThat(client.request(method, target).send().status()).isEqualTo(status);
    }
  }

  @Test
  void whoAsksForTheHeadGetsNoBody() throws Exception {
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    Source<ByteString, ?> body =
        Source.<ByteString>never()
            .watchTermination((none, done) -> done.thenRun(() -> cancelled.complete(true)));
    PekkoApp app =
        Probe.answering(
            request -> {
              assertThat(request.method().value()).isEqualTo("GET");
              return HttpResponse.create()
                  .withEntity(
                      HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, 1 << 30, body));
            });
    try (TestClient client = TestClient.of(app)) {
      TestResponse head = client.request("HEAD", "/").send();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("content-length")).contains("1073741824");
      assertThat(head.bytes()).isEmpty();
      assertThat(cancelled.get(10, TimeUnit.SECONDS)).isTrue();
    }
    try (TestClient client = TestClient.of(new App())) {
      TestResponse head = client.request("HEAD", "/hello/you").send();
      assertThat(head.header("content-length")).contains("11");
      assertThat(head.bytes()).isEmpty();
    }
  }

  @Test
  void fieldsPassBothWaysInTheirOrder() {
    CompletableFuture<HttpRequest> seen = new CompletableFuture<>();
    PekkoApp app =
        Probe.answering(
            request -> {
              seen.complete(request);
              return HttpResponse.create()
                  .withStatus(202)
                  .withHeaders(
                      List.of(
                          RawHeader.create("x-one", "1"),
                          SetCookie.create(HttpCookie.create("a", "1").withPath("/")),
                          RawHeader.create("x-two", "2"),
                          SetCookie.create(HttpCookie.create("b", "2")),
                          RawHeader.create("Content-Length", "7"),
                          RawHeader.create("x-one", "3")));
            });
    try (TestClient client = TestClient.of(app)) {
      TestResponse answer =
          client
              .request("BREW", "/pot?size=2&size=3")
              .header("x-several", "a")
              .header("cookie", "id=7; lang=en")
              .header("content-type", "application/json")
              .header("if-modified-since", "yesterday")
              .header("x-several", "b")
              .send();
      assertThat(answer.status()).isEqualTo(202);
      assertThat(names(answer))
          .containsSubsequence("x-one", "Set-Cookie", "x-two", "Set-Cookie", "x-one");
      assertThat(answer.headers().all("x-one")).containsExactly("1", "3");
      assertThat(answer.headers().all("set-cookie")).containsExactly("a=1; Path=/", "b=2");
      assertThat(answer.headers().all("content-length")).doesNotContain("7");
      assertThat(answer.header("content-type")).isEmpty();

      HttpRequest request = seen.join();
      assertThat(request.method().value()).isEqualTo("BREW");
      assertThat(request.getUri()).hasToString("http://testserver/pot?size=2&size=3");
      assertThat(request.entity().getContentType()).isEqualTo(ContentTypes.APPLICATION_JSON);
      assertThat(values(request, "x-several")).containsExactly("a", "b");
      assertThat(values(request, "cookie")).containsExactly("id=7; lang=en");
      assertThat(values(request, "if-modified-since")).containsExactly("yesterday");
      assertThat(values(request, "content-type")).isEmpty();
    }
  }

  private static List<String> names(TestResponse answer) {
    List<String> names = new java.util.ArrayList<>();
    answer.headers().forEach((name, _) -> names.add(name));
    return names;
  }

  private static List<String> values(HttpRequest request, String name) {
    return StreamSupport.stream(request.getHeaders().spliterator(), false)
        .filter(header -> header.is(name))
        .map(HttpHeader::value)
        .toList();
  }

  @Test
  void whoTheClientIsTheWorkerSays() {
    PekkoApp app =
        Probe.running(
            (_, _) ->
                Directives.extractClientIP(
                    ip ->
                        Directives.complete(
                            ip.getAddress().orElseThrow().getHostAddress() + ":" + ip.getPort())));
    try (TestClient client = TestClient.of(app)) {
      assertThat(
              client
                  .request("GET", "/")
                  .header("x-forwarded-for", "9.9.9.9")
                  .header("x-real-ip", "9.9.9.9")
                  .send()
                  .text())
          .isEqualTo("127.0.0.1:50000");
    }
  }

  @Test
  void routesAreBelowTheRootPath() {
    PekkoApp app =
        Probe.running(
            (_, _) ->
                Directives.path(
                    "tea room",
                    () -> Directives.extractUri(uri -> Directives.complete(uri.toString()))));
    try (TestClient client =
        TestClient.builder(app).baseUrl("https://shop.example").rootPath("/shop").build()) {
      assertThat(client.get("/tea%20room?x=1").text())
          .isEqualTo("https://shop.example/shop/tea%20room?x=1");
      assertThat(client.get("/shop").status()).isEqualTo(404);
    }
  }

  @Test
  void bodiesStreamBothWays() throws Exception {
    try (TestClient client = TestClient.of(new App());
        TestStream stream = client.request("POST", "/echo").streaming().open()) {
      OutputStream out = stream.requestBody();
      for (String word : "one two three".split(" ", -1)) {
        out.write(word.getBytes(UTF_8));
        assertThat(new String(stream.body().readNBytes(word.length()), UTF_8)).isEqualTo(word);
      }
      out.close();
      assertThat(stream.readAll().bytes()).isEmpty();
    }
  }

  @Test
  void trailersPassBothWays() {
    PekkoApp app =
        Probe.answering(
            request -> {
              HttpEntity.Chunked chunked = (HttpEntity.Chunked) request.entity();
              // What came behind the body goes back behind it.
              return HttpResponse.create()
                  .withEntity((org.apache.pekko.http.javadsl.model.ResponseEntity) chunked);
            });
    try (TestClient client = TestClient.of(app)) {
      TestResponse answer =
          client
              .request("POST", "/")
              .header("te", "trailers")
              .header("transfer-encoding", "chunked")
              .trailer("x-sum", "42")
              .body("hello")
              .send();
      assertThat(answer.text()).isEqualTo("hello");
      assertThat(answer.trailers().first("x-sum")).contains("42");
    }
  }

  @Test
  void aResponseIsMadeNoFasterThanItIsReadAndEndsWithItsClient() throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.of(probe)) {
      TestStream stream = client.request("GET", "/parts").open();
      for (int read = 1; read <= 200; read++) {
        assertThat(stream.body().readNBytes(PART)).hasSize(PART);
        assertThat(probe.made.get()).isLessThanOrEqualTo(read + 7);
      }
      stream.close();
      probe.over.handle((_, _) -> true).get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void aRequestIsReadNoFasterThanItIsAskedFor() throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.builder(probe).timeout(Duration.ofMillis(100)).build();
        TestStream stream = client.request("POST", "/reads").streaming().open()) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 20; i++) {
                  stream.requestBody().write(new byte[PART]);
                }
              })
          .hasMessageContaining("100 ms");
      assertThat(probe.taken.get()).isEqualTo(1);
    }
  }

  @Test
  void aClientThatLeavesCancelsAStreamThatSaysNothing() throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.of(probe)) {
      TestStream stream = client.request("GET", "/silence").open();
      assertThat(stream.status()).isEqualTo(200); // the head does not wait for the first part
      stream.close();
      assertThat(probe.over.get(10, TimeUnit.SECONDS)).isNotNull();
      assertThat(stream.awaitDone(Duration.ofSeconds(10))).isTrue();
    }
  }

  @Test
  void aClientThatLeavesFailsWhoReadsItsBody() throws Exception {
    Probe probe = new Probe();
    probe.release.complete(org.apache.pekko.Done.getInstance());
    try (TestClient client = TestClient.builder(probe).raise(false).build()) {
      TestStream stream = client.request("POST", "/reads").streaming().open();
      stream.requestBody().write(new byte[PART]);
      assertThat(stream.body().readNBytes(PART)).hasSize(PART);
      stream.close();
      assertThatThrownBy(() -> probe.over.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseMessage("the client has gone");
    }
  }

  @Test
  void eventsAreSentAsTheyHappen() throws Exception {
    try (TestClient client = TestClient.of(new App());
        TestStream stream = client.request("GET", "/ticks?count=3").open()) {
      assertThat(stream.headers().first("content-type").orElse("")).startsWith("text/event-stream");
      String first = "data:tick 0\nevent:tick\nid:0\n\n";
      assertThat(new String(stream.body().readNBytes(first.length()), UTF_8)).isEqualTo(first);
      assertThat(stream.readAll().text())
          .isEqualTo("data:tick 1\nevent:tick\nid:1\n\ndata:tick 2\nevent:tick\nid:2\n\n");
    }
  }

  @Test
  void whatFailsAfterTheHeadIsCutAndNotEnded() throws Exception {
    try (TestClient client = TestClient.of(new App());
        TestStream stream = client.request("GET", "/breaks").open()) {
      assertThat(stream.status()).isEqualTo(200);
      assertThatThrownBy(stream::readAll)
          .isInstanceOf(AppFailure.class)
          .hasStackTraceContaining("no more tea");
    }
  }

  @Test
  void neitherARouteNorAStreamIsStartedOnTheEventLoop() throws Exception {
    CompletableFuture<String> started = new CompletableFuture<>();
    Source<ByteString, ?> body =
        Source.single(ByteString.fromString("tea"))
            .mapMaterializedValue(_ -> started.complete(Thread.currentThread().getName()));
    CompletableFuture<String> called = new CompletableFuture<>();
    PekkoApp app =
        Probe.answering(
            _ -> {
              called.complete(Thread.currentThread().getName());
              return Probe.streamed(body);
            });
    try (TestClient client = TestClient.of(app)) {
      assertThat(client.get("/").text()).isEqualTo("tea");
      assertThat(called.get(10, TimeUnit.SECONDS)).contains("dispatcher");
      assertThat(started.get(10, TimeUnit.SECONDS)).contains("dispatcher");
    }
  }

  @Test
  void theActorSystemLivesAsLongAsTheApp() {
    Probe probe = new Probe();
    try (TestClient client = TestClient.of(probe)) {
      assertThat(client.get("/nowhere").status()).isEqualTo(404);
      assertThat(terminated(probe.system)).isFalse();
    }
    assertThat(terminated(probe.system)).isTrue();
  }

  @Test
  void anAppThatDoesNotStartLeavesNoActorSystem() throws Exception {
    CompletableFuture<ActorSystem> made = new CompletableFuture<>();
    PekkoApp app =
        Probe.running(
            (system, _) -> {
              made.complete(system);
              throw new IllegalStateException("no tea at all");
            });
    assertThatThrownBy(() -> TestClient.of(app)).hasStackTraceContaining("no tea at all");
    made.join().getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static boolean terminated(@org.jspecify.annotations.Nullable ActorSystem system) {
    return Objects.requireNonNull(system).getWhenTerminated().toCompletableFuture().isDone();
  }
}
