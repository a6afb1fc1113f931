package app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Lifespan;
import dev.arbiter.embedded.Server;
import dev.arbiter.testing.AppFailure;
import dev.arbiter.testing.TestClient;
import dev.arbiter.testing.TestResponse;
import dev.arbiter.testing.TestStream;
import java.io.OutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@Timeout(60)
class WebFluxAppTest {
  private static final int PART = 16 * 1024;

  private static WebFluxApp running(HttpHandler handler) {
    return new WebFluxApp() {
      @Override
      HttpHandler handler(Lifespan lifespan) {
        return handler;
      }
    };
  }

  @Test
  void routesAnswerAsInAnyServer() {
    try (TestClient client = TestClient.of(new App())) {
      TestResponse hello = client.get("/hello/you%20there?x=1");
      assertThat(hello.text()).isEqualTo("Hello, you there\n");
      assertThat(hello.header("content-length")).contains("17");
      assertThat(client.get("/").text()).isEqualTo("Hello from worker 0\n");
      assertThat(client.get("/nowhere").status()).isEqualTo(404);
      assertThat(client.request("DELETE", "/").send().status()).isEqualTo(404);
      assertThat(client.request("HEAD", "/hello/you").send().bytes()).isEmpty();
      assertThat(client.post("/size", "x".repeat(200_000)).text()).isEqualTo("200000 bytes\n");
    }
  }

  @Test
  void cookiesAndStatusPassBothWays() {
    HttpHandler handler =
        (request, response) -> {
          response.setRawStatusCode(202);
          response.addCookie(ResponseCookie.from("seen", "yes").path("/").build());
          String value = Objects.requireNonNull(request.getCookies().getFirst("id")).getValue();
          return response.writeWith(
              Mono.just(response.bufferFactory().wrap(value.getBytes(UTF_8))));
        };
    try (TestClient client = TestClient.of(running(handler))) {
      client.cookie("id", "7");
      TestResponse answer = client.get("/");
      assertThat(answer.status()).isEqualTo(202);
      assertThat(answer.text()).isEqualTo("7");
      assertThat(client.cookie("seen")).contains("yes");
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
  void aResponseIsMadeNoFasterThanItIsRead() throws Exception {
    AtomicInteger made = new AtomicInteger();
    Flux<ByteBuffer> parts =
        Flux.range(0, 200)
            .doOnNext(_ -> made.incrementAndGet())
            .map(_ -> ByteBuffer.allocate(PART));
    HttpHandler handler =
        (_, response) ->
            response.writeWith(parts.map(DefaultDataBufferFactory.sharedInstance::wrap));
    try (TestClient client = TestClient.of(running(handler));
        TestStream stream = client.request("GET", "/").open()) {
      for (int read = 1; read <= 200; read++) {
        assertThat(stream.body().readNBytes(PART)).hasSize(PART);
        assertThat(made.get()).isLessThanOrEqualTo(read + 7);
      }
      assertThat(stream.readAll().bytes()).isEmpty();
    }
  }

  @Test
  void aRequestIsReadNoFasterThanItIsAskedFor() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    Mono<Void> released =
        Mono.<Void>fromCallable(
                () -> {
                  release.await();
                  return null;
                })
            .subscribeOn(reactor.core.scheduler.Schedulers.boundedElastic());
    HttpHandler handler =
        (request, response) ->
            request.getBody().take(1).concatMap(_ -> released).then(response.setComplete());
    try (TestClient client =
            TestClient.builder(running(handler)).timeout(Duration.ofMillis(100)).build();
        TestStream stream = client.request("POST", "/").streaming().open()) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 20; i++) {
                  stream.requestBody().write(new byte[PART]);
                }
              })
          .hasMessageContaining("100 ms");
      release.countDown();
    }
  }

  @Test
  void eventsAreSentAsTheyHappen() {
    try (TestClient client = TestClient.of(new App())) {
      TestResponse ticks = client.get("/ticks?count=3");
      assertThat(ticks.header("content-type").orElse("")).startsWith("text/event-stream");
      assertThat(ticks.text())
          .isEqualTo("id:0\ndata:tick 0\n\nid:1\ndata:tick 1\n\nid:2\ndata:tick 2\n\n");
    }
  }

  @Test
  void filesAreHandedToTheWorker(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("a.txt"), "from a file");
    WebFluxApp app =
        running(
            RouterFunctions.toHttpHandler(
                RouterFunctions.route()
                    .GET("/", _ -> ServerResponse.ok().bodyValue(new FileSystemResource(file)))
                    .build()));
    try (TestClient client = TestClient.of(app)) {
      assertThat(client.get("/").text()).isEqualTo("from a file");
      assertThat(client.request("GET", "/").header("range", "bytes=5-5").send().text())
          .isEqualTo("a");
    }
  }

  @Test
  void whatAHandlerFailsWithIsTheWorkersToAnswer() {
    HttpHandler fails = (_, _) -> Mono.error(new IllegalStateException("no more tea"));
    try (TestClient client = TestClient.of(running(fails))) {
      assertThatThrownBy(() -> client.get("/"))
          .isInstanceOf(AppFailure.class)
          .hasStackTraceContaining("no more tea");
    }
  }

  @Test
  void aClientThatLeavesEndsItsPublisher() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    HttpHandler handler =
        (_, response) ->
            response.writeWith(
                Flux.<ByteBuffer>generate(sink -> sink.next(ByteBuffer.allocate(PART)))
                    .map(DefaultDataBufferFactory.sharedInstance::wrap)
                    .doFinally(_ -> over.countDown()));
    try (TestClient client = TestClient.of(running(handler))) {
      TestStream stream = client.request("GET", "/").open();
      assertThat(stream.body().readNBytes(PART)).hasSize(PART);
      stream.close();
      assertThat(over.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aRealWorkerServesIt() throws Exception {
    String numbers =
        IntStream.range(0, 200_000).mapToObj(i -> i + "\n").collect(Collectors.joining());
    try (Server server = Server.of(new App()).startup();
        HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest get = HttpRequest.newBuilder(server.uri().resolve("/numbers/200000")).build();
      assertThat(client.send(get, HttpResponse.BodyHandlers.ofString()).body()).isEqualTo(numbers);
      HttpRequest post =
          HttpRequest.newBuilder(server.uri().resolve("/echo"))
              .POST(HttpRequest.BodyPublishers.ofString(numbers))
              .build();
      assertThat(client.send(post, HttpResponse.BodyHandlers.ofString()).body()).isEqualTo(numbers);
    }
  }
}
