package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Response;
import dev.arbiter.http.RawClient;
import dev.arbiter.http.RawClient.Answer;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What comes in: connections kept or not, bodies read or not, clients slow or gone. */
class RequestTest {
  private static final String GET = "GET %s HTTP/1.1\r\nHost: a\r\n\r\n";

  /** How slow a client is that is slow on purpose. */
  private static final long PACE = TimeUnit.MILLISECONDS.toNanos(20);

  @Test
  void aConnectionIsKeptAndReused() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH);
        RawClient client = fixture.connect()) {
      for (int i = 0; i < 5; i++) {
        assertThat(client.get("/" + i).body()).isEqualTo("/" + i);
      }
      assertThat(fixture.worker.traffic().done()).isEqualTo(5);
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrderAndOneAtATime() throws Exception {
    AtomicInteger atOnce = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    BlockingQueue<Runnable> pending = new LinkedBlockingQueue<>();
    AsyncApp slow =
        (scope, _, send) -> {
          most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
          CompletableFuture<Void> turn = new CompletableFuture<>();
          pending.add(() -> turn.complete(null));
          return turn.thenCompose(
              _ -> {
                atOnce.decrementAndGet();
                return Apps.respond(send, 200, ((HttpScope) scope).rawPath());
              });
        };
    try (Fixture fixture = Fixture.serving(slow);
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/1") + GET.formatted("/2") + GET.formatted("/3"));
      for (int i = 1; i <= 3; i++) {
        Runnable release = pending.poll(10, TimeUnit.SECONDS);
        assertThat(release).isNotNull();
        assertThat(pending).isEmpty();
        release.run();
        assertThat(client.answer().body()).isEqualTo("/" + i);
      }
      assertThat(most).hasValue(1);
    }
  }

  @Test
  void aThousandPipelinedRequestsAreAnswered() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.READER);
        RawClient client = fixture.connect()) {
      String post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
      Thread sender =
          Thread.startVirtualThread(
              () -> {
                try {
                  client.send(post.repeat(1000));
                } catch (IOException failed) {
                  throw new AssertionError(failed);
                }
              });
      for (int i = 0; i < 1000; i++) {
        assertThat(client.answer().body()).isEqualTo("POST 3");
      }
      sender.join();
    }
  }

  @Test
  void aClientThatPipelinesAndReadsNothingIsHeldBack() throws Exception {
    AtomicInteger begun = new AtomicInteger();
    byte[] page = new byte[60_000];
    BlockingApp app =
        _ -> {
          begun.incrementAndGet();
          return Response.bytes("text/plain", page);
        };
    try (Fixture fixture = Fixture.serving(app, "write-timeout", "300");
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/").repeat(1500));
      Fixture.await(() -> fixture.open.get() == 0);
      // What the sockets' buffers take, and a little; not fifteen hundred times sixty kilobytes.
      assertThat(begun.get()).isLessThan(600);
    }
  }

  @Test
  void aClientThatShutsItsSideIsStillAnswered() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.ASYNC_READER);
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/1") + GET.formatted("/2"));
      client.shutdownOutput();
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void anIdleConnectionIsClosedAfterTheKeepAliveTime() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH, "keep-alive", "300");
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").status()).isEqualTo(200);
      assertThat(client.ended()).isTrue();
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }

  @Test
  void aConnectionThatSaysNothingIsClosedWithoutAWord() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH, "header-timeout", "200");
        RawClient client = fixture.connect()) {
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void aHeadThatDoesNotCompleteIsAnswered408() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH, "header-timeout", "300");
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").status()).isEqualTo(200);
      client.send("GET / HTTP/1.1\r\nHost");
      assertThat(client.answer().status()).isEqualTo(408);
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void aBodyThatStopsComingIsAnswered408() throws Exception {
    for (String reader : new String[] {"blocking", "async"}) {
      try (Fixture fixture =
              reader.equals("async")
                  ? Fixture.serving(Apps.ASYNC_READER, "body-timeout", "300")
                  : Fixture.serving(Apps.READER, "body-timeout", "300");
          RawClient client = fixture.connect()) {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
        assertThat(client.answer().status()).isEqualTo(408);
        assertThat(client.ended()).isTrue();
        assertThat(fixture.said("error")).isFalse();
      }
    }
  }

  @Test
  void bodiesBeyondTheLimitAreRefused() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.READER, "limit-request-body", "5")) {
      try (RawClient client = fixture.connect()) {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabcdef");
        assertThat(client.answer().status()).isEqualTo(413);
      }
      try (RawClient client = fixture.connect()) {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
        assertThat(client.answer().status()).isEqualTo(413);
        assertThat(client.ended()).isTrue();
      }
    }
  }

  @Test
  void continueIsSaidWhenTheAppFirstReads() throws Exception {
    CompletableFuture<Void> read = new CompletableFuture<>();
    AsyncApp app =
        (scope, receive, send) ->
            read.thenCompose(_ -> Apps.ASYNC_READER.handle(scope, receive, send));
    try (Fixture fixture = Fixture.serving(app);
        RawClient client = fixture.connect()) {
      client.send(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
      Fixture.await(() -> fixture.worker.traffic().inFlight() == 1);
      read.complete(null);
      assertThat(client.line()).isEqualTo("HTTP/1.1 100 Continue");
      assertThat(client.line()).isEmpty();
      client.send("abc");
      assertThat(client.answer().body()).isEqualTo("POST 3");
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @Test
  void continueIsNotSaidIfTheAppDoesNotRead() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH);
        RawClient client = fixture.connect()) {
      client.send(
          "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
      assertThat(client.line()).isEqualTo("HTTP/1.1 200 OK");
      assertThat(client.rest()).contains("Connection: close").endsWith("/x");
    }
  }

  @Test
  void aSmallBodyNobodyReadsIsPassedOver() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH);
        RawClient client = fixture.connect()) {
      client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
      assertThat(client.answer().body()).isEqualTo("/1");
      client.send("def");
      assertThat(client.get("/2").body()).isEqualTo("/2");
    }
  }

  @Test
  void aBodyNobodyReadsMayNotTrickleForEver() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH, "body-timeout", "300");
        RawClient client = fixture.connect()) {
      client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
      assertThat(client.answer().body()).isEqualTo("/1");
      int sent = 0;
      try {
        for (; sent < 1000; sent++) {
          client.send("x");
          LockSupport.parkNanos(PACE);
        }
      } catch (IOException _) {
        // It is the end that is waited for.
      }
      assertThat(sent).isLessThan(1000);
    }
  }

  @Test
  void aLargeBodyNobodyReadsEndsTheConnectionButNotBeforeTheAnswerIsRead() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH);
        RawClient client = fixture.connect()) {
      client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
      client.send(new byte[500_000]);
      Answer answer = client.answer();
      assertThat(answer.body()).isEqualTo("/1");
      assertThat(answer.field("connection")).isEqualTo("close");
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void aBodyIsNotReadFasterThanTheAppTakesIt() throws Exception {
    CompletableFuture<Void> read = new CompletableFuture<>();
    AsyncApp app =
        (scope, receive, send) ->
            read.thenCompose(_ -> Apps.ASYNC_READER.handle(scope, receive, send));
    int size = 64 * 1024 * 1024;
    try (Fixture fixture = Fixture.serving(app);
        RawClient client = fixture.connect()) {
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + size + "\r\n\r\n");
      byte[] piece = new byte[64 * 1024];
      int sent = 0;
      // A full second without room: the worker has stopped reading.
      for (int full = 0; full < 100 && sent < size; ) {
        int count = client.trySend(piece);
        sent += count;
        full = count == 0 ? full + 1 : 0;
        if (count == 0) {
          TimeUnit.MILLISECONDS.sleep(10);
        }
      }
      assertThat(sent).isLessThan(size / 2);
      read.complete(null);
      while (sent < size) {
        sent += client.trySend(sent + piece.length <= size ? piece : new byte[size - sent]);
      }
      assertThat(client.answer().body()).isEqualTo("POST " + size);
    }
  }

  @Test
  void aClientThatLeavesInTheMiddleOfItsBodyFailsTheReadingApp() throws Exception {
    BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
    BlockingApp app =
        request -> {
          try {
            return Response.text("" + request.body().readAllBytes().length);
          } catch (IOException gone) {
            seen.add(gone);
            throw gone;
          }
        };
    try (Fixture fixture = Fixture.serving(app)) {
      try (RawClient client = fixture.connect()) {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
      }
      assertThat(seen.poll(10, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
      Fixture.await(() -> fixture.open.get() == 0);
      assertThat(fixture.said("error")).isFalse();
      assertThat(fixture.worker.inFlight()).isEmpty();
    }
  }

  @Test
  void theHeadIsAsItWasSent() throws Exception {
    AsyncApp app =
        (scope, _, send) -> {
          HttpScope head = (HttpScope) scope;
          String text =
              String.join(
                  "|",
                  head.method(),
                  head.target(),
                  head.rawPath(),
                  head.path(),
                  head.query(),
                  head.httpVersion(),
                  head.scheme(),
                  head.rootPath(),
                  head.headers().name(1),
                  head.headers().first("x-one").orElse(""),
                  "" + head.client().isPresent(),
                  "" + head.server().isPresent());
          return Apps.respond(send, 200, text);
        };
    try (Fixture fixture = Fixture.serving(app, "root-path", "/shop");
        RawClient client = fixture.connect()) {
      client.send("PUT /a%20b?c=%64 HTTP/1.1\r\nHost: a\r\nX-One:  1 \r\n\r\n");
      assertThat(client.answer().body())
          .isEqualTo("PUT|/a%20b?c=%64|/a%20b|/a b|c=%64|HTTP/1.1|http|/shop|X-One|1|true|true");
    }
  }

  @Test
  void requestsAreReadByteByByte() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.READER);
        RawClient client = fixture.connect()) {
      for (byte b :
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".getBytes(US_ASCII)) {
        client.send(new byte[] {b});
      }
      assertThat(client.answer().body()).isEqualTo("POST 2");
    }
  }
}
