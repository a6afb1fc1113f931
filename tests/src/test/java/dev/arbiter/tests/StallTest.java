package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the arbiter has to do with stands still, for several times as long as a worker may be
 * silent: beats are read all the same, a killed worker is replaced, and nobody is ended for it.
 */
@Tag("slow")
@Tag("waits")
@Timeout(180)
final class StallTest {
  private static final Duration STALL = Duration.ofSeconds(30);
  private static final String TIMEOUT = "8";

  private static final String HANGS =
      """
      package hooks;

      public final class Hangs implements dev.arbiter.app.Hooks {
        private boolean once;

        @Override public void childExit(Fleet f, Member w, String how) throws Exception {
          if (!once) {
            once = true;
            Thread.sleep(%d);
          }
        }
      }
      """
          .formatted(STALL.toMillis());

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void hooksSettingsControlClientsEvidenceAndLogsAtOnce() throws Exception {
    arbiters.expectError("Worker |hook childExit|Reload failed");
    Path folder = arbiters.folder();
    SourceApp.write(folder, SourceApp.blocking("\"x\""));
    Files.writeString(
        Files.createDirectories(folder.resolve("hooks")).resolve("Hangs.java"), HANGS);
    Path settings = folder.resolve("settings.toml");
    Files.writeString(settings, "workers = 3\n");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .args("-c", settings.toString(), "-k", "netty", "-b", "127.0.0.1:0")
            .args("--timeout", TIMEOUT, "--probation", "0", "--graceful-timeout", "5")
            .args("--hooks", "hooks:Hangs", "--hooks-timeout", "60s")
            .app("--chdir", folder.toString(), "app:App")
            .launchBare()
            .awaitReady(3);
    Iterator<Long> workers = arbiter.awaitServing(3).iterator();
    long stopped = workers.next();
    long killed = workers.next();
    long steady = workers.next();
    List<SocketChannel> silent = new ArrayList<>();
    FutureTask<Ctl> dump;
    try {
      Files.delete(settings);
      assertThat(new ProcessBuilder("mkfifo", settings.toString()).start().waitFor()).isZero();
      arbiter.signal(Os.Signal.HUP); // whoever opens it waits for somebody who writes
      for (int i = 0; i < 50; i++) {
        silent.add(SocketChannel.open(UnixDomainSocketAddress.of(socket())));
      }
      Os.kill(stopped, Os.Signal.STOP);
      String slot = slot(arbiter, stopped);
      dump = new FutureTask<>(() -> Ctl.run(arbiters, "dump", slot));
      Thread.ofVirtual().start(dump);
      arbiter.stopReading();
      for (Path output : arbiter.outputs()) {
        Os.fillPipe(output);
      }

      long begin = System.nanoTime();
      Os.kill(killed, Os.Signal.KILL);
      Await.until(
          "the killed and the stopped one are replaced",
          Limits.CHANGE,
          () -> arbiter.workers().size() == 3 && !Proc.alive(stopped) && !Proc.alive(killed));
      Set<Long> now = arbiter.awaitServing(3);
      assertThat(now).contains(steady);
      Await.throughout(
          "nobody else is ended",
          STALL.minusNanos(System.nanoTime() - begin),
          () -> arbiter.workers().equals(now));
    } finally {
      for (SocketChannel channel : silent) {
        channel.close();
      }
    }
    assertThat(dump.get(10, TimeUnit.SECONDS).exitCode()).as("%s", dump.get()).isEqualTo(1);
    arbiter.readAgain();
    Set<Long> old = arbiter.workers();
    Files.writeString(settings, "workers = 3\n");
    arbiter.awaitReplaced(old, 3);
    Files.delete(settings);
  }

  @Test
  void aHealthCheckThatTakesLongerThanItMay() throws Exception {
    arbiters.expectError("Worker |Reload failed");
    Path folder = arbiters.folder();
    SourceApp.write(folder, SourceApp.blocking("\"old\""));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .args("--health-path", "/health", "--timeout-worker-healthcheck", "1s")
            .app("--chdir", folder.toString(), "app:App")
            .start();
    Set<Long> old = arbiter.awaitServing(1);
    SourceApp.write(
        folder,
        SourceApp.blocking(
            "late()",
            "static String late() throws Exception { Thread.sleep(4_000); return \"\"; }"));

    Ctl reload = Ctl.run(arbiters, "reload", "--wait");

    assertThat(reload.exitCode()).isEqualTo(1);
    assertThat(reload.err()).contains("did not answer within 1 s (--timeout-worker-healthcheck)");
    assertThat(arbiter.awaitServing(1)).as("who serves is who served").isEqualTo(old);
  }

  @Test
  void aHealthCheckWithoutEnd() throws Exception {
    arbiters.expectError("Worker ");
    Path folder = arbiters.folder();
    Path gate = Files.createFile(folder.resolve("closed"));
    SourceApp.write(folder, SourceApp.blocking("\"old\""));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("--timeout", TIMEOUT, "--health-path", "/health")
            .args("--timeout-worker-healthcheck", "60s")
            .env("GATE", gate.toString())
            .app("--chdir", folder.toString(), "app:App")
            .start();
    Set<Long> old = arbiter.awaitServing(2);
    SourceApp.write(
        folder,
        SourceApp.blocking(
            "waited()",
            """
            static String waited() throws Exception {
              while (java.nio.file.Files.exists(java.nio.file.Path.of(System.getenv("GATE")))) {
                Thread.sleep(20);
              }
              return "new";
            }
            """));
    arbiter.signal(Os.Signal.HUP);
    Set<Long> three = arbiter.awaitWorkers(3);

    long begin = System.nanoTime();
    long killed = old.iterator().next();
    Os.kill(killed, Os.Signal.KILL);
    Await.until(
        "it is replaced",
        Limits.CHANGE,
        () -> arbiter.workers().stream().filter(pid -> !three.contains(pid)).count() == 1);
    Set<Long> now = arbiter.awaitServing(2);
    Await.throughout(
        "nobody else is ended",
        STALL.minusNanos(System.nanoTime() - begin),
        () -> arbiter.workers().containsAll(now));

    Files.delete(gate);
    arbiter.awaitReplaced(now, 2);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("new");
    }
  }

  private Path socket() {
    return arbiters.run().resolve("arbiter/arbiter.sock");
  }

  private String slot(ArbiterProcess arbiter, long pid) throws InterruptedException {
    return arbiter
        .log()
        .await(Pattern.compile("Worker (\\d+) \\(pid " + pid + "\\) ready"), Limits.ANSWER)
        .group(1);
  }
}
