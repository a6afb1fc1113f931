package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A running arbiter is seen and steered from outside, and nobody who tries can hold it up. */
@Tag("slow")
final class ControlTest {
  private static final Pattern NO_SOCKET = Pattern.compile("WARNING.*arbiterctl will not reach");
  private static final int NOBODY = 65534;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void fleetIsShownAndSteered() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("-e", "SECRET=hush")
            .args("--worker-heap", "64M")
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(2);

    assertThat(socket()).isReadable();
    assertThat(permissions(socket())).isEqualTo("rw-------");
    assertThat(permissions(arbiters.run().resolve("arbiter"))).isEqualTo("rwx------");

    awaitBeats(2);
    JsonNode status = done("status", "--json").json();
    assertThat(status.path("pid").asLong()).isEqualTo(arbiter.pid());
    assertThat(status.path("state").asText()).isEqualTo("STEADY");
    assertThat(status.path("serving").asInt()).isEqualTo(2);
    assertThat(status.path("app").asText()).isEqualTo("app:App");
    assertThat(status.path("total").path("requests").asLong()).isPositive();
    assertThat(status.path("deaths").isEmpty()).isTrue();
    Instant beat = Instant.parse(status.path("workers").path(0).path("last_beat").asText());
    assertThat(beat).isAfter(Instant.parse(status.path("started").asText()));
    Await.until(
        "it beats again",
        Limits.ANSWER,
        () ->
            Instant.parse(done("workers", "--json").json().path(0).path("last_beat").asText())
                .isAfter(beat));
    assertThat(pids(done("workers", "--json").json())).isEqualTo(workers);
    assertThat(done("listeners").out()).isEqualTo("http://127.0.0.1:" + arbiter.port() + "\n");
    assertThat(done("status").out())
        .contains("pid " + arbiter.pid())
        .contains("SERVING")
        .containsPattern("lost +nobody");
    assertThat(done("workers").out()).containsPattern("0 +" + "\\d+ +1 +SERVING");
    assertThat(done("stats").out()).contains("requests").contains("responses 2xx");
    assertThat(done("config").out())
        .containsPattern("workers +2 +-w")
        .contains("SECRET=...")
        .doesNotContain("hush");

    done("reload", "--wait");
    Set<Long> reloaded = arbiter.awaitReplaced(workers, 2);
    assertThat(done("status", "--json").json().path("generation").asInt()).isEqualTo(2);

    done("reopen");
    assertThat(done("scale", "3").out()).contains("3 workers");
    Set<Long> three = arbiter.awaitServing(3);
    assertThat(three).containsAll(reloaded);
    assertThat(three)
        .filteredOn(worker -> !reloaded.contains(worker))
        .allMatch(worker -> Proc.hasEnvironment(worker, "ARBITER_WORKER_COUNT=3"));
    done("scale", "2");
    arbiter.awaitWorkers(2);

    long first = slot(0);
    done("recycle", "0");
    assertThat(slot(0)).isNotEqualTo(first);
    assertThat(done("eject", "1").out()).contains("accepts nothing more");
    assertThat(done("eject", "1").out()).contains("accepts again");
    assertThat(done("dump", "0", "--json").json().path("outcome").asText()).isEqualTo("done");

    Ctl refused = Ctl.run(arbiters, "recycle", "7");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("refused").contains("slot 7");

    Ctl wrong = Ctl.run(arbiters, "frobnicate");
    assertThat(wrong.exitCode()).isEqualTo(2);
    assertThat(wrong.err()).contains("frobnicate").contains("hint:");

