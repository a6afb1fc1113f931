package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.HttpScope;
import dev.arbiter.http.RawClient;
import dev.arbiter.http.RawClient.Answer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** How connections end when the worker leaves. */
class DrainTest {
  private static final String GET = "GET %s HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final Duration LONG = Duration.ofSeconds(20);

  private final CompletableFuture<Void> release = new CompletableFuture<>();

  private final AsyncApp waiting =
      (scope, _, send) -> {
        String path = ((HttpScope) scope).rawPath();
        return path.equals("/wait")
            ? release.thenCompose(_ -> Apps.respond(send, 200, path))
            : Apps.respond(send, 200, path);
      };

  private static void last(Answer answer, String body, RawClient client) throws Exception {
    assertThat(answer.body()).isEqualTo(body);
    assertThat(answer.field("connection")).isEqualTo("close");
    assertThat(client.ended()).isTrue();
  }

  @Test
  void aRequestUnderWayIsAnsweredAndTheConnectionCloses() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting);
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/wait"));
      Fixture.await(() -> fixture.worker.inFlight().size() == 1);
      fixture.drain(Duration.ZERO);
      release.complete(null);
      last(client.answer(), "/wait", client);
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }

  @Test
  void anIdleConnectionMayAskOnceMoreWhileItLingers() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting);
        RawClient client = fixture.connect()) {
      assertThat(client.get("/1").field("connection")).isEmpty();
      fixture.drain(LONG);
      last(client.get("/2"), "/2", client);
    }
  }

  @Test
  void idleConnectionsCloseWhenTheLingerTimeEnds() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting);
        RawClient used = fixture.connect();
        RawClient fresh = fixture.connect()) {
      assertThat(used.get("/1").status()).isEqualTo(200);
      fixture.drain(Duration.ofMillis(200));
      assertThat(used.ended()).isTrue();
      assertThat(fresh.ended()).isTrue();
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }

  /** In development, where nothing newer can be had after all. */
  @Test
  void aWorkerThatResumesServesAsIfItHadNeverBeenToLeave() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting, "keep-alive", "1000");
        RawClient client = fixture.connect()) {
      fixture.drain(Duration.ZERO);
      fixture.worker.resume();
      assertThat(client.get("/1").field("connection")).isEmpty();
      Answer second = client.get("/2");
      assertThat(second.field("connection")).isEmpty();

      long answered = System.nanoTime();
      assertThat(client.ended()).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - answered))
          .as("idle for --keep-alive, not until the next look")
          .isGreaterThan(Duration.ofMillis(700));
    }
  }

  @Test
  void aHeadThatIsHalfReceivedCountsAsUnderWay() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting);
        RawClient client = fixture.connect();
        RawClient idle = fixture.connect()) {
      assertThat(client.get("/1").status()).isEqualTo(200);
      client.send("GET /2 HTTP/1.1\r\nHo");
      assertThat(idle.get("/").status()).isEqualTo(200);
      fixture.drain(Duration.ZERO);
      assertThat(idle.ended()).isTrue();
      client.send("st: a\r\n\r\n");
      last(client.answer(), "/2", client);
    }
  }

  @Test
  void aBodyThatIsHalfReceivedCountsAsUnderWay() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.READER);
        RawClient client = fixture.connect()) {
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
      Fixture.await(() -> fixture.worker.inFlight().size() == 1);
      fixture.drain(Duration.ZERO);
      client.send("def");
      last(client.answer(), "POST 6", client);
    }
  }

  @Test
  void requestsPipelinedBeforeAreAllAnswered() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting);
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/wait") + GET.formatted("/2") + GET.formatted("/3"));
      Fixture.await(() -> fixture.worker.inFlight().size() == 1);
      fixture.drain(LONG);
      release.complete(null);
      assertThat(client.answer().body()).isEqualTo("/wait");
      assertThat(client.answer().body()).isEqualTo("/2");
      last(client.answer(), "/3", client);
    }
  }

  /** The first bytes are still on their way through the pipeline when it is looked for more. */
  @Test
  void whatComesWhileTheFirstRequestOfAConnectionIsServedIsAnsweredToo() throws Exception {
    CompletableFuture<Void> asked = new CompletableFuture<>();
    AsyncApp holding =
        (scope, receive, send) -> {
          if (asked.complete(null)) {
            release.join();
          }
          return waiting.handle(scope, receive, send);
        };
    try (Fixture fixture = Fixture.serving(holding, "h2c", "prior-knowledge")) {
      fixture.drain(LONG);
      try (RawClient client = fixture.connect()) {
        client.send(GET.formatted("/1"));
        asked.join();
        client.send("GET /2 HTTP/1.1\r\nHo");
        release.complete(null);
        assertThat(client.answer().body()).isEqualTo("/1");
        client.send("st: a\r\n\r\n");
        last(client.answer(), "/2", client);
      }
    }
  }

  @Test
  void aConnectionTakenAfterTheOrderIsServed() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting)) {
      fixture.drain(Duration.ZERO);
      try (RawClient client = fixture.connect()) {
        last(client.get("/late"), "/late", client);
      }
      try (RawClient silent = fixture.connect()) {
        assertThat(silent.ended()).isTrue();
      }
    }
  }

  @Test
  void aClientThatGoesOnSendingStillReadsItsLastAnswer() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting);
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/wait"));
      Fixture.await(() -> fixture.worker.inFlight().size() == 1);
      fixture.drain(LONG);
      client.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
      client.send(new byte[300_000]);
      release.complete(null);
      assertThat(client.answer().body()).isEqualTo("/wait");
      assertThat(client.answer().body()).isEqualTo("/2");
      assertThat(client.ended()).isTrue();
    }
  }
}
