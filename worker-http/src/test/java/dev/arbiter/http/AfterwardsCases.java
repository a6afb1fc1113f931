package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.ServerEvent;
import dev.arbiter.http.RawClient.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What outlives the app's answer, the same for every kind: work after it, and events. */
@Timeout(60)
public abstract class AfterwardsCases {

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  // ---- work after a response

  /** What an app of either contract has left to do. */
  private static final class Slow {
    final CountDownLatch go = new CountDownLatch(1);
    final List<String> order = new CopyOnWriteArrayList<>();

    void work(String name) {
      try {
        go.await();
      } catch (InterruptedException interrupted) {
        throw new IllegalStateException(interrupted);
      }
      order.add(name);
    }

    BlockingApp blocking() {
      return new BlockingApp() {
        @Override
        public Response handle(Request request) {
          return Response.text("answer")
              .withBackground(() -> work("first"))
              .withBackground(() -> order.add("second"));
        }

        @Override
        public void shutdown() {
          order.add("shutdown");
        }
      };
    }

    AsyncApp async() {
      return new AsyncApp() {
        @Override
        public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
          return answer(send, 200, "answer")
              .thenRunAsync(() -> work("first"), THREADS)
              .thenRun(() -> order.add("second"));
        }

        @Override
        public void shutdown() {
          order.add("shutdown");
        }
      };
    }
  }

  private static final Executor THREADS = task -> Thread.ofVirtual().start(task);

  private static CompletionStage<Void> answer(Send send, int status, String text) {
    return send.send(new SendEvent.ResponseStart(status, Headers.of("content-type", "text/plain")))
        .thenCompose(
            _ ->
                send.send(
                    new SendEvent.ResponseBody(ByteBuffer.wrap(text.getBytes(UTF_8)), false)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theClientDoesNotWaitForWorkButAStopDoes(boolean blocking) throws Exception {
    Slow slow = new Slow();
    Host host = serve(blocking ? slow.blocking() : slow.async());
    try (RawClient client = host.connect()) {
      assertThat(client.get("/").body()).isEqualTo("answer");
      assertThat(client.get("/").body()).isEqualTo("answer");
    }
    Thread stopping = Thread.ofPlatform().start(host::leave);
    assertThat(stopping.join(Duration.ofMillis(100))).isFalse();
    assertThat(slow.order).isEmpty();
    slow.go.countDown();
    stopping.join();
    assertThat(slow.order).hasSize(5).endsWith("shutdown").containsSubsequence("first", "second");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aStopWaitsForWhatIsDoneForAClientThatHasLeft(boolean blocking) throws Exception {
    Slow slow = new Slow();
    CountDownLatch entered = new CountDownLatch(1);
    App app =
        blocking
            ? (BlockingApp)
                _ -> {
                  entered.countDown();
                  slow.work("stored");
                  return Response.of(204);
                }
            : (AsyncApp)
                (_, _, send) -> {
                  entered.countDown();
                  return CompletableFuture.runAsync(() -> slow.work("stored"), THREADS)
                      .thenCompose(_ -> answer(send, 200, "too late"));
                };
    Host host = serve(app);
    try (RawClient client = host.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      entered.await();
      client.breakOff();
    }
    Thread stopping = Thread.ofPlatform().start(host::leave);
    assertThat(stopping.join(Duration.ofMillis(100))).isFalse();
    slow.go.countDown();
    stopping.join();
    assertThat(slow.order).containsExactly("stored");
  }

  @Test
  void anAppThatFailsAfterItsResponseIsLoggedAndHoldsUpNobody() throws Exception {
    CompletableFuture<Void> work = new CompletableFuture<>();
    AsyncApp app =
        (scope, _, send) ->
            answer(send, 200, path(scope))
                .thenCompose(_ -> path(scope).equals("/works") ? work : DONE);
    Host host = serve(app);
    try (RawClient client = host.connect()) {
      assertThat(client.get("/works").body()).isEqualTo("/works");
      assertThat(client.get("/next").body()).isEqualTo("/next");
    }
    work.completeExceptionally(new IllegalStateException("no mail today"));
    host.leave();
    assertThat(host.said("GET /works: the app failed after its response: ")).isTrue();
    assertThat(host.said("no mail today")).isTrue();
  }

  private static String path(Scope scope) {
    return ((HttpScope) scope).path();
  }

  private static final CompletionStage<Void> DONE = CompletableFuture.completedStage(null);

  @Test
  void workThatFailsIsLogged() throws Exception {
    BlockingApp app =
        _ ->
            Response.of(204)
                .withBackground(
                    () -> {
                      throw new IllegalStateException("no mail today");
                    });
    Host host = serve(app);
    try (RawClient client = host.connect()) {
      assertThat(client.get("/").status()).isEqualTo(204);
      assertThat(client.get("/").status()).isEqualTo(204);
    }
    host.leave();
    assertThat(host.said("no mail today")).isTrue();
  }

  @Test
  void workIsDoneThoughTheClientHasLeft() throws Exception {
    CompletableFuture<String> done = new CompletableFuture<>();
    BlockingApp app =
        _ ->
            Response.stream(
                    "text/plain",
                    out -> {
                      while (true) {
                        out.write(new byte[100_000]);
                      }
                    })
                .withBackground(() -> done.complete("done"));
    try (Host host = serve(app)) {
      try (RawClient client = host.connect()) {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head();
      }
      assertThat(done.get(10, TimeUnit.SECONDS)).isEqualTo("done");
    }
  }

  // ---- events

  @Test
  void eventsGoOutOneByOne() throws Exception {
    BlockingQueue<ServerEvent> events = new LinkedBlockingQueue<>();
    BlockingApp app =
        _ ->
            Response.events(
                stream -> {
                  while (true) {
                    ServerEvent event = events.take();
                    stream.send(event);
                    if (event.data().equals("end")) {
                      return;
                    }
                  }
                });
    try (Host host = serve(app);
        RawClient client = host.connect()) {
      Answer head = client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head();
      assertThat(head.field("content-type")).isEqualTo("text/event-stream");
      events.add(ServerEvent.of("one"));
      assertThat(chunk(client)).isEqualTo("data: one\n\n");
      events.add(ServerEvent.of("two").withName("n").withId("7"));
      assertThat(chunk(client)).isEqualTo("event: n\nid: 7\ndata: two\n\n");
      events.add(ServerEvent.of("end"));
      assertThat(chunk(client)).isEqualTo("data: end\n\n");
      assertThat(chunk(client)).isEmpty();
      events.add(ServerEvent.of("end"));
      assertThat(client.get("/").body()).isEqualTo("data: end\n\n");
    }
  }

  @Test
  void headIsAnsweredWithoutWaitingForAnEvent() throws Exception {
    BlockingApp app = _ -> Response.events(_ -> new CountDownLatch(1).await());
    try (Host host = serve(app);
        RawClient client = host.connect()) {
      for (int i = 0; i < 2; i++) {
        Answer head = client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").answer(true);
        assertThat(head.field("content-type")).isEqualTo("text/event-stream");
      }
    }
  }

  private static String chunk(RawClient client) throws IOException {
    String bytes = client.bytes(Integer.parseInt(client.line(), 16));
    client.line();
    return bytes;
  }

  @Test
  void aClientThatLeavesInterruptsWhoWaitsForAnEvent() throws Exception {
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    BlockingApp app =
        request ->
            request.path().equals("/next")
                ? Response.text("" + Thread.currentThread().isInterrupted())
                : Response.events(
                    Duration.ofMillis(5),
                    stream -> {
                      try {
                        new CountDownLatch(1).await();
                      } catch (InterruptedException gone) {
                        interrupted.complete(stream.isOpen());
                        throw gone;
                      }
                    });
    try (Host host = serve(app)) {
      try (RawClient client = host.connect()) {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head();
        assertThat(chunk(client)).isEqualTo(":\n\n");
      }
      assertThat(interrupted.get(10, TimeUnit.SECONDS)).isFalse();
      try (RawClient client = host.connect()) {
        assertThat(client.get("/next").body()).isEqualTo("false");
      }
      assertThat(host.said("error")).isFalse();
    }
  }
}
