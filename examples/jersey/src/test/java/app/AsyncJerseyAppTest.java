package app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Lifespan;
import dev.arbiter.testing.AppFailure;
import dev.arbiter.testing.TestClient;
import dev.arbiter.testing.TestResponse;
import dev.arbiter.testing.TestStream;
import dev.arbiter.testing.WebSocketRefused;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotAcceptableException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.CompletionCallback;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.sse.SseEventSink;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.glassfish.jersey.server.ChunkedOutput;
import org.glassfish.jersey.server.ResourceConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JAX-RS over the async contract, without a socket. */
@Timeout(60)
class AsyncJerseyAppTest {
  private static final int PART = 16 * 1024;

  static AsyncJerseyApp running(Object resource) {
    return new AsyncJerseyApp() {
      @Override
      ResourceConfig resources(Lifespan lifespan) {
        return new ResourceConfig().registerInstances(resource);
      }
    };
  }

  /** What tests ask for. */
  @Path("/")
  public static final class Probe {
    final CompletableFuture<AsyncResponse> suspended = new CompletableFuture<>();
    final CompletableFuture<SseEventSink> sink = new CompletableFuture<>();
    final CountDownLatch over = new CountDownLatch(1);
    final CountDownLatch release = new CountDownLatch(1);
    final AtomicInteger made = new AtomicInteger();
    final CompletableFuture<Thread> thread = new CompletableFuture<>();

    /** Waits for whoever has the test's end of it. */
    @GET
    @Path("waits")
    public void waits(@Suspended AsyncResponse response) {
      response.register((CompletionCallback) _ -> over.countDown());
      thread.complete(Thread.currentThread());
      suspended.complete(response);
    }

    /** As the other, with a body that it does not read. */
    @POST
    @Path("waits")
    public void waitsUnread(@Suspended AsyncResponse response) {
      waits(response);
    }

    /** Gives up. */
    @GET
    @Path("late")
    public void late(@Suspended AsyncResponse response) {
      response.setTimeout(50, TimeUnit.MILLISECONDS);
    }

    /** Gives up in its own way, after it was given more time. */
    @GET
    @Path("later")
    public void later(@Suspended AsyncResponse response) {
      response.setTimeout(1, TimeUnit.HOURS);
      response.setTimeoutHandler(slow -> slow.resume(Response.status(504).entity("slow").build()));
      response.setTimeout(50, TimeUnit.MILLISECONDS);
    }

    /** Fails before there is anything to send. */
    @GET
    @Path("fails")
    public CompletionStage<String> fails() {
      return CompletableFuture.failedFuture(new IllegalStateException("no more tea"));
    }

    /** Fails in a way that JAX-RS has an answer for. */
    @GET
    @Path("mapped")
    public CompletionStage<String> mapped() {
      return CompletableFuture.failedFuture(new NotAcceptableException());
    }

    /** Fails in the middle. */
    @GET
    @Path("breaks")
    public CompletionStage<StreamingOutput> breaks() {
      return CompletableFuture.completedStage(
          out -> {
            out.write(new byte[PART]);
            throw new IllegalStateException("no more tea");
          });
    }

    /** Counts what it makes, and does not end by itself. */
    @GET
    @Path("chunks")
    public ChunkedOutput<byte[]> chunks() {
      ChunkedOutput<byte[]> out =
          ChunkedOutput.<byte[]>builder(byte[].class).queueCapacity(4).build();
      Thread.startVirtualThread(
          () -> {
            try (out) {
              while (true) {
                made.incrementAndGet();
                out.write(new byte[PART]);
              }
            } catch (IOException _) {
              over.countDown();
            }
          });
      return out;
    }

    /** Says nothing. */
    @GET
    @Path("silence")
    @Produces("text/event-stream")
    public void silence(@Context SseEventSink events) throws InterruptedException {
      sink.complete(events);
      if (!release.await(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the test was slow");
      }
    }

    /** Reads nothing until it is told to. */
    @POST
    @Path("reads")
    public void reads(InputStream body, @Suspended AsyncResponse response) throws Exception {
      release.await();
      response.resume(body.transferTo(OutputStream.nullOutputStream()) + " bytes");
    }

    /** Reads what never ends. */
    @POST
    @Path("reads-on")
    public String readsOn(InputStream body) throws IOException {
      try {
        return body.transferTo(OutputStream.nullOutputStream()) + " bytes";
      } catch (IOException gone) {
        over.countDown();
        throw gone;
      }
    }

    /** Part by part. */
    @POST
    @Path("echo")
    public CompletionStage<StreamingOutput> echo(InputStream body) {
      return CompletableFuture.completedStage(body::transferTo);
    }
  }

  @Test
  void resourcesAnswerLater() {
    try (TestClient client = TestClient.of(new Later())) {
      TestResponse hello = client.get("/hello/you%20there?x=1");
      assertThat(hello.text()).isEqualTo("Hello, you there\n");
      assertThat(hello.header("content-length")).contains("17");
      assertThat(client.request("HEAD", "/hello/you").send().bytes()).isEmpty();
      assertThat(client.get("/nowhere").status()).isEqualTo(404);
      assertThat(client.get("/numbers/3").text()).isEqualTo("0\n1\n2\n");
      assertThat(client.post("/size", "x".repeat(200_000)).text()).isEqualTo("200000 bytes\n");
      assertThat(client.post("/rooms/tea", "milk?").text()).isEqualTo("nobody is there\n");
      assertThat(client.get("/?a=|").status()).isEqualTo(400);
      assertThatThrownBy(() -> client.webSocket("/")).isInstanceOf(WebSocketRefused.class);
    }
  }

