package dev.arbiter.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.settings.Machine;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkerCommandTest {
  private static final WorkerKind KIND =
      new WorkerKind("any", "a.Main", List.of(Path.of("/a.jar")), List.of("-Dkind=1"), true);

  @Test
  void theUsersOptionsComeAfterOursAndTakeTheirPlace() {
    assertThat(command("-Xmx1g", "-Dx=1"))
        .containsSubsequence("-XX:+UseSerialGC", "-Dkind=1", "-Xmx1g", "-Dx=1", "a.Main")
        .filteredOn(option -> option.startsWith("-Xmx"))
        .hasSize(1);
  }

  @Test
  void theKindIsNamedInTheFirstArgument() {
    assertThat(command()).endsWith("-cp", "/a.jar", "a.Main", "any");
  }

  @Test
  void aWorkerKnowsItsPlace() {
    assertThat(WorkerCommand.environment(Map.of("A", "b"), 2, 4, 7))
        .containsEntry("A", "b")
        .containsEntry("ARBITER_WORKER_NR", "2")
        .containsEntry("ARBITER_WORKER_COUNT", "4")
        .containsEntry("ARBITER_GENERATION", "7")
        .containsEntry("_JAVA_SR_SIGNUM", "40");
  }

  private static List<String> command(String... options) {
    Budget budget =
        Budget.divide(
            new Budget.Demand(new Machine(1, 4L << 30), 0, 1, 0, 1, 0, 0, List.of(options)));
    return WorkerCommand.of(Path.of("/jdk"), KIND, budget, Path.of("/tmp"), List.of(options));
  }
}
