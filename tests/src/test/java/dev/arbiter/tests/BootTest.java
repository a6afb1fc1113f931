package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Something happens to a worker before it is ready, while another serves. */
@Tag("slow")
final class BootTest {
  /** While the file is there, whoever boots waits. */
  private static final String WAITS =
      """
      @Override public void startup(Lifespan l) throws Exception {
        while (java.nio.file.Files.exists(java.nio.file.Path.of(System.getenv("GATE")))) {
          Thread.sleep(20);
        }
      }
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();
  private Path gate;

  @BeforeEach
  void openGate() {
    gate = arbiters.folder().resolve("closed");
    arbiters.expectError("Worker ");
  }

  private ArbiterProcess start(String... more) throws Exception {
    SourceApp.write(arbiters.folder(), SourceApp.blocking("\"x\"", WAITS));
    return arbiters
        .command()
        .kind("netty")
        .workers(2)
        .env("GATE", gate.toString())
        .args(more)
        .app("--chdir", arbiters.folder().toString(), "app:App")
        .start();
  }

  /** Kills one of two and waits for the process that is to replace it. */
  private static long killOne(ArbiterProcess arbiter, Set<Long> both) throws Exception {
    Os.kill(both.iterator().next(), Os.Signal.KILL);
    return Await.value(
        "a replacement boots",
        Limits.CHANGE,
        () -> arbiter.workers().stream().filter(pid -> !both.contains(pid)).findFirst());
  }

  @Test
  void replacementThatHangsIsEndedInTimeWhileTheOtherServes() throws Exception {
    ArbiterProcess arbiter = start("--boot-timeout", "6");
    Set<Long> both = arbiter.awaitServing(2);
    Files.createFile(gate);
    long replacement = killOne(arbiter, both);

    try (LoadClients load = LoadClients.start(arbiter.port(), 2, 2, "/", Duration.ofMillis(10))) {
      arbiter
          .log()
          .await(
              Pattern.compile("pid " + replacement + "\\) was not ready within 6 s"),
              Limits.CHANGE);
      Await.until("it has been ended", Limits.CHANGE, () -> !Proc.alive(replacement));
      Files.delete(gate);
      Set<Long> after = arbiter.awaitServing(2);
      assertThat(after).doesNotContain(replacement);
      assertThat(load.stop()).isEmpty();
    }
  }

  @Test
  void workerToldToLeaveWhileItBootsLeavesAndIsReplaced() throws Exception {
    ArbiterProcess arbiter = start();
    Set<Long> both = arbiter.awaitServing(2);
    Files.createFile(gate);
    long replacement = killOne(arbiter, both);
    Await.until(
        "it handles TERM",
        Limits.CHANGE,
        () -> Os.Signal.TERM.in(Proc.signalMask(replacement, "SigCgt")));

    Os.kill(replacement, Os.Signal.TERM);

    Await.until("it has left", Limits.CHANGE, () -> !Proc.alive(replacement));
    Files.delete(gate);
    Set<Long> after = new HashSet<>(arbiter.awaitServing(2));
    assertThat(after).doesNotContain(replacement);
    assertThat(arbiter.awaitWorkers(2)).isEqualTo(after);
  }
}