    done("stop");
    assertThat(arbiter.exitCode(Limits.ANSWER)).isZero();
    assertThat(socket()).doesNotExist();
    Ctl gone = Ctl.run(arbiters, "status");
    assertThat(gone.exitCode()).isEqualTo(3);
    assertThat(gone.err()).contains("no arbiter called arbiter").contains("hint:");
  }

  @Test
  void whoAsksForAReloadThatFailsHearsWhyAndARollbackBringsTheReleaseBeforeBack() throws Exception {
    arbiters.expectError("Reload failed|failed");
    Path folder = arbiters.folder();
    SourceApp.write(folder, SourceApp.blocking("\"first\""));
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").app("--chdir", folder.toString(), "app:App").start();
    Set<Long> first = arbiter.awaitServing(1);

    SourceApp.write(
        folder,
        SourceApp.blocking(
            "\"second\"",
            "public App() { System.out.println(\"asking db-7\");"
                + " throw new IllegalStateException(\"no database\"); }"));
    Ctl failed = Ctl.run(arbiters, "reload", "--wait");
    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.err())
        .contains("generation 2", "no database", "in the phase")
        .as("the worker's last words")
        .contains("asking db-7");
    assertThat(arbiter.awaitServing(1)).isEqualTo(first);
    assertThat(Ctl.run(arbiters, "rollback").err()).contains("no release before");

    SourceApp.write(folder, SourceApp.blocking("\"third\""));
    done("reload", "--wait");
    Set<Long> third = arbiter.awaitReplaced(first, 1);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("third");
    }
    done("rollback");
    arbiter.awaitReplaced(third, 1);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("first");
    }
    done("stop", "--now");
    assertThat(arbiter.exitCode(Limits.ANSWER)).isZero();
  }

  @Test
  void statusIsToldWhileAllWorkersAreBlockedAndReadyFailsFirstAtAStop() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .threads(1)
            .args("--status-bind", "127.0.0.1:0")
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(1);
    awaitProbe(arbiter, "/ready", 200);

    try (Held held = Held.each(arbiter, workers, 1)) {
      held.request("/block?ms=4000");
      awaitBeats(1);
      assertThat(arbiter.probe("/live").status()).isEqualTo(200);
      Answer status = arbiter.probe("/status.json");
      assertThat(status.status()).isEqualTo(200);
      assertThat(status.body()).contains("\"state\" : \"STEADY\"");
      assertThat(done("status").out()).contains("SERVING");
      assertThat(arbiter.probe("/metrics").status()).isEqualTo(404);

      assertThat(Ctl.run(arbiters, "stop", "--no-wait").exitCode()).isZero();
      awaitProbe(arbiter, "/ready", 503);
      assertThat(arbiter.probe("/live").status()).isEqualTo(200);
      assertThat(arbiter.workers()).isEqualTo(workers);
      assertThat(held.of(workers.iterator().next()).getFirst().answer().status()).isEqualTo(200);
    }
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
  }

  @Test
  void hostileClientsHoldNothingUp() throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("--status-bind", "127.0.0.1:0")
            .faulty()
            .start();
    int port = arbiter.statusPort();
    Set<Long> workers = arbiter.awaitServing(2);
    List<SocketChannel> hostile = new ArrayList<>();
    try {
      for (int i = 0; i < 100; i++) {
        hostile.add(connect());
        hostile.add(SocketChannel.open(new InetSocketAddress("127.0.0.1", port)));
      }
      SocketChannel half = connect();
      send(half, "{\"protocol\":1,\"comm");
      SocketChannel endless = connect();
      endless.configureBlocking(false);
      endless.write(ByteBuffer.wrap("x".repeat(1 << 20).getBytes(UTF_8)));
      SocketChannel impatient = connect();
      send(impatient, "{\"protocol\":1,\"command\":\"status\"}\n");
      impatient.close();
      SocketChannel deaf = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
      send(deaf, "GET /status.json HTTP/1.1\r\n\r\n".repeat(100));
      hostile.addAll(List.of(half, endless, deaf));

      long killed = workers.iterator().next();
      Os.kill(killed, Os.Signal.KILL);
      assertThat(done("status", "--json").json().path("pid").asLong()).isEqualTo(arbiter.pid());
      assertThat(arbiter.probe("/live").status()).isEqualTo(200);
      assertThat(arbiter.awaitReplaced(Set.of(killed), 2)).doesNotContain(killed);
    } finally {
      for (SocketChannel channel : hostile) {
        channel.close();
      }
    }
    assertThat(done("workers").out()).contains("SERVING");
    assertThat(arbiter.stop()).isZero();
  }

  @Test
  void anotherUserIsRefusedEvenWhereTheFileWouldLetItIn() throws Exception {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    Path folder = Files.createTempDirectory("arbiter-open");
    try {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      Path own = folder.resolve("own.sock");
      ArbiterProcess arbiter =
          arbiters
              .command()
              .kind("netty")
              .args("--control-socket", own.toString(), "--control-socket-mode", "0660")
              .faulty()
              .start();
      Await.until(
          "it serves",
          Limits.ANSWER,
          () -> Ctl.run(arbiters, "-s", own.toString(), "status").exitCode() == 0);

      assertThat(permissions(own)).isEqualTo("rw-rw----");
      assertThat(asNobody(own, "").out()).contains("Permission denied");
      assertThat(asNobody(own, "--groups=0").out()).contains("\"outcome\":\"done\"");
      Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxrwxrwx"));
      assertThat(asNobody(own, "").out()).contains("\"outcome\":\"denied\"");
      assertThat(arbiter.stop()).isZero();
      assertThat(own).doesNotExist();
    } finally {
      Files.deleteIfExists(folder.resolve("own.sock"));
      Files.delete(folder);
    }
  }

  @Test
  void nameThatIsTakenCostsTheSecondOnlyItsSocketButAPathThatIsTakenEndsIt() throws Exception {
    ArbiterProcess first = arbiters.command().kind("netty").faulty().start();
    first.awaitServing(1);
    ArbiterProcess second = arbiters.command().kind("netty").faulty().start();
    second.log().await(NO_SOCKET, Limits.ANSWER);
    second.awaitServing(1);
    assertThat(second.stop()).isZero();
    assertThat(done("status", "--json").json().path("pid").asLong()).isEqualTo(first.pid());

    arbiters.expectError("another process listens there");
    Command.Finished third =
        arbiters
            .command()
            .kind("netty")
            .args("--control-socket", socket().toString())
            .faulty()
            .run(Limits.START);
    assertThat(third.exitCode()).isEqualTo(5);
    assertThat(third.log().text()).contains("pid " + first.pid());

    first.kill9();
    assertThat(Ctl.run(arbiters, "status").exitCode()).isEqualTo(3);
    ArbiterProcess next = arbiters.command().kind("netty").faulty().start();
    next.awaitServing(1);
    assertThat(done("status", "--json").json().path("pid").asLong()).isEqualTo(next.pid());
    assertThat(next.stop()).isZero();
    assertThat(socket()).doesNotExist();
  }

  private Ctl done(String... arguments) throws IOException, InterruptedException {
    Ctl ctl = Ctl.run(arbiters, arguments);
    assertThat(ctl.exitCode()).as("%s: %s", String.join(" ", arguments), ctl).isZero();
    return ctl;
  }

  /** The pid of the worker that serves in a slot. */
  private long slot(int nr) throws IOException, InterruptedException {
    for (JsonNode worker : done("workers", "--json").json()) {
      if (worker.path("slot").asInt() == nr && worker.path("state").asText().equals("SERVING")) {
        return worker.path("pid").asLong();
      }
    }
    throw new AssertionError("Nobody serves in slot " + nr);
  }

  private Path socket() {
    return arbiters.run().resolve("arbiter/arbiter.sock");
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket()));
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  private void awaitBeats(int workers) throws InterruptedException {
    Await.until(
        workers + " workers have beaten and answered",
        Limits.ANSWER,
        () -> {
          JsonNode status = done("status", "--json").json();
          int beaten = 0;
          for (JsonNode worker : status.path("workers")) {
            beaten += worker.has("load") ? 1 : 0;
          }
          return beaten == workers && status.path("total").path("requests").asLong() > 0;
        });
  }

  private static Set<Long> pids(JsonNode workers) {
    Set<Long> pids = new TreeSet<>();
    workers.forEach(worker -> pids.add(worker.path("pid").asLong()));
    return pids;
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static void awaitProbe(ArbiterProcess arbiter, String path, int status)
      throws InterruptedException {
    Await.until(
        path + " is " + status, Limits.CHANGE, () -> arbiter.probe(path).status() == status);
  }

  /** Speaks the protocol as a user that is neither the arbiter's nor root. */
  private Ctl asNobody(Path path, String groups) throws IOException, InterruptedException {
    return Ctl.run(
        arbiters,
        List.of(
            "setpriv",
            "--reuid=" + NOBODY,
            "--regid=" + NOBODY,
            groups.isEmpty() ? "--clear-groups" : groups,
            "perl",
            "-MIO::Socket::UNIX",
            "-e",
            "my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or do { print $!; exit 1 };"
                + " print $s qq({\"protocol\":1,\"command\":\"status\"}\\n); $s->flush;"
                + " print while <$s>;",
            path.toString()));
  }
}
