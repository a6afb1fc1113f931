package dev.arbiter.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.process.WorkerKind;
import dev.arbiter.process.WorkerKind.KindException;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.Given;
import dev.arbiter.settings.Machine;
import dev.arbiter.settings.Settings;
import dev.arbiter.settings.Source;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How settings divide the machine, and what is said of a kind that is not there. */
class ReleaseResolverTest {
  private static final Machine MACHINE = new Machine(4, 8L << 30, true);
  private static final WorkerKind KIND =
      new WorkerKind("some", "a.Main", List.of(Path.of("/opt/x.jar")), List.of(), true);

  @TempDir Path folder;

  @ParameterizedTest(name = "canary {0}, surge {1}: {2} more")
  @CsvSource({
    "1/10s, 1, 1",
    "3/10s, 1, 3",
    "3/10s, 4, 4",
    "9/10s, 1, 4", // no more than there are workers
    "3/10s, 0, 0", // nobody has room beside the old ones
  })
  void canariesHaveTheirShareOfTheMemory(String canary, int surge, int beside) throws Exception {
    Config config =
        Config.load(
            List.of(),
            Map.of(
                "ARBITER_WORKERS",
                "4",
                "ARBITER_CANARY",
                canary,
                "ARBITER_MAX_SURGE",
                Integer.toString(surge),
                "ARBITER_MAX_UNAVAILABLE",
                "1"),
            folder);

    String line = ReleaseResolver.divide(config, KIND, MACHINE).line();

    assertThat(line).contains("4 workers");
    if (beside == 0) {
      assertThat(line).doesNotContain(" more");
    } else {
      assertThat(line).contains(beside + " more");
    }
  }

  @Test
  void withoutCanariesOneWorkerIsTriedBesideTheOthers() throws Exception {
    Config config = Config.load(List.of(), Map.of("ARBITER_WORKERS", "2"), folder);
    assertThat(ReleaseResolver.divide(config, KIND, MACHINE).line()).contains("1 more");
  }

  @Test
  void aKindThatNobodyKnowsIsSaidWithWhereItCameFrom() throws Exception {
    for (String kind : List.of("netty", "sync")) {
      Path home = Files.createDirectories(folder.resolve("home/lib/worker-" + kind));
      Files.createFile(home.resolve("worker.properties"));
    }
    Given flag =
        new Given(
            Settings.named("worker-class"),
            List.of("nety"),
            Source.flag(Source.Kind.COMMAND_LINE, "-k"));
    Given other = new Given(flag.setting(), List.of("echo"), flag.source());

    String expected = ": expected one of netty, sync; the nearest is netty";
    refused(List.of(flag), Map.of(), "-k nety" + expected);
    refused(List.of(other), Map.of(), "-k echo: expected one of netty, sync");
    refused(
        List.of(), Map.of("ARBITER_WORKER_CLASS", "nety"), "ARBITER_WORKER_CLASS=nety" + expected);
    Files.writeString(folder.resolve("arbiter.toml"), "workers = 1\nworker-class = \"nety\"\n");
    refused(List.of(), Map.of(), "arbiter.toml:2:1: worker-class = \"nety\"" + expected);
  }

  private void refused(List<Given> arguments, Map<String, String> environment, String message)
      throws Exception {
    Config config = Config.load(arguments, environment, folder);
    ReleaseResolver resolver =
        new ReleaseResolver(folder.resolve("home"), new Scratch(folder, 4711));
    assertThatThrownBy(() -> resolver.resolve(config, 1))
        .isInstanceOf(KindException.class)
        .hasMessage(message);
  }
}
