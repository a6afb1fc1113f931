package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A worker kind from outside, with a build of its own: an echo over bare TCP. */
@Timeout(300)
final class EchoKindTest {
  private static final Path SOURCE = Command.REPO.resolve("examples/worker-echo");

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void itsSourceIsShort() throws Exception {
    try (Stream<Path> files = Files.walk(SOURCE)) {
      long lines = 0;
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        lines += Files.readAllLines(file).size();
      }
      assertThat(lines).isBetween(1L, 149L);
    }
  }

  @Test
  void itsDescriptorIsTheOneInTheDocument() throws Exception {
    List<String> lines =
        Files.readAllLines(SOURCE.resolve("worker.properties")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();
    assertThat(Files.readString(Command.REPO.resolve("docs/worker-kinds.md")))
        .contains("```properties\n" + String.join("\n", lines) + "\n```\n");
  }

  @Test
  void itEchoesDrainsAndIsReplacedByReload() throws Exception {
    build();
    // A path, relative to --chdir as all are, also at the reload.
    ArbiterProcess arbiter =
        arbiters
            .command()
            .args("-k", "target/worker-echo", "--chdir", SOURCE.toString())
            .workers(2)
            .start();
    Set<Long> old = arbiter.awaitWorkers(2);

    try (RawClient client = arbiter.connect()) {
      assertThat(client.send("hello\r\n").line()).isEqualTo("hello");
      assertThat(client.send("half of a ").bytes(10)).isEqualTo("half of a ");
      arbiter.signal(Os.Signal.HUP);
      Await.until("the other old worker is gone", Limits.CHANGE, () -> alive(old) == 1);
      assertThat(client.send("line\r\n").line()).as("a drain waits").isEqualTo("line");
      Await.until("the old workers are gone", Limits.CHANGE, () -> alive(old) == 0);
    }
    try (RawClient client = arbiter.connect()) {
      assertThat(client.send("again\r\n").line()).isEqualTo("again");
    }
    arbiter.awaitWorkers(2);
  }

  @Tag("slow")
  @Test
  void itIsReplacedWhenKilledAndWhenSilent() throws Exception {
    arbiters.expectError(".");
    build();
    ArbiterProcess arbiter = echo().workers(2).args("--timeout", "4").start();
    Set<Long> old = arbiter.awaitWorkers(2);

    for (long worker : old) {
      Os.kill(worker, worker % 2 == 0 ? Os.Signal.KILL : Os.Signal.STOP);
    }
    Await.until(
        "both are replaced",
        Limits.CHANGE,
        () -> old.stream().noneMatch(Proc::alive) && arbiter.workers().size() == 2);

    try (RawClient client = arbiter.connect()) {
      assertThat(client.send("hello\r\n").line()).isEqualTo("hello");
    }
  }

  @Test
  void itIsRecycled() throws Exception {
    build();
    ArbiterProcess arbiter = echo().args("--max-requests", "3").start();
    Set<Long> old = arbiter.awaitWorkers(1);

    Await.until(
        "it is replaced",
        Limits.CHANGE,
        () -> {
          try (RawClient client = arbiter.connect()) {
            assertThat(client.send("hello\r\n").line()).isEqualTo("hello");
          }
          return old.stream().noneMatch(Proc::alive);
        });
    arbiter.awaitWorkers(1);
  }

  private static long alive(Set<Long> workers) {
    return workers.stream().filter(Proc::alive).count();
  }

  private Command echo() {
    return arbiters
        .command()
        .args("-k", "echo", "--worker-path", SOURCE.resolve("target").toString());
  }

  /** Its own build, which sees only the published interface. */
  private void build() throws IOException, InterruptedException {
    Process build =
        new ProcessBuilder("./build.sh", Command.HOME.toAbsolutePath().toString())
            .directory(SOURCE.toFile())
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .start();
    String output = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(build.waitFor(240, TimeUnit.SECONDS)).isTrue();
    assertThat(build.exitValue()).as(output).isZero();
  }
}
