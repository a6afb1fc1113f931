package app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.embedded.Server;
import dev.arbiter.testing.TestClient;
import dev.arbiter.testing.TestResponse;
import io.avaje.jex.Jex;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JexAppTest {
  private static final int PART = 16 * 1024;

  private static HttpRequest.Builder at(Server server, String target) {
    return HttpRequest.newBuilder(URI.create(server.uri() + target));
  }

  @Test
  void routesAnswerAsInAnyServer() {
    try (TestClient client = TestClient.of(App.app())) {
      TestResponse hello = client.get("/hello/you%20there?x=1");
      assertThat(hello.text()).isEqualTo("Hello, you there\n");
      assertThat(hello.headers().first("content-length")).contains("17");
      assertThat(client.get("/nowhere").status()).isEqualTo(404);
      assertThat(client.get("/fails").status()).isEqualTo(503);
      assertThat(client.get("/fails").text()).isEqualTo("no more tea\n");
      assertThat(client.get("/numbers/20000").text())
          .isEqualTo(
              IntStream.range(0, 20_000).mapToObj(i -> i + "\n").collect(Collectors.joining()));
    }
  }

  @Test
  void aBodyComesBackAsItWent() throws Exception {
    byte[] body =
        new byte[100_000]; // what the system holds: this client reads when it has sent all
    new Random(1).nextBytes(body);
    try (Server server = Server.of(App.app()).startup();
        HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest echo = at(server, "/echo").POST(BodyPublishers.ofByteArray(body)).build();
      assertThat(client.send(echo, BodyHandlers.ofByteArray()).body()).isEqualTo(body);
    }
  }

  @Test
  void aResponseIsMadeNoFasterThanItIsReadAndEndsWithItsClient() throws Exception {
    AtomicInteger made = new AtomicInteger();
    CountDownLatch over = new CountDownLatch(1);
    Jex endless =
        Jex.create()
            .get(
                "/",
                ctx -> {
                  try (var out = ctx.outputStream()) {
                    while (true) {
                      out.write(new byte[PART]);
                      made.incrementAndGet();
                    }
                  } finally {
                    over.countDown();
                  }
                });
    try (Server server = Server.of(JexHandler.of(endless)).startup()) {
      HttpClient client = HttpClient.newHttpClient();
      InputStream in = client.send(at(server, "/").build(), BodyHandlers.ofInputStream()).body();
      assertThat(in.readNBytes(PART)).hasSize(PART);
      int before;
      do { // until what the kernel and the client hold is full
        before = made.get();
        TimeUnit.MILLISECONDS.sleep(300);
      } while (made.get() != before);
      assertThat((long) before * PART)
          .as("bytes made for a client that reads none")
          .isLessThan(64 << 20);
      client.shutdownNow();
      assertThat(over.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }
}
