package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The fleet fits the memory it is given: divided into the flags of its workers, or refused. */
final class MemoryTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void eachWorkerIsHeldToItsShareAndAReloadThatDoesNotFitIsRefused() throws Exception {
    Path file = arbiters.folder().resolve("arbiter.toml");
    Files.writeString(
        file, "memory = \"768M\"\nworkers = 2\njava-opts = \"-XX:MaxMetaspaceSize=48m\"\n");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .args("-k", "netty", "-b", "127.0.0.1:0", "-c", file.toString())
            .example("hello")
            .launchBare()
            .awaitReady(2);

    arbiter.log().await(Pattern.compile("Memory: 229M of 768M \\(--memory\\)"), Limits.ANSWER);
    Set<Long> workers = arbiter.awaitWorkers(2);
    for (long worker : workers) {
      assertThat(Proc.commandLine(worker))
          .containsPattern("-Xmx1[0-9]{5}k")
          .containsPattern("-XX:MaxDirectMemorySize=[0-9]+k")
          .containsPattern("-XX:ReservedCodeCacheSize=[0-9]+k")
          .contains("-XX:CICompilerCount=2")
          .as("the user's option, and no other")
          .containsOnlyOnce("-XX:MaxMetaspaceSize=")
          .contains("-XX:MaxMetaspaceSize=48m");
    }

    arbiter.signal(Os.Signal.TTIN);
    arbiter
        .log()
        .await(
            Pattern.compile("TTIN: refused, 3 workers do not fit: at most 2 do: .* of 768M"),
            Limits.ANSWER);

    arbiters.expectError("do not fit");
    Files.writeString(file, "memory = \"768M\"\nworkers = 12\n");
    arbiter.signal(Os.Signal.HUP);
    arbiter
        .log()
        .await(Pattern.compile("12 workers do not fit into 768M \\(--memory\\)"), Limits.CHANGE);
    assertThat(arbiter.workers()).isEqualTo(workers);
  }

  @Test
  void whatDoesNotFitIsRefusedAtTheStartWithTheSum() throws Exception {
    arbiters.expectError("do not fit");

    Command.Finished finished =
        arbiters
            .command()
            .kind("netty")
            .workers(4)
            .args("--memory", "1G", "--java-opts", "-Xmx512m")
            .example("hello")
            .run(Limits.START);

    assertThat(finished.exitCode()).isEqualTo(2);
    assertThat(finished.log().text())
        .contains("4 workers do not fit into 1024M (--memory)")
        .contains("heap 512M")
        .containsPattern("the arbiter's \\d+M make \\d+M")
        .contains("hint: ");
  }
}
