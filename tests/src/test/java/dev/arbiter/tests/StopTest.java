package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** TERM and INT: the end, in order. */
final class StopTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void requestUnderWayIsFinishedAndNothingNewAccepted(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).gracefulTimeout("30").faulty().start();
    int port = arbiter.port();

    try (RawClient busy = arbiter.connect()) {
      busy.pid();
      busy.beginUpload();
      arbiter.signal(Os.Signal.TERM);
      Await.until("the port is closed", Limits.ANSWER, () -> refused(port));

      Answer answer = busy.finishUpload().answer();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.close()).isTrue();
    }
    assertThat(arbiter.exitCode(Limits.ANSWER)).isZero();
    assertThat(refused(port)).isTrue();
  }

  @EachKind
  void stopUnderLoadCutsNoRequest(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).gracefulTimeout("30").faulty().start();
    int port = arbiter.port();

    // All requests have reached their worker before the stop: each must be answered.
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      RawClient client = arbiter.connect();
      client.pid();
      clients.add(client);
    }
    for (RawClient client : clients) {
      client.beginUpload();
    }
    arbiter.signal(Os.Signal.TERM);
    Await.until("the port is closed", Limits.ANSWER, () -> refused(port));

    for (RawClient client : clients) {
      Answer answer = client.finishUpload().answer();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.close()).isTrue();
      assertThat(client.closedWithin(Limits.ANSWER)).isTrue();
      client.close();
    }
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
  }

  /** As a service manager stops a service: the signal is for all in its cgroup. */
  @Test
  void aReloadThatStillCompilesIsCutShortAndHasNotFailed() throws Exception {
    Path folder = arbiters.folder();
    Path slow = folder.resolve("slow");
    Path bin = Files.createDirectories(folder.resolve("jdk/bin"));
    Path real = Path.of(System.getProperty("java.home"), "bin");
    Files.createSymbolicLink(bin.resolve("java"), real.resolve("java"));
    Files.writeString(
        bin.resolve("javac"),
        "#!/bin/sh\n[ -e %s ] && exec sleep 300\nexec %s \"$@\"\n"
            .formatted(slow, real.resolve("javac")));
    Files.setPosixFilePermissions(
        bin.resolve("javac"), PosixFilePermissions.fromString("rwx------"));
    SourceApp.write(folder, SourceApp.blocking("\"text\""));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .app("--chdir", folder.toString(), "app:App")
            .args("--java", folder.resolve("jdk").toString())
            .start();

    Files.createFile(slow);
    arbiter.signal(Os.Signal.HUP);
    long compiler =
        Await.value(
            "the compiler runs",
            Limits.CHANGE,
            () ->
                Proc.children(arbiter.pid()).stream()
                    .filter(child -> Proc.commandLine(child).startsWith("sleep"))
                    .findFirst());
    arbiter.signal(Os.Signal.TERM);
    Os.kill(compiler, Os.Signal.TERM);

    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
    arbiter.awaitOutputEnd(Limits.ANSWER);
    assertThat(arbiter.log().text())
        .contains("preparing generation 2 is cut short, the arbiter stops")
        .doesNotContain("Reload failed");
  }

  /** Whoever connects while it stops; a client may be told to go elsewhere, and none waits. */
  private enum Outcome {
    ANSWERED,
    RESET,
    REFUSED
  }

  @Tag("slow")
  @EachKind
  void newConnectionsAreAnsweredThenResetThenRefusedAndNeverInterleaved(String kind)
      throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(2).faulty().start();
    int port = arbiter.port();
    arbiter.awaitServing(2);

    CountDownLatch served = new CountDownLatch(8);
    List<Future<List<Outcome>>> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 8; i++) {
        clients.add(
            threads.submit(
                () -> {
                  List<Outcome> seen = new ArrayList<>();
                  while (!seen.contains(Outcome.REFUSED)) {
                    seen.add(connectOnce(port));
                    served.countDown();
                  }
                  for (int more = 0; more < 10; more++) {
                    seen.add(connectOnce(port));
                  }
                  return seen;
                }));
      }
      assertThat(served.await(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      arbiter.signal(Os.Signal.TERM);
      for (Future<List<Outcome>> client : clients) {
        assertThat(client.get(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS))
            .startsWith(Outcome.ANSWERED)
            .isSorted();
      }
    }
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
  }

  private static Outcome connectOnce(int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout((int) Limits.ANSWER.toMillis());
      try {
        socket.connect(new InetSocketAddress("127.0.0.1", port), socket.getSoTimeout());
      } catch (ConnectException refused) {
        return Outcome.REFUSED;
      }
      socket
          .getOutputStream()
          .write("GET /pid HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes(US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      return answer.startsWith("HTTP/1.1 200") ? Outcome.ANSWERED : Outcome.RESET;
    } catch (SocketTimeoutException hangs) {
      throw hangs;
    } catch (IOException reset) {
      return Outcome.RESET;
    }
  }

  @EachKind
  void idleConnectionsHoldUpAStopForASecondAtMost(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .gracefulTimeout("30")
            .args("--keep-alive", "60")
            .faulty()
            .start();

    try (RawClient idle = arbiter.connect();
        RawClient silent = arbiter.connect()) {
      idle.pid();
      long begin = System.nanoTime();
      assertThat(arbiter.stop()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
      assertThat(idle.closedWithin(Limits.ANSWER)).isTrue();
      assertThat(silent.closedWithin(Limits.ANSWER)).isTrue();
    }
  }

  /**
   * At the end of the time there is. Who has no answer yet is told; who has a part of one must see
   * that it is no more than that, also where only the end of the connection ends it (HTTP/1.0).
   */
  @EachKind
  void requestsLongerThanTheGracefulTimeoutAreToldSoOrCut(String kind) throws Exception {
    arbiters.expectError(".");
    Path classes =
        SourceApp.compile(
            arbiters.folder(),
            """
            package app;

            import dev.arbiter.app.BlockingApp;
            import dev.arbiter.app.Request;
            import dev.arbiter.app.Response;

            public final class App implements BlockingApp {
              @Override
              public Response handle(Request request) throws InterruptedException {
                if (request.path().equals("/stuck")) {
                  Thread.sleep(600_000);
                }
                return Response.stream("text/plain", out -> {
                  out.write('a');
                  out.flush();
                  try {
                    Thread.sleep(600_000);
                  } catch (InterruptedException e) {
                    throw new java.io.IOException(e);
                  }
                });
              }
            }
            """);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .gracefulTimeout("5")
            .args("--threads", "4")
            .app("--chdir", classes.toString(), "app:App")
            .start();
    arbiter.awaitWorkers(1);

    try (RawClient stuck = arbiter.connect();
        RawClient endless = arbiter.connect()) {
      stuck.request("/stuck");
      endless.send("GET /endless HTTP/1.0\r\n\r\n");
      while (!endless.line().isEmpty()) {
        // A field of the head, which the first byte of the body follows.
      }
      assertThat(endless.bytes(1)).isEqualTo("a");
      long begin = System.nanoTime();
      arbiter.signal(Os.Signal.TERM);

      stuck.readLimit(Limits.CHANGE);
      assertThat(stuck.answer().status()).isEqualTo(503);
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofSeconds(4));
      assertThat(stuck.closedWithin(Limits.ANSWER)).isTrue();
      endless.readLimit(Limits.CHANGE);
      assertThatThrownBy(() -> endless.bytes(1)).isInstanceOf(SocketException.class);
      assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
    }
  }

  @Test
  void firstInterruptIsGraceful() throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").gracefulTimeout("15").faulty().start();

    try (RawClient busy = arbiter.connect()) {
      busy.pid();
      busy.request("/sleep?ms=1500");
      arbiter.signal(Os.Signal.INT);
      assertThat(busy.answer().status()).isEqualTo(200);
    }
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
  }

  @EachKind
  void secondInterruptIsFast(String kind) throws Exception {
    arbiters.expectError(".");
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).gracefulTimeout("60").faulty().start();
    int port = arbiter.port();

    try (RawClient busy = arbiter.connect()) {
      busy.pid();
      busy.request("/sleep?ms=600000");
      arbiter.signal(Os.Signal.INT);
      Await.until("the stop has begun", Limits.CHANGE, () -> refused(port));
      arbiter.signal(Os.Signal.INT);

      assertThat(arbiter.exitCode(Duration.ofSeconds(5))).isZero();
    }
  }

  @Test
  void stopDuringTheBootIsObeyed() throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind("netty").workers(2).faulty().launch();
    arbiter.log().await(Says.BOOTING, Limits.START);

    arbiter.signal(Os.Signal.TERM);

    assertThat(arbiter.exitCode(Duration.ofSeconds(10))).isIn(0, 143);
    arbiters.released(arbiter);
  }

  @Test
  void portIsFreeAtOnceAfterTheStop() throws Exception {
    int port = Ports.free();
    ArbiterProcess first =
        arbiters.command().kind("netty").bind("127.0.0.1:" + port).faulty().start();
    try (RawClient client = first.connect()) {
      client.pid();
      assertThat(first.stop()).isZero();
    }

    ArbiterProcess second =
        arbiters.command().kind("netty").bind("127.0.0.1:" + port).faulty().start();

    assertThat(second.awaitServing(1)).hasSize(1);
  }

  private static boolean refused(int port) throws IOException {
    try (RawClient client = RawClient.tcp(port)) {
      return client.localPort() < 0;
    } catch (ConnectException e) {
      return true;
    }
  }
}
