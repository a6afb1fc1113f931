package dev.arbiter.sync;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.http.RawClient;
import dev.arbiter.worker.Health;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SyncWorkerTest {
  private static final String GET = "GET %s HTTP/1.1\r\nHost: a\r\n\r\n";

  @TempDir Path folder;

  // ---- one connection after the other

  @Test
  void aConnectionIsKeptForTheNextRequest() throws Exception {
    try (Fixture fixture = Fixture.serving(request -> Response.text(request.path()));
        RawClient client = fixture.connect()) {
      RawClient.Answer answer = client.get("/a%20b?x=1");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("/a b");
      assertThat(answer.field("content-length")).isEqualTo("4");
      assertThat(answer.field("server")).isEqualTo("arbiter");
      assertThat(answer.field("date")).endsWith("GMT");
      assertThat(client.get("/c").body()).isEqualTo("/c");
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws Exception {
    try (Fixture fixture = Fixture.serving(SyncWorkerTest::echo, "threads", "4");
        RawClient client = fixture.connect()) {
      StringBuilder all = new StringBuilder();
      for (int i = 0; i < 500; i++) {
        String body = "number " + i;
        all.append("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ")
            .append(body.length())
            .append("\r\n\r\n")
            .append(body);
      }
      client.send(all.toString());
      for (int i = 0; i < 500; i++) {
        assertThat(client.answer().body()).isEqualTo("number " + i);
      }
    }
  }

  @Test
  void aUnixSocketIsServed() throws Exception {
    Path path = folder.resolve("app.sock");
    try (Fixture fixture =
            Fixture.servingUnix(
                request -> Response.text(request.client() + " " + request.server()), path);
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").body()).isEqualTo("Optional.empty Optional.empty");
    }
  }

  @Test
  void theAppSeesWhoAsks() throws Exception {
    try (Fixture fixture =
            Fixture.serving(request -> Response.text(request.client().orElseThrow().toString()));
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").body()).startsWith("/127.0.0.1:");
    }
  }

  // ---- what the arbiter asks

  @Test
  void aProbeTakesATurnAndCountsForNothing() throws Exception {
    try (Fixture fixture =
        Fixture.serving(
            request -> request.path().equals("/up") ? Response.text("ok") : Response.of(503))) {
      assertThat(fixture.worker.probe("")).isEqualTo(new Health(200, ""));
      assertThat(fixture.worker.probe("/up")).isEqualTo(new Health(200, ""));
      assertThat(fixture.worker.probe("/down").status()).isEqualTo(503);
      assertThat(fixture.worker.traffic().done()).isZero();
    }
  }

  @Test
  void busyIsTheShareOfTurnsThatAreTaken() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (Fixture fixture =
            Fixture.serving(
                _ -> {
                  begun.countDown();
                  release.await();
                  return Response.of(204);
                },
                "threads",
                "2");
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/"));
      begun.await();
      int _ = fixture.worker.traffic().busyPercent();
      LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
      assertThat(fixture.worker.traffic().busyPercent()).isBetween(45, 55);
      release.countDown();
      assertThat(client.answer().status()).isEqualTo(204);
      int _ = fixture.worker.traffic().busyPercent();
      assertThat(fixture.worker.traffic().busyPercent()).isZero();
    }
  }

  @Test
  void aSlowRequestIsReportedWithItsStack() throws Exception {
    for (String threads : List.of("1", "4")) {
      try (Fixture fixture =
              Fixture.serving(_ -> slowly(), "threads", threads, "slow-request-timeout", "50");
          RawClient client = fixture.connect()) {
        assertThat(client.get("/slow").status()).isEqualTo(204);
        assertThat(fixture.context.slow.poll(10, TimeUnit.SECONDS))
            .contains("GET /slow", "SyncWorkerTest.slowly");
      }
    }
  }

  private static Response slowly() throws InterruptedException {
    Thread.sleep(400);
    return Response.of(204);
  }

  // ---- responses

  @Test
  void aStreamIsSentInChunks() throws Exception {
    try (Fixture fixture = Fixture.serving(_ -> twoParts(Headers.empty()));
        RawClient client = fixture.connect()) {
      RawClient.Answer answer = client.get("/");
      assertThat(answer.field("transfer-encoding")).isEqualTo("chunked");
      assertThat(answer.body()).isEqualTo("onetwo");
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @Test
  void aStreamOfKnownLengthIsNot() throws Exception {
    try (Fixture fixture = Fixture.serving(_ -> twoParts(Headers.of("Content-Length", "6")));
        RawClient client = fixture.connect()) {
      RawClient.Answer answer = client.get("/");
      assertThat(answer.field("content-length")).isEqualTo("6");
      assertThat(answer.body()).isEqualTo("onetwo");
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @Test
  void aStreamToAnOldClientEndsWithTheConnection() throws Exception {
    try (Fixture fixture = Fixture.serving(_ -> twoParts(Headers.empty()));
        RawClient client = fixture.connect()) {
      client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      RawClient.Answer answer = client.answer();
      assertThat(answer.field("connection")).isEqualTo("close");
      assertThat(answer.body()).isEqualTo("onetwo");
    }
  }

  @Test
  void headAndNoContentHaveNoBody() throws Exception {
    try (Fixture fixture =
            Fixture.serving(
                request ->
                    request.path().equals("/none")
                        ? Response.of(204)
                        : request.path().equals("/stream")
                            ? twoParts(Headers.empty())
                            : Response.text("hello"));
        RawClient client = fixture.connect()) {
      client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.answer(true).field("content-length")).isEqualTo("5");
      client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.answer(true).status()).isEqualTo(200);
      assertThat(client.get("/none").status()).isEqualTo(204);
      assertThat(client.get("/").body()).isEqualTo("hello");
    }
  }

  @Test
  void aFlushSendsWhatThereIs() throws Exception {
    CountDownLatch seen = new CountDownLatch(1);
    try (Fixture fixture =
            Fixture.serving(
                _ ->
                    Response.stream(
                        "text/plain",
                        out -> {
                          out.write("first".getBytes(UTF_8));
                          out.flush();
                          await(seen);
                          out.write("second".getBytes(UTF_8));
                        }));
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/"));
      assertThat(client.head().status()).isEqualTo(200);
      assertThat(client.line()).isEqualTo("5");
      assertThat(client.bytes(7)).isEqualTo("first\r\n");
      seen.countDown();
      assertThat(client.line()).isEqualTo("6");
    }
  }

  @Test
  void aLargeBodyArrivesWhole() throws Exception {
    byte[] large = new byte[5_000_000];
    try (Fixture fixture = Fixture.serving(_ -> Response.bytes("a/b", large));
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").body()).hasSize(large.length);
    }
  }

  @Test
  void anAppThatFailsIsAnsweredWith500AndLogged() throws Exception {
    try (Fixture fixture =
            Fixture.serving(
                request -> {
                  if (request.path().equals("/ok")) {
                    return Response.text("ok");
                  }
                  throw new IllegalStateException("broken on purpose");
                });
        RawClient client = fixture.connect()) {
      assertThat(client.get("/x").status()).isEqualTo(500);
      assertThat(fixture.context.said)
          .anyMatch(line -> line.startsWith("error: ") && line.contains("broken on purpose"));
      assertThat(client.get("/ok").status()).isEqualTo(200);
    }
  }

  @Test
  void aHeaderThatWouldSplitTheResponseIsA500() throws Exception {
    try (Fixture fixture =
            Fixture.serving(_ -> Response.text("x").withHeader("X", "a\r\nSet-Cookie: b"));
        RawClient client = fixture.connect()) {
      RawClient.Answer answer = client.get("/");
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.fields()).doesNotContainKey("set-cookie");
    }
  }

  @Test
  void aStreamThatFailsIsSeenToBeCut() throws Exception {
    try (Fixture fixture =
            Fixture.serving(
                _ ->
                    Response.stream(
                        "text/plain",
                        out -> {
                          out.write(new byte[100]);
                          out.flush();
                          throw new IOException("broken on purpose");
                        }));
        RawClient client = fixture.connect()) {
      assertThatThrownBy(() -> client.get("/")).isInstanceOf(EOFException.class);
      try (RawClient old = fixture.connect()) {
        old.send("GET / HTTP/1.0\r\n\r\n");
        assertThatThrownBy(old::answer).isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void aBodyOfAnotherLengthThanAnnouncedIsCut() throws Exception {
    try (Fixture fixture = Fixture.serving(_ -> twoParts(Headers.of("Content-Length", "7")));
        RawClient client = fixture.connect()) {
      assertThatThrownBy(() -> client.get("/")).isInstanceOf(EOFException.class);
      assertThat(fixture.context.said).anyMatch(line -> line.contains("sent only 6"));
    }
  }

  // ---- request bodies

  @Test
  void theClientIsAskedForItsBodyWhenTheAppReads() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    try (Fixture fixture =
            Fixture.serving(
                request -> {
                  await(read);
                  return echo(request);
                });
        RawClient client = fixture.connect()) {
      client.send(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
      Fixture.await(() -> fixture.worker.traffic().inFlight() == 1);
      read.countDown();
      assertThat(client.head().status()).isEqualTo(100);
      client.send("abc");
      assertThat(client.answer().body()).isEqualTo("abc");
    }
  }

  @Test
  void aBodyNobodyReadsMayNotTrickleForEver() throws Exception {
    try (Fixture fixture =
            Fixture.serving(request -> Response.text(request.path()), "body-timeout", "300");
        RawClient client = fixture.connect()) {
      client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
      assertThat(client.answer().body()).isEqualTo("/1");
      int sent = 0;
      try {
        for (; sent < 1000; sent++) {
          client.send("x");
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
      } catch (IOException _) {
        // It is the end that is waited for.
      }
      assertThat(sent).isLessThan(1000);
    }
  }

  @Test
  void aClientThatWaitsIsAnsweredAndLetGoIfTheAppDoesNotRead() throws Exception {
    try (Fixture fixture = Fixture.serving(_ -> Response.of(403));
        RawClient client = fixture.connect()) {
      client.send(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
      RawClient.Answer answer = client.head();
      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.field("connection")).isEqualTo("close");
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void aStreamThatReadsTheBodyStillAsksForIt() throws Exception {
    try (Fixture fixture =
            Fixture.serving(
                request -> Response.stream("a/b", out -> request.body().transferTo(out)));
        RawClient client = fixture.connect()) {
      client.send(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
      assertThat(client.head().status()).isEqualTo(100);
      client.send("abc");
      assertThat(client.answer().body()).isEqualTo("abc");
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @Test
  void aSmallBodyTheAppLeftIsSkipped() throws Exception {
    try (Fixture fixture = Fixture.serving(_ -> Response.text("ok"));
        RawClient client = fixture.connect()) {
      client.send(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n" + "x".repeat(20000));
      assertThat(client.answer().field("connection")).isEmpty();
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @Test
  void aLargeBodyTheAppLeftEndsTheConnection() throws Exception {
    try (Fixture fixture = Fixture.serving(_ -> Response.of(413));
        RawClient client = fixture.connect()) {
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
      client.send(new byte[100_000]);
      RawClient.Answer answer = client.answer();
      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.field("connection")).isEqualTo("close");
      client.leave();
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }

  @Test
  void aBodyIsReadNoFasterThanTheAppReads() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (Fixture fixture =
            Fixture.serving(
                request -> {
                  await(go);
                  return Response.text("" + request.body().transferTo(nowhere()));
                });
        RawClient client = fixture.connect()) {
      int size = 64_000_000;
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + size + "\r\n\r\n");
      Fixture.await(() -> fixture.worker.traffic().inFlight() == 1);
      byte[] part = new byte[64_000];
      int sent = 0;
      long quiet = System.nanoTime();
      while (System.nanoTime() - quiet < TimeUnit.MILLISECONDS.toNanos(300)) {
        int more = client.trySend(part);
        if (more > 0) {
          sent += more;
          quiet = System.nanoTime();
        }
      }
      assertThat(sent).isLessThan(size / 2);
      go.countDown();
      for (int left = size - sent; left > 0; left -= Math.min(left, part.length)) {
        client.send(left < part.length ? new byte[left] : part);
      }
      assertThat(client.answer().body()).isEqualTo("" + size);
    }
  }

  @Test
  void aBodyLongerThanAllowedIsRefusedWhereverItsLengthIsKnown() throws Exception {
    try (Fixture fixture = Fixture.serving(SyncWorkerTest::echo, "limit-request-body", "10")) {
      try (RawClient client = fixture.connect()) {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n12345678901");
        assertThat(client.answer().status()).isEqualTo(413);
        assertThat(client.ended()).isTrue();
      }
      try (RawClient client = fixture.connect()) {
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                .concat("6\r\n123456\r\n".repeat(2))
                .concat("0\r\n\r\n"));
        assertThat(client.answer().status()).isEqualTo(413);
        assertThat(client.ended()).isTrue();
      }
    }
  }

  @Test
  void aBodyCannotBeReadOnceItsRequestIsOver() throws Exception {
    AtomicReference<InputStream> kept = new AtomicReference<>(InputStream.nullInputStream());
    AtomicInteger asked = new AtomicInteger();
    try (Fixture fixture =
            Fixture.serving(
                request -> {
                  if (asked.getAndIncrement() == 0) {
                    kept.set(request.body());
                  }
                  return Response.text("ok");
                });
        RawClient client = fixture.connect()) {
      client.get("/");
      client.get("/");
      assertThatThrownBy(() -> kept.get().read()).hasMessageContaining("over");
    }
  }

  // ---- time

  @Test
  void aHeadThatDoesNotComeIsA408() throws Exception {
    try (Fixture fixture = Fixture.serving(SyncWorkerTest::echo, "header-timeout", "200");
        RawClient client = fixture.connect()) {
      client.send("GET / HT");
      assertThat(client.answer().status()).isEqualTo(408);
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void aConnectionWithoutARequestIsClosedWithoutAWord() throws Exception {
    try (Fixture fixture =
            Fixture.serving(SyncWorkerTest::echo, "header-timeout", "200", "keep-alive", "300");
        RawClient silent = fixture.connect();
        RawClient once = fixture.connect()) {
      assertThat(silent.ended()).isTrue();
      assertThat(once.ended()).isTrue();
      try (RawClient kept = fixture.connect()) {
        assertThat(kept.get("/").status()).isEqualTo(200);
        assertThat(kept.ended()).isTrue();
      }
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }

  @Test
  void aBodyThatDoesNotComeIsA408() throws Exception {
    for (String threads : List.of("1", "2")) {
      try (Fixture fixture =
              Fixture.serving(SyncWorkerTest::echo, "body-timeout", "200", "threads", threads);
          RawClient client = fixture.connect()) {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab");
        assertThat(client.answer().status()).isEqualTo(408);
        assertThat(client.ended()).isTrue();
      }
    }
  }

  @Test
  void aClientThatDoesNotReadIsLeft() throws Exception {
    for (String threads : List.of("1", "2")) {
      try (Fixture fixture =
              Fixture.serving(
                  _ ->
                      Response.stream(
                          "a/b",
                          out -> {
                            while (true) {
                              out.write(new byte[10_000]);
                            }
                          }),
                  "write-timeout",
                  "300",
                  "threads",
                  threads);
          RawClient client = fixture.connect()) {
        client.send(GET.formatted("/"));
        Fixture.await(() -> fixture.worker.traffic().inFlight() == 1);
        Fixture.await(() -> fixture.open.get() == 0);
        assertThat(fixture.worker.traffic().inFlight()).isZero();
        assertThat(fixture.context.said).noneMatch(line -> line.startsWith("error"));
      }
    }
  }

  @Test
  void aClientThatLeavesEndsItsConnectionOnly() throws Exception {
    try (Fixture fixture = Fixture.serving(SyncWorkerTest::echo)) {
      try (RawClient client = fixture.connect()) {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab");
        Fixture.await(() -> fixture.worker.traffic().inFlight() == 1);
      }
      Fixture.await(() -> fixture.open.get() == 0);
      try (RawClient next = fixture.connect()) {
        assertThat(next.get("/").status()).isEqualTo(200);
      }
    }
  }

  // ---- threads

  @Test
  void byDefaultTheAppIsCalledByOneThreadOneAtATime() throws Exception {
    BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (Fixture fixture =
        Fixture.serving(
            _ -> {
              most.accumulateAndGet(inside.incrementAndGet(), Math::max);
              threads.add(Thread.currentThread());
              Thread.yield();
              inside.decrementAndGet();
              return Response.text("ok");
            })) {
      RawClient[] clients = new RawClient[8];
      for (int i = 0; i < clients.length; i++) {
        clients[i] = fixture.connect();
      }
      for (int round = 0; round < 20; round++) {
        for (RawClient client : clients) {
          client.send(GET.formatted("/"));
        }
        for (RawClient client : clients) {
          assertThat(client.answer().status()).isEqualTo(200);
        }
      }
      for (RawClient client : clients) {
        client.leave();
      }
    }
    assertThat(most).hasValue(1);
    assertThat(threads.stream().distinct()).hasSize(1).noneMatch(Thread::isVirtual);
  }

  @Test
  void withMoreThreadsThatManyRunAtOnceAndIdleConnectionsHoldNone() throws Exception {
    BlockingQueue<String> inside = new LinkedBlockingQueue<>();
    Semaphore go = new Semaphore(0);
    try (Fixture fixture =
            Fixture.serving(
                request -> {
                  inside.add(request.path());
                  go.acquire();
                  return Response.text(request.path());
                },
                "threads",
                "2");
        RawClient idle = fixture.connect();
        RawClient idle2 = fixture.connect();
        RawClient first = fixture.connect();
        RawClient second = fixture.connect();
        RawClient third = fixture.connect()) {
      first.send(GET.formatted("/1"));
      assertThat(inside.poll(10, TimeUnit.SECONDS)).isEqualTo("/1");
      second.send(GET.formatted("/2"));
      assertThat(inside.poll(10, TimeUnit.SECONDS)).isEqualTo("/2");
      third.send(GET.formatted("/3"));
      Fixture.await(() -> fixture.worker.traffic().inFlight() == 3);
      assertThat(inside.poll(100, TimeUnit.MILLISECONDS)).isNull();
      assertThat(fixture.worker.inFlight()).hasSize(3).anyMatch(line -> line.contains("GET /3"));
      go.release(3);
      assertThat(third.answer().body()).isEqualTo("/3");
      go.release(2);
      assertThat(idle.get("/4").status()).isEqualTo(200);
      assertThat(idle2.get("/5").status()).isEqualTo(200);
    }
  }

  @Test
  void aComputingRequestLeavesTheVirtualThreadsRunning() throws Exception {
    AtomicInteger spinning = new AtomicInteger(1);
    try (Fixture fixture =
            Fixture.serving(
                _ -> {
                  while (spinning.get() == 1) {
                    Thread.onSpinWait();
                  }
                  return Response.text("done");
                });
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/"));
      Fixture.await(() -> fixture.worker.traffic().inFlight() == 1);
      // As many as there may be carriers: none of them is occupied by the app.
      int carriers = Runtime.getRuntime().availableProcessors();
      CountDownLatch ran = new CountDownLatch(carriers);
      for (int i = 0; i < carriers; i++) {
        Thread.ofVirtual()
            .start(
                () -> {
                  ran.countDown();
                  while (ran.getCount() > 0) {
                    Thread.onSpinWait();
                  }
                });
      }
      assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
      spinning.set(0);
      assertThat(client.answer().body()).isEqualTo("done");
    }
  }

  @Test
  void aWorkerBusyWithALongRequestAcceptsNoMore() throws Exception {
    Semaphore go = new Semaphore(0);
    try (Fixture fixture =
            Fixture.serving(
                _ -> {
                  go.acquire();
                  return Response.text("ok");
                });
        RawClient busy = fixture.connect()) {
      busy.send(GET.formatted("/"));
      Fixture.await(() -> fixture.worker.traffic().inFlight() == 1);
      try (RawClient second = fixture.connectUnserved()) {
        CompletableFuture<Boolean> returned = new CompletableFuture<>();
        Thread accepting =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        fixture.serveNext();
                        returned.complete(true);
                      } catch (IOException failed) {
                        returned.completeExceptionally(failed);
                      }
                    });
        second.send(GET.formatted("/"));
        Fixture.await(() -> fixture.worker.traffic().inFlight() == 2);
        // Else the first could end before it waits, and it would wait for the second.
        Fixture.await(() -> accepting.getState() == Thread.State.TIMED_WAITING);
        assertThat(returned).isNotDone();
        go.release(1);
        assertThat(busy.answer().status()).isEqualTo(200);
        assertThat(returned.get(10, TimeUnit.SECONDS)).isTrue();
        go.release(1);
        assertThat(second.answer().status()).isEqualTo(200);
      }
    }
  }

  @Test
  void aWorkerThatLeavesStopsWaitingToAccept() throws Exception {
    Semaphore go = new Semaphore(0);
    try (Fixture fixture =
            Fixture.serving(
                _ -> {
                  go.acquire();
                  return Response.text("ok");
                });
        RawClient busy = fixture.connect()) {
      busy.send(GET.formatted("/"));
      Fixture.await(() -> fixture.worker.traffic().inFlight() == 1);
      fixture.context.draining = true;
      try (RawClient second = fixture.connect()) {
        fixture.drain(Duration.ofSeconds(10));
        go.release(2);
        assertThat(second.get("/").status()).isEqualTo(200);
      }
    }
  }

  // ---- leaving

  @Test
  void whatIsInFlightFinishesAndAnnouncesTheEnd() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (Fixture fixture =
            Fixture.serving(
                _ -> {
                  await(go);
                  return Response.text("ok");
                });
        RawClient client = fixture.connect()) {
      client.send(GET.formatted("/"));
      Fixture.await(() -> fixture.worker.traffic().inFlight() == 1);
      fixture.drain(Duration.ZERO);
      go.countDown();
      RawClient.Answer answer = client.answer();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.field("connection")).isEqualTo("close");
      assertThat(client.ended()).isTrue();
      client.leave();
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }

  @Test
  void anIdleConnectionMayStillAskWhileItLingers() throws Exception {
    try (Fixture fixture = Fixture.serving(SyncWorkerTest::echo, "keep-alive", "60000");
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").field("connection")).isEmpty();
      fixture.drain(Duration.ofSeconds(30));
      RawClient.Answer late = client.get("/late");
      assertThat(late.status()).isEqualTo(200);
      assertThat(late.field("connection")).isEqualTo("close");
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void idleConnectionsCloseWhenTheLingerTimeEnds() throws Exception {
    try (Fixture fixture =
            Fixture.serving(
                SyncWorkerTest::echo, "keep-alive", "60000", "header-timeout", "60000");
        RawClient used = fixture.connect();
        RawClient fresh = fixture.connect()) {
      used.get("/");
      fixture.drain(Duration.ofMillis(200));
      assertThat(used.ended()).isTrue();
      assertThat(fresh.ended()).isTrue();
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }

  /** In development, where nothing newer can be had after all. */
  @Test
  void aWorkerThatResumesServesAsIfItHadNeverBeenToLeave() throws Exception {
    try (Fixture fixture = Fixture.serving(SyncWorkerTest::echo, "keep-alive", "1000");
        RawClient client = fixture.connect()) {
      fixture.drain(Duration.ofSeconds(5));
      fixture.worker.resume();
      assertThat(client.get("/1").field("connection")).isEmpty();
      assertThat(client.get("/2").field("connection")).isEmpty();

      long answered = System.nanoTime();
      assertThat(client.ended()).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - answered))
          .as("idle for --keep-alive, not until the next look")
          .isGreaterThan(Duration.ofMillis(700));
    }
  }

  @Test
  void halfARequestIsFinishedThroughADrain() throws Exception {
    try (Fixture fixture = Fixture.serving(SyncWorkerTest::echo);
        RawClient client = fixture.connect()) {
      client.send("POST / HTTP/1.1\r\nHost: a\r\n");
      Fixture.await(() -> fixture.open.get() == 1);
      fixture.drain(Duration.ofMillis(500));
      client.send("Content-Length: 3\r\n\r\nabc");
      assertThat(client.answer().body()).isEqualTo("abc");
    }
  }

  // ---- keeping count

  @Test
  void aReplacementIsAskedForAfterMaxRequests() throws Exception {
    try (Fixture fixture = Fixture.serving(SyncWorkerTest::echo, "max-requests", "3");
        RawClient client = fixture.connect()) {
      for (int i = 0; i < 5; i++) {
        client.get("/");
      }
      assertThat(fixture.context.recycled.take()).contains("max-requests 3");
      assertThat(fixture.context.recycled).isEmpty();
    }
  }

  @Test
  void requestsAreCountedAndLogged() throws Exception {
    Path file = folder.resolve("access.log");
    try (Fixture fixture =
        Fixture.serving(
            SyncWorkerTest::echo,
            "access-log",
            "true",
            "access-logfile",
            file.toString(),
            "access-logformat",
            "%(m)s %(U)s %(s)s %(b)s \"%(a)s\"")) {
      try (RawClient client = fixture.connect()) {
        client.send(
            "POST /x HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\nContent-Length: 3\r\n\r\nabc");
        client.answer();
        client.send("GET bad HTTP/1.1\r\nHost: a\r\n\r\n");
        client.answer();
      }
      Fixture.await(() -> fixture.open.get() == 0);
      assertThat(fixture.worker.traffic().statusClasses()).containsExactly(0L, 1L, 0L, 1L, 0L);
      assertThat(fixture.worker.traffic().bytesIn()).isEqualTo(67 + 29);
      assertThat(fixture.worker.traffic().bytesOut()).isGreaterThan(200);
    }
    assertThat(Files.readAllLines(file)).element(0).isEqualTo("POST /x 200 3 \"me\"");
    assertThat(Files.readAllLines(file)).hasSize(2);
  }

  // ---- apps

  private static Response echo(Request request) throws IOException {
    return new Response(
        200, Headers.empty(), new Response.Body.Bytes(request.body().readAllBytes()));
  }

  private static Response twoParts(Headers headers) {
    return new Response(
        200,
        headers,
        new Response.Body.Stream(
            out -> {
              out.write("one".getBytes(UTF_8));
              out.write("two".getBytes(UTF_8));
            }));
  }

  private static java.io.OutputStream nowhere() {
    return java.io.OutputStream.nullOutputStream();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }
}
