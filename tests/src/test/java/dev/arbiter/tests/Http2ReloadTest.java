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
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Connections of HTTP/2 outlive no worker, and their requests lose nothing by it. */
@Tag("slow")
final class Http2ReloadTest {
  private static final int CLIENTS = 4;
  private static final int STREAMS = 4;
  private static final Duration PACE = Duration.ofMillis(5);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void threeReloadsUnderLoadLoseNothing() throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").workers(2).args("--h2c", "both").faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);
    try (Load load = new Load(arbiter.port())) {
      for (int i = 0; i < 3; i++) {
        load.awaitMore(500);
        arbiter.signal(Os.Signal.HUP);
        workers = arbiter.awaitReplaced(workers, 2);
      }
      load.awaitMore(500);
      assertThat(load.stop()).isEmpty();
      assertThat(load.workers()).containsAnyElementsOf(workers);
    }
  }

  /** Clients with a connection each, on which several requests are under way at once. */
  private static final class Load implements AutoCloseable {
    private final List<HttpClient> clients = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Set<Long> seen = ConcurrentHashMap.newKeySet();
    private final AtomicLong successes = new AtomicLong();
    private final HttpRequest request;
    private volatile boolean stopping;

    Load(int port) {
      request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/pid"))
              .timeout(Limits.ANSWER)
              .build();
      for (int i = 0; i < CLIENTS; i++) {
        HttpClient client = HttpClient.newHttpClient();
        clients.add(client);
        for (int j = 0; j < STREAMS; j++) {
          threads.add(Thread.ofVirtual().start(() -> run(client)));
        }
      }
    }

    private void run(HttpClient client) {
      while (!stopping) {
        try {
          HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
          if (answer.statusCode() == 200 && answer.version() == HttpClient.Version.HTTP_2) {
            seen.add(Long.valueOf(answer.body().strip()));
            successes.incrementAndGet();
          } else {
            failures.add(answer.statusCode() + " in " + answer.version());
          }
        } catch (IOException failed) {
          failures.add(failed + " after " + successes);
        } catch (InterruptedException _) {
          Thread.currentThread().interrupt();
          return;
        }
        LockSupport.parkNanos(PACE.toNanos());
      }
    }

    void awaitMore(long count) throws InterruptedException {
      long goal = successes.get() + count;
      Await.until(count + " more answers", Limits.CHANGE, () -> successes.get() >= goal);
    }

    Set<Long> workers() {
      return seen;
    }

    Queue<String> stop() throws InterruptedException {
      stopping = true;
      for (Thread thread : threads) {
        if (!thread.join(Limits.ANSWER.multipliedBy(2))) {
          failures.add("a client does not end");
        }
      }
      return failures;
    }

    @Override
    public void close() {
      stopping = true;
      clients.forEach(HttpClient::shutdownNow);
    }
  }
}
