package dev.arbiter.release;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.process.WorkerKind;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.Machine;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How settings divide the machine. */
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
}
