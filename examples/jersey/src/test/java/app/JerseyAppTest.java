package app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Lifespan;
import dev.arbiter.embedded.Server;
import dev.arbiter.testing.AppFailure;
import dev.arbiter.testing.TestClient;
import dev.arbiter.testing.TestResponse;
import dev.arbiter.testing.TestStream;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.glassfish.jersey.server.ResourceConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JerseyAppTest {
  private static final int PART = 16 * 1024;

  private static JerseyApp running(Object resource) {
    return new JerseyApp() {
      @Override
      ResourceConfig resources(Lifespan lifespan) {
        return new ResourceConfig().registerInstances(resource);
      }
    };
  }

  @Test
  void resourcesAnswerAsInAnyServer() {
    try (TestClient client = TestClient.of(new App())) {
      TestResponse hello = client.get("/hello/you%20there?x=1");
      assertThat(hello.text()).isEqualTo("Hello, you there\n");
      assertThat(hello.header("content-length")).contains("17");
      assertThat(client.get("/").text()).isEqualTo("Hello from worker 0\n");
      assertThat(client.get("/nowhere").status()).isEqualTo(404);
      assertThat(client.request("DELETE", "/").send().status()).isEqualTo(405);
      assertThat(client.request("HEAD", "/hello/you").send().bytes()).isEmpty();
      assertThat(client.post("/size", "x".repeat(200_000)).text()).isEqualTo("200000 bytes\n");
      assertThat(client.post("/nothing", "").status()).isEqualTo(204);
      assertThat(client.get("/later").text()).isEqualTo("Hello, later\n");
      assertThat(client.get("/?a=|").status()).isEqualTo(400);
    }
  }

  @Test
  void bodiesStreamBothWays() throws Exception {
    try (TestClient client = TestClient.of(new App());
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

  /** What a test asks for. */
  @Path("/")
  public static final class Probe {
    final AtomicInteger made = new AtomicInteger();
    final CountDownLatch over = new CountDownLatch(1);
    final CountDownLatch release = new CountDownLatch(1);

    /** Counts what it makes, and does not end by itself. */
    @GET
    public StreamingOutput parts() {
      return out -> {
        try {
          while (true) {
            made.incrementAndGet();
            out.write(new byte[PART]);
          }
        } finally {
          over.countDown();
        }
      };
    }

    /** Reads nothing until it is told to. */
    @POST
    public void waits(InputStream body) throws IOException, InterruptedException {
      release.await();
      body.transferTo(OutputStream.nullOutputStream());
    }

    /** Fails in the middle. */
    @GET
    @Path("breaks")
    public StreamingOutput breaks() {
      return out -> {
        out.write(new byte[PART]);
        throw new IllegalStateException("no more tea");
      };
    }

    /** Fails. */
    @GET
    @Path("fails")
    public String fails() {
      throw new IllegalStateException("no more tea");
    }
  }

  @Test
  void aResponseIsMadeNoFasterThanItIsReadAndEndsWithItsClient() throws Exception {
    Probe probe = new Probe();
    try (TestClient client = TestClient.of(running(probe))) {
      TestStream stream = client.request("GET", "/").open();
      for (int read = 1; read <= 200; read++) {
        assertThat(stream.body().readNBytes(PART)).hasSize(PART);
        assertThat(probe.made.get()).isLessThanOrEqualTo(read + 10);
      }
      stream.close();
      assertThat(probe.over.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aRequestIsReadNoFasterThanItIsAskedFor() throws Exception {
    Probe probe = new Probe();
    try (TestClient client =
            TestClient.builder(running(probe)).timeout(Duration.ofMillis(100)).build();
        TestStream stream = client.request("POST", "/").streaming().open()) {
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
  void whatAResourceThrowsIsTheWorkersToAnswer() {
    try (TestClient client = TestClient.of(running(new Probe()))) {
      assertThatThrownBy(() -> client.get("/fails"))
          .isInstanceOf(AppFailure.class)
          .hasStackTraceContaining("no more tea");
    }
  }

  @Test
  void whatFailsInTheMiddleIsCutAndNotEnded() throws Exception {
    try (TestClient client = TestClient.of(running(new Probe()));
        TestStream stream = client.request("GET", "/breaks").open()) {
      assertThat(stream.body().readNBytes(PART)).hasSize(PART);
      assertThatThrownBy(stream::readAll).hasStackTraceContaining("no more tea");
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
