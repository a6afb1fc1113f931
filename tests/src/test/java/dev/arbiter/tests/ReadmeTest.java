package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What README tells a stranger to type, typed in that order; only the port is another. */
@Tag("slow")
final class ReadmeTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void theFirstFiveMinutes() throws Exception {
    List<String> lines =
        Files.readAllLines(Command.REPO.resolve("README.md")).stream()
            .dropWhile(line -> !line.equals("## Try it"))
            .filter(line -> line.startsWith("    "))
            .map(String::strip)
            .toList();
    List<String> start = Arrays.asList(lines.getFirst().split(" "));
    assertThat(start.getFirst()).isEqualTo("bin/arbiter");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .launcher(Command.REPO.resolve("bin/arbiter"))
            .in(Command.REPO)
            .env("ARBITER_ARGS", "-b 127.0.0.1:0")
            .args(start.subList(1, start.size() - 1).toArray(String[]::new))
            .app(start.getLast())
            .launchBare()
            .awaitReady(4);

    String asked = shell(lines.get(1).replace(":8000", ":" + arbiter.port()));
    assertThat(asked.lines()).hasSize(8).allMatch(line -> line.startsWith("Hello from worker "));
    assertThat(asked.lines().distinct().count()).isGreaterThan(1);
    assertThat(shell(lines.get(2))).contains("4");
    String told = Files.readString(Command.REPO.resolve("README.md"));
    assertThat(told).contains("`bin/arbiterctl reload --wait`");
    shell("bin/arbiterctl reload --wait");
    assertThat(shell(lines.get(1).replace(":8000", ":" + arbiter.port())).lines())
        .hasSize(8)
        .allMatch(line -> line.startsWith("Hello from worker "));
  }

  private String shell(String line) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", line)
            .directory(Command.REPO.toFile())
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"));
    builder.environment().keySet().removeIf(name -> name.startsWith("ARBITER_"));
    arbiters.mark(builder.environment());
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(out).isZero();
    return out;
  }
}
