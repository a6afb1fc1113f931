package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** HUP: a new generation, and nobody notices. */
final class ReloadTest {
  private static final Duration PACE = Duration.ofMillis(2);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Tag("slow")
  @EachKind
  void threeReloadsUnderKeepAliveLoadLoseNothing(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(2).faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);

    try (LoadClients load = LoadClients.start(arbiter.port(), 32, 0, "/", PACE.multipliedBy(5))) {
      for (int i = 0; i < 3; i++) {
        load.awaitMore(500, Limits.ANSWER);
        arbiter.signal(Os.Signal.HUP);
        workers = arbiter.awaitReplaced(workers, 2);
      }
      load.awaitMore(500, Limits.ANSWER);
      assertThat(load.stop()).isEmpty();
      assertThat(load.slowest()).as("the longest stall").isLessThan(Limits.STALL);
    }
  }

  @Tag("slow")
  @EachKind
  void threeReloadsUnderWrkLoseNothing(String kind) throws Exception {
    assumeTrue(onPath("wrk"), "wrk is installed");
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(2).faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);
    Process wrk =
        new ProcessBuilder(
                "wrk", "-t1", "-c32", "-d120s", "http://127.0.0.1:" + arbiter.port() + "/")
            .redirectErrorStream(true)
            .start();
    try {
      for (int i = 0; i < 3; i++) {
        arbiter.signal(Os.Signal.HUP);
        workers = arbiter.awaitReplaced(workers, 2);
      }
    } finally {
      Os.kill(wrk.pid(), Os.Signal.INT); // it prints its summary
    }
    String summary = new String(wrk.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(wrk.waitFor(10, TimeUnit.SECONDS)).isTrue();

    assertThat(summary)
        .contains("requests in")
        .doesNotContain("Socket errors")
        .doesNotContain("Non-2xx");
  }

  /** Under load over TCP and posts over a Unix socket: workers of both kinds leave, and come. */
  @Tag("slow")
  @Test
  void kindOfWorkerMayChangeAndBothServeMeanwhileAndNothingIsLost() throws Exception {
    Path file = arbiters.folder().resolve("arbiter.toml");
    Files.writeString(file, "worker-class = \"netty\"\nworkers = 2\n");
    Path socket = arbiters.folder().resolve("s");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .args("-c", file.toString(), "-b", "127.0.0.1:0", "-b", "unix:" + socket)
            .args("--probation", "0")
            .faulty()
            .launchBare()
            .awaitReady(2);
    Set<Long> workers = arbiter.awaitServing(2);
    String body = "0123456789abcdef".repeat(1024);

    try (LoadClients load = LoadClients.start(arbiter.port(), 8, 8, "/pid", PACE.multipliedBy(5));
        LoadClients posts =
            LoadClients.posting(() -> RawClient.unix(socket), 5, 5, body, PACE.multipliedBy(5))) {
      for (String kind : new String[] {"sync", "netty"}) {
        load.awaitMore(200, Limits.ANSWER);
        posts.awaitMore(200, Limits.ANSWER);
        Files.writeString(file, "worker-class = \"" + kind + "\"\nworkers = 2\nthreads = 32\n");
        arbiter.signal(Os.Signal.HUP);
        workers = arbiter.awaitReplaced(workers, 2);
        for (long worker : workers) {
          assertThat(Proc.commandLine(worker)).contains("worker-" + kind);
        }
      }
      load.awaitMore(200, Limits.ANSWER);
      posts.awaitMore(200, Limits.ANSWER);
      assertThat(load.stop()).isEmpty();
      assertThat(posts.stop()).isEmpty();
    }
    assertThat(socket).exists();
  }

  @Test
  void debuggersOfBothGenerationsListenEachOnAPortOfItsOwn() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args(
                "--java-opts",
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0")
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(2);
    arbiter.signal(Os.Signal.HUP);
    arbiter.awaitReplaced(workers, 2);

    Pattern listening = Pattern.compile("Listening for transport dt_socket at address: (\\d+)");
    arbiter.log().await(0, listening, 4, Limits.ANSWER);
  }

  @EachKind
  void slowerRequestsOfKeptAndFreshConnectionsAllSucceed(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(2).faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);

    try (LoadClients load = LoadClients.start(arbiter.port(), 8, 8, "/sleep?ms=20", PACE)) {
      load.awaitMore(100, Limits.ANSWER);
      arbiter.signal(Os.Signal.HUP);
      arbiter.awaitReplaced(workers, 2);
      load.awaitMore(100, Limits.ANSWER);
      assertThat(load.stop()).isEmpty();
    }
  }

  @EachKind
  void whatIsHalfSentAndWhoIsIdleAtTheReloadIsAnswered(String kind) throws Exception {
    ArbiterProcess arbiter = patient(kind);

    try (RawClient head = arbiter.connect();
        RawClient idle = arbiter.connect();
        RawClient witness = arbiter.connect()) {
      long old = head.pid();
      assertThat(idle.pid()).isEqualTo(old);
      // Its answer begins before the reload, so it cannot announce the end: the client closes.
      try (RawClient body = arbiter.connect()) {
        body.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n12345");
        head.send("GET /pid HTTP/1.1\r\nHos");
        arbiter.signal(Os.Signal.HUP);
        awaitDrain(witness);

        Answer answer = body.send("67890").answer();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("1234567890");
      }
      Answer late = head.send("t: test\r\n\r\n").answer();
      assertThat(late.status()).isEqualTo(200);
      assertThat(late.number()).isEqualTo(old);
      assertThat(late.close()).isTrue();
      Answer later = idle.get("/pid");
      assertThat(later.number()).isEqualTo(old);
      assertThat(later.close()).isTrue();
      Await.until("the old worker leaves", Limits.CHANGE, () -> !Proc.alive(old));
    }
    assertThat(arbiter.awaitServing(1)).hasSize(1);
  }

  @EachKind
  void pipelinedRequestsAreAllAnsweredAndTheLastAnnouncesTheEnd(String kind) throws Exception {
    Path folder = arbiters.folder();
    Path gate = folder.resolve("gate");
    SourceApp.write(
        folder,
        SourceApp.blocking(
            "waited()",
            """
            static String waited() throws Exception {
              while (!java.nio.file.Files.exists(java.nio.file.Path.of(System.getenv("GATE")))) {
                Thread.sleep(20);
              }
              return "waited";
            }
            """));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .gracefulTimeout("60")
            .env("GATE", gate.toString())
            .app("--chdir", folder.toString(), "app:App")
            .start();

    try (RawClient client = arbiter.connect();
        RawClient witness = arbiter.connect()) {
      long old = client.pid();
      client.request("/wait").request("/pid");
      arbiter.signal(Os.Signal.HUP);
      awaitDrain(witness);
      Files.createFile(gate);
      Answer first = client.answer();
      Answer second = client.answer();

      assertThat(first.status()).isEqualTo(200);
      assertThat(first.close()).as("the second has already been sent").isFalse();
      assertThat(second.number()).isEqualTo(old);
      assertThat(second.close()).isTrue();
      assertThat(client.closedWithin(Limits.ANSWER)).isTrue();
    }
  }

  @EachKind
  void aReleaseThatDoesNotCompileOrStartChangesNothingAndTheNextGoodOneIsServed(String kind)
      throws Exception {
    arbiters.expectError(".");
    Path folder = arbiters.folder();
    SourceApp.write(folder, SourceApp.blocking("\"first\""));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args(KeptConnections.arguments(kind))
            .app("--chdir", folder.toString(), "app:App")
            .start();
    Set<Long> old = arbiter.awaitServing(2);

    try (KeptConnections kept = KeptConnections.start(kind, arbiter)) {
      kept.awaitMore();
      int mark = arbiter.log().mark();
      SourceApp.write(folder, SourceApp.blocking("\"second\""));
      assertThat(body(arbiter)).as("only a reload changes what is served").isEqualTo("first");
      SourceApp.write(folder, SourceApp.blocking("no such thing"));
      arbiter.signal(Os.Signal.HUP);
      arbiter.log().awaitAfter(mark, Says.RELOAD_FAILED, Limits.CHANGE);
      assertThat(arbiter.awaitServing(2)).isEqualTo(old);

      mark = arbiter.log().mark();
      SourceApp.write(
          folder,
          SourceApp.blocking(
              "\"second\"", "public App() { throw new IllegalStateException(\"no database\"); }"));
      arbiter.signal(Os.Signal.HUP);
      arbiter.log().awaitAfter(mark, Pattern.compile("no database"), Limits.CHANGE);
      arbiter.log().awaitAfter(mark, Says.RELOAD_FAILED, Limits.CHANGE);
      assertThat(arbiter.awaitServing(2)).isEqualTo(old);
      assertThat(body(arbiter)).isEqualTo("first");
      kept.stayed();
    }

    SourceApp.write(folder, SourceApp.blocking("\"third\""));
    arbiter.signal(Os.Signal.HUP);
    arbiter.awaitReplaced(old, 2);
    assertThat(body(arbiter)).isEqualTo("third");
  }

  @Test
  void brokenSettingsFileChangesNothingAndTheNextGoodOneIsRead() throws Exception {
    arbiters.expectError(".");
    Path folder = arbiters.folder();
    Path file = Files.writeString(folder.resolve("arbiter.toml"), "workers = 1\n");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .args("-c", file.toString(), "-k", "netty", "-b", "127.0.0.1:0", "--probation", "0")
            .faulty()
            .launchBare()
            .awaitReady(1);
    Set<Long> old = arbiter.awaitServing(1);
    int mark = arbiter.log().mark();

    Files.writeString(file, "workers = \"many\"\n");
    arbiter.signal(Os.Signal.HUP);
    arbiter.log().awaitAfter(mark, Says.RELOAD_FAILED, Limits.CHANGE);
    assertThat(arbiter.awaitServing(1)).isEqualTo(old);

    Files.writeString(file, "workers = 2\n");
    arbiter.signal(Os.Signal.HUP);
    arbiter.awaitReplaced(old, 2);
    arbiter.awaitWorkers(2);
  }

  /** One worker, which gives its clients more time than any reload takes. */
  private ArbiterProcess patient(String kind) throws IOException, InterruptedException {
    return arbiters
        .command()
        .kind(kind)
        .gracefulTimeout("60")
        .args("--header-timeout", "60", "--body-timeout", "60", "--keep-alive", "60")
        .faulty()
        .start();
  }

  /** Asks on a connection of the old worker until that announces its end. */
  private static void awaitDrain(RawClient witness) throws InterruptedException {
    Await.until("the old worker drains", Limits.CHANGE, () -> witness.get("/pid").close());
  }

  private static String body(ArbiterProcess arbiter) throws IOException, InterruptedException {
    try (RawClient client = arbiter.connect()) {
      return client.get("/").body();
    }
  }

  private static boolean onPath(String command) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
  }
}
