package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.http.RawClient;
import dev.arbiter.worker.Health;
import dev.arbiter.worker.Traffic;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The worker as its runtime sees it: hand-overs, loops, counts, and where calls run. */
class NettyWorkerTest {

  @Test
  void aBlockedLoopIsGivenNoConnectionWhileAnotherIsFree() throws Exception {
    CountDownLatch blocking = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AsyncApp app =
        (scope, _, send) -> {
          if (((HttpScope) scope).path().equals("/block")) {
            blocking.countDown();
            awaitUninterruptibly(release);
          }
          return Apps.respond(send, 200, "ok");
        };
    try (Fixture fixture = Fixture.serving(app, "threads", "2");
        RawClient blocker = fixture.connect()) {
      blocker.send("GET /block HTTP/1.1\r\nHost: a\r\n\r\n");
      blocking.await();
      List<RawClient> clients = new ArrayList<>();
      clients.add(fixture.connect());
      assertThat(clients.getFirst().get("/").status()).isEqualTo(200);
      for (int i = 0; i < 10; i++) {
        RawClient client = fixture.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        clients.add(client);
      }
      // The loop that is blocked keeps the one it was given before that showed.
      Fixture.await(() -> fixture.worker.traffic().done() >= 10);
      release.countDown();
      assertThat(blocker.answer().status()).isEqualTo(200);
      for (RawClient client : clients.subList(1, 11)) {
        assertThat(client.answer().status()).isEqualTo(200);
      }
      for (RawClient client : clients) {
        client.close();
      }
      assertThat(fixture.taken).hasValue(12);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  @Test
  void requestsUnderWayCanBeListedWhileEveryLoopIsBlocked() throws Exception {
    CountDownLatch blocking = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AsyncApp app =
        (_, _, send) -> {
          blocking.countDown();
          awaitUninterruptibly(release);
          return Apps.respond(send, 200, "ok");
        };
    try (Fixture fixture = Fixture.serving(app);
        RawClient client = fixture.connect()) {
      client.send("GET /stuck?x HTTP/1.1\r\nHost: a\r\n\r\n");
      blocking.await();
      assertThat(fixture.worker.inFlight()).hasSize(1);
      assertThat(fixture.worker.inFlight().getFirst()).contains("GET /stuck?x from 127.0.0.1:");
      assertThat(fixture.worker.traffic().inFlight()).isEqualTo(1);
      release.countDown();
      assertThat(client.answer().status()).isEqualTo(200);
    }
  }

  @Test
  void aProbeAsksTheHookAndThenThePath() throws Exception {
    AtomicBoolean well = new AtomicBoolean(true);
    AsyncApp app =
        new AsyncApp() {
          @Override
          public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
            boolean up = ((HttpScope) scope).path().equals("/up");
            return Apps.respond(send, up ? 200 : 503, "no database");
          }

          @Override
          public void checkHealth() {
            if (!well.get()) {
              throw new IllegalStateException("unwell");
            }
          }
        };
    try (Fixture fixture = Fixture.serving(app)) {
      NettyWorker worker = fixture.worker;
      assertThat(worker.probe("")).isEqualTo(new Health(200, ""));
      assertThat(worker.probe("/up")).isEqualTo(new Health(200, ""));
      assertThat(worker.probe("/down")).isEqualTo(new Health(503, "no database"));
      assertThat(worker.probe("/a b").status()).isZero();
      well.set(false);
      assertThat(worker.probe("/up").status()).isEqualTo(503);
      assertThat(worker.probe("/up").detail()).contains("IllegalStateException: unwell");
      assertThat(worker.traffic().done()).as("probes are no traffic").isZero();
      assertThat(fixture.open).hasValue(0);
    }
  }

  @Test
  void aBlockingAppIsProbedAsItIsServed() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.READER)) {
      assertThat(fixture.worker.probe("/").status()).isEqualTo(200);
    }
  }

  @Test
  void aLoopThatIsBlockedIsBusyAndOneThatWaitsIsNot() throws Exception {
    CountDownLatch blocking = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AsyncApp app =
        (scope, _, send) -> {
          blocking.countDown();
          awaitUninterruptibly(release);
          return Apps.respond(send, 200, "ok");
        };
    try (Fixture fixture = Fixture.serving(app);
        RawClient client = fixture.connect()) {
      int _ = fixture.worker.traffic().busyPercent();
      LockSupport.parkNanos(Duration.ofMillis(300).toNanos());
      assertThat(fixture.worker.traffic().busyPercent()).isLessThan(50);
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      blocking.await();
      int _ = fixture.worker.traffic().busyPercent();
      LockSupport.parkNanos(Duration.ofMillis(300).toNanos());
      assertThat(fixture.worker.traffic().busyPercent()).isGreaterThan(90);
      release.countDown();
      assertThat(client.answer().status()).isEqualTo(200);
    }
  }

  @Test
  void whatNettyHoldsOutsideTheHeapIsCounted() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH)) {
      ByteBuf large = ByteBufAllocator.DEFAULT.directBuffer(8 << 20);
      try {
        long jdk =
            ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        assertThat(jdk + fixture.worker.traffic().direct()).isBetween(8L << 20, 40L << 20);
      } finally {
        large.release();
      }
    }
  }

  @Test
  void aSlowRequestIsReportedWithTheStackOfItsVirtualThread() throws Exception {
    BlockingApp app =
        request -> {
          slowQuery();
          return Response.text("late");
        };
    try (Fixture fixture = Fixture.serving(app, "slow-request-timeout", "50");
        RawClient client = fixture.connect()) {
      assertThat(client.get("/slow").status()).isEqualTo(200);
      assertThat(fixture.context.slow.poll(10, TimeUnit.SECONDS))
          .contains("GET /slow", "NettyWorkerTest.slowQuery");
    }
  }

  private static void slowQuery() throws InterruptedException {
    Thread.sleep(400);
  }

  @Test
  void aSlowAsyncRequestHasAStackOnlyWhileItsLoopRunsIt() throws Exception {
    CompletableFuture<Void> later = new CompletableFuture<>();
    AsyncApp app =
        (scope, _, send) -> {
          if (((HttpScope) scope).path().equals("/blocks")) {
            LockSupport.parkNanos(Duration.ofMillis(400).toNanos());
            return Apps.respond(send, 200, "ok");
          }
          return later.thenCompose(_ -> Apps.respond(send, 200, "ok"));
        };
    try (Fixture fixture = Fixture.serving(app, "slow-request-timeout", "50");
        RawClient client = fixture.connect()) {
      assertThat(client.get("/blocks").status()).isEqualTo(200);
      assertThat(fixture.context.slow.poll(10, TimeUnit.SECONDS))
          .contains("GET /blocks", "NettyWorkerTest.lambda");
      client.send("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(fixture.context.slow.poll(10, TimeUnit.SECONDS))
          .contains("GET /waits", "no thread");
      later.complete(null);
      assertThat(client.answer().status()).isEqualTo(200);
    }
  }

  @Test
  void anAppExtendsTheDeadlineOfItsRequest() throws Exception {
    CountDownLatch extended = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AsyncApp app =
        (scope, _, send) -> {
          ((HttpScope) scope).extendDeadline(Duration.ofMinutes(5));
          extended.countDown();
          awaitUninterruptibly(release);
          return Apps.respond(send, 200, "ok");
        };
    try (Fixture fixture = Fixture.serving(app, "request-timeout", "1000");
        RawClient client = fixture.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      extended.await();
      assertThat(fixture.worker.inFlight().getFirst())
          .containsPattern("(29\\d|300)\\.\\d+s before");
      assertThat(fixture.worker.traffic().overdue()).isZero();
      release.countDown();
      assertThat(client.answer().status()).isEqualTo(200);
    }
  }

  @Test
  void servesAUnixSocket(@TempDir Path folder) throws Exception {
    BlockingApp app = request -> Response.text("client: " + request.client().isPresent());
    Path socket = folder.resolve("s");
    try (Fixture fixture = Fixture.servingUnix(app, socket);
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").body()).isEqualTo("client: false");
      assertThat(client.get("/").body()).isEqualTo("client: false");
    }
    assertThat(Files.exists(socket)).as("the path is the arbiter's to remove").isTrue();
  }

  @Test
  void aConnectionThatWasResetBeforeItWasTakenIsCountedOut() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH)) {
      for (int i = 0; i < 20; i++) {
        fixture.connect().close();
      }
      Fixture.await(() -> fixture.open.get() == 0 && fixture.taken.get() == 20);
    }
  }

  @Test
  void countsTraffic() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.READER);
        RawClient client = fixture.connect()) {
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").answer();
      client.send("G@T / HTTP/1.1\r\n\r\n").answer();
      Traffic traffic = fixture.worker.traffic();
      assertThat(traffic.done()).as("a refused one was answered, too").isEqualTo(2);
      assertThat(traffic.bytesIn()).isEqualTo(3);
      assertThat(traffic.bytesOut()).isGreaterThan(50);
      assertThat(traffic.statusClasses()).containsExactly(0L, 1L, 0L, 1L, 0L);
    }
  }

  @Test
  void asksForAReplacementAndGoesOnServing() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH, "max-requests", "3");
        RawClient client = fixture.connect()) {
      for (int i = 0; i < 5; i++) {
        assertThat(client.get("/").status()).isEqualTo(200);
      }
      assertThat(fixture.context.recycled).containsExactly("served 3 requests (max-requests 3)");
    }
  }

  @Test
  void theWarmUpIsNotSeenByTheApp() throws Exception {
    AtomicBoolean seen = new AtomicBoolean();
    BlockingApp app =
        _ -> {
          seen.set(true);
          return Response.text("");
        };
    try (Fixture fixture = Fixture.serving(app)) {
      assertThat(seen).isFalse();
      assertThat(fixture.worker.traffic().done()).isZero();
      assertThat(fixture.said("warm up")).isFalse();
    }
  }

  @Test
  void blockingCallsRunOnVirtualThreadsAndLeaveTheLoopWhileTheyWait() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    BlockingApp app =
        _ -> {
          both.countDown();
          boolean together = both.await(10, TimeUnit.SECONDS);
          return Response.text(together + " " + Thread.currentThread().isVirtual());
        };
    try (Fixture fixture = Fixture.serving(app);
        RawClient one = fixture.connect();
        RawClient two = fixture.connect()) {
      one.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      two.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(one.answer().body()).isEqualTo("true true");
      assertThat(two.answer().body()).isEqualTo("true true");
      assertThat(LoopThreads.available()).isTrue();
    }
  }

  @Test
  void aCallThatComputesIsReportedOnceAndOthersGetOutOfItsWay() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    BlockingApp app =
        request -> {
          while (request.path().equals("/spin") && !stop.get()) {
            Thread.onSpinWait();
          }
          return Response.text(request.path());
        };
    try (Fixture fixture = Fixture.serving(app);
        RawClient client = fixture.connect()) {
      client.send("GET /spin HTTP/1.1\r\nHost: a\r\n\r\n");
      Fixture.await(() -> fixture.said("GET /spin"));
      stop.set(true);
      assertThat(client.answer().body()).isEqualTo("/spin");

      // From now on a call that computes does not hold up the loop.
      stop.set(false);
      client.send("GET /spin HTTP/1.1\r\nHost: a\r\n\r\n");
      try (RawClient other = fixture.connect()) {
        assertThat(other.get("/other").body()).isEqualTo("/other");
      }
      stop.set(true);
      assertThat(client.answer().body()).isEqualTo("/spin");
      assertThat(fixture.context.said.stream().filter(line -> line.startsWith("warning")))
          .hasSize(1);
    }
  }

  @Test
  void theAppsCodeRunsWithItsOwnLoader() throws Exception {
    BlockingApp app =
        _ -> Response.text("" + Thread.currentThread().getContextClassLoader().hashCode());
    try (Fixture fixture = Fixture.serving(app);
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").body()).isEqualTo("" + Fixture.class.getClassLoader().hashCode());
    }
  }

  @Test
  void loopsRunTasks() throws Exception {
    try (Fixture fixture = Fixture.serving(Apps.PATH, "threads", "3")) {
      assertThat(fixture.worker.loops()).hasSize(3);
      CountDownLatch ran = new CountDownLatch(3);
      fixture.worker.loops().forEach(loop -> loop.execute(ran::countDown));
      assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void writesTheAccessLog(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("access.log");
    try (Fixture fixture =
            Fixture.serving(
                Apps.PATH,
                "access-log",
                "true",
                "access-logfile",
                log.toString(),
                "access-logformat",
                "%(r)s %(s)s %(B)s");
        RawClient client = fixture.connect()) {
      assertThat(client.get("/abc").status()).isEqualTo(200);
      client.send("BAD\r\n\r\n").answer();
    }
    assertThat(Files.readAllLines(log)).containsExactly("GET /abc HTTP/1.1 200 4", "- 400 40");
  }
}
