package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.ServerEvent;
import dev.arbiter.http.RawClient.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What outlives the app's answer, the same for every kind: work after it, and events. */
@Timeout(60)
public abstract class AfterwardsCases {

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  // ---- work after a response

  @Test
  void theClientDoesNotWaitForWorkButAStopDoes() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    List<String> order = new CopyOnWriteArrayList<>();
    BlockingApp app =
        new BlockingApp() {
          @Override
          public Response handle(Request request) {
            return Response.text("answer")
                .withBackground(
                    () -> {
                      try {
                        go.await();
                      } catch (InterruptedException interrupted) {
                        throw new IllegalStateException(interrupted);
                      }
                      order.add("first");
                    })
                .withBackground(() -> order.add("second"));
          }

          @Override
          public void shutdown() {
            order.add("shutdown");
          }
        };
    Host host = serve(app);
    try (RawClient client = host.connect()) {
      assertThat(client.get("/").body()).isEqualTo("answer");
      assertThat(client.get("/").body()).isEqualTo("answer");
    }
    Thread stopping = Thread.ofPlatform().start(host::close);
    assertThat(stopping.join(Duration.ofMillis(100))).isFalse();
    assertThat(order).isEmpty();
    go.countDown();
    stopping.join();
    assertThat(order).hasSize(5).endsWith("shutdown").containsSubsequence("first", "second");
  }

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
    host.close();
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
