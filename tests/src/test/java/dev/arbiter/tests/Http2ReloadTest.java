package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Connections of HTTP/2 outlive no worker, and their requests lose nothing by it. */
@Tag("slow")
final class Http2ReloadTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void threeReloadsUnderLoadLoseNothing() throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").workers(2).args("--h2c", "both").faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);
    try (JdkLoad load = new JdkLoad(arbiter.port())) {
      for (int i = 0; i < 3; i++) {
        load.awaitMore(500, Limits.CHANGE);
        arbiter.signal(Os.Signal.HUP);
        workers = arbiter.awaitReplaced(workers, 2);
      }
      load.awaitMore(500, Limits.CHANGE);
      assertThat(load.stop()).isEmpty();
      assertThat(load.byWorker().keySet()).containsAnyElementsOf(workers);
    }
  }

  /** The JDK's own clients with a connection each, on which several requests are under way. */
  private static final class JdkLoad extends Load {
    private static final int CLIENTS = 4;
    private static final int STREAMS = 4;

    private final List<HttpClient> clients = new ArrayList<>();
    private final HttpRequest request;

    JdkLoad(int port) {
      super(Duration.ofMillis(5));
      request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/pid"))
              .timeout(REQUEST_LIMIT)
              .build();
      for (int i = 0; i < CLIENTS; i++) {
        HttpClient client = HttpClient.newHttpClient();
        clients.add(client);
        start(STREAMS, () -> run(client));
      }
    }

    private void run(HttpClient client) {
      while (!stopping()) {
        long begin = System.nanoTime();
        try {
          HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
          if (answer.statusCode() == 200 && answer.version() == HttpClient.Version.HTTP_2) {
            answeredBy(Long.parseLong(answer.body().strip()));
            succeeded(begin);
          } else {
            failed(Outcome.BAD_STATUS, 0, -1, answer.statusCode() + " in " + answer.version());
          }
        } catch (IOException e) {
          failed(outcome(e), 0, -1, e.toString());
        } catch (InterruptedException _) {
          Thread.currentThread().interrupt();
          return;
        }
        rest();
      }
    }

    @Override
    public void close() {
      super.close();
      clients.forEach(HttpClient::shutdownNow);
    }
  }
}