  @Test
  void oneRequestAnswersAnotherWhichHasNoThreadMeanwhile() throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.of(running(probe));
        TestStream stream = client.request("GET", "/waits").open()) {
      AsyncResponse response = probe.suspended.get(10, TimeUnit.SECONDS);
      Thread thread = probe.thread.join();
      assertThat(thread.isVirtual()).isTrue();
      assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
      assertThat(response.resume("milk?")).isTrue();
      assertThat(stream.readAll().text()).isEqualTo("milk?");
      assertThat(response.isDone()).isTrue();
      assertThat(response.isCancelled()).isFalse();
    }
  }

  @Test
  void whoIsNotAnsweredInTimeIsTold() {
    try (TestClient client = TestClient.of(running(new Probe()))) {
      assertThat(client.get("/late").status()).isEqualTo(503);
      TestResponse later = client.get("/later");
      assertThat(later.status()).isEqualTo(504);
      assertThat(later.text()).isEqualTo("slow");
    }
  }

  @Test
  void aClientThatLeavesCancelsWhatItWaitsFor() throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.of(running(probe))) {
      TestStream stream = client.request("GET", "/waits").open();
      AsyncResponse response = probe.suspended.get(10, TimeUnit.SECONDS);
      stream.close();
      assertThat(probe.over.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(response.isCancelled()).isTrue();
      assertThat(response.resume("too late")).isFalse();
    }
  }

  @Test
  void aClientThatLeavesIsMissedAlsoWhereItsBodyIsNotRead() throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.of(running(probe))) {
      TestStream stream = client.request("POST", "/waits").body("one part").open();
      AsyncResponse response = probe.suspended.get(10, TimeUnit.SECONDS);
      stream.close();
      assertThat(probe.over.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(response.isCancelled()).isTrue();
    }
  }

  @ParameterizedTest(name = "while the resource is still called: {0}")
  @ValueSource(booleans = {true, false})
  void aClientThatLeavesClosesEventsAlsoOfWhoSaysNothing(boolean early) throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.of(running(probe))) {
      TestStream stream = client.request("GET", "/silence").open();
      SseEventSink sink = probe.sink.get(10, TimeUnit.SECONDS);
      assertThat(sink.isClosed()).isFalse();
      if (early) {
        stream.close();
        probe.release.countDown();
      } else {
        probe.release.countDown();
        assertThat(stream.status()).isEqualTo(200);
        stream.close();
      }
      for (int i = 0; i < 1000 && !sink.isClosed(); i++) {
        Thread.sleep(10);
      }
      assertThat(sink.isClosed()).isTrue();
    }
  }

  @Test
  void aClientThatLeavesFailsWhoReadsItsBody() throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.builder(running(probe)).raise(false).build()) {
      TestStream stream = client.request("POST", "/reads-on").streaming().open();
      stream.requestBody().write(new byte[PART]);
      stream.close();
      assertThat(probe.over.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void whatFailsBeforeTheHeadIsTheWorkersToAnswerUnlessItIsMapped() {
    try (TestClient client = TestClient.of(running(new Probe()))) {
      assertThatThrownBy(() -> client.get("/fails"))
          .isInstanceOf(AppFailure.class)
          .hasStackTraceContaining("no more tea");
      assertThat(client.get("/mapped").status()).isEqualTo(406);
    }
  }

  @Test
  void whatFailsAfterTheHeadIsCutAndNotEnded() throws Exception {
    try (TestClient client = TestClient.of(running(new Probe()));
        TestStream stream = client.request("GET", "/breaks").open()) {
      assertThat(stream.status()).isEqualTo(200);
      assertThat(stream.body().readNBytes(PART)).hasSize(PART);
      assertThatThrownBy(stream::readAll).hasStackTraceContaining("no more tea");
    }
  }

  @Test
  void chunksAreMadeNoFasterThanTheyAreReadAndEndWithTheirClient() throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.of(running(probe))) {
      TestStream stream = client.request("GET", "/chunks").open();
      for (int read = 1; read <= 200; read++) {
        assertThat(stream.body().readNBytes(PART)).hasSize(PART);
        assertThat(probe.made.get()).isLessThanOrEqualTo(read + 10);
      }
      stream.close();
      assertThat(probe.over.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aRequestIsReadNoFasterThanItIsAskedFor() throws Exception {
    Probe probe = new Probe();
    try (TestClient client =
            TestClient.builder(running(probe)).timeout(Duration.ofMillis(100)).build();
        TestStream stream = client.request("POST", "/reads").streaming().open()) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 20; i++) {
                  stream.requestBody().write(new byte[PART]);
                }
              })
          .hasMessageContaining("100 ms");
      probe.release.countDown();
    }
  }

  @Test
  void bodiesStreamBothWays() throws Exception {
    try (TestClient client = TestClient.of(running(new Probe()));
        TestStream stream = client.request("POST", "/echo").streaming().open()) {
      OutputStream out = stream.requestBody();
      byte[] part = new byte[10_000]; // Jersey keeps the first 8 KiB back, in case that is all
      for (int i = 0; i < 20; i++) {
        part[i] = 1;
        out.write(part);
        assertThat(stream.body().readNBytes(part.length)).isEqualTo(part);
      }
      out.close();
      assertThat(stream.readAll().bytes()).isEmpty();
    }
  }

  @Test
  void eventsAreSentAsTheyHappen() throws Exception {
    try (TestClient client = TestClient.of(new Later());
        TestStream stream = client.request("GET", "/ticks").open()) {
      assertThat(stream.headers().first("content-type").orElse("")).startsWith("text/event-stream");
      String first = "id: 0\ndata: tick 0\n\n";
      assertThat(new String(stream.body().readNBytes(first.length()), UTF_8)).isEqualTo(first);
      assertThat(stream.readAll().text()).endsWith("id: 9\ndata: tick 9\n\n");
    }
  }
}
