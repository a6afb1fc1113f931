package dev.arbiter.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every setting that works is used by a test that runs an arbiter or a worker, by one of its names:
 * that it is read is not enough. The exceptions say where else their effect is shown.
 */
final class EffectRegistryTest {
  private static final Map<String, String> ELSEWHERE =
      Map.of(
          "min-workers", "how many there should be is a pure function: FleetSizeTest",
          "max-rss-hard", "decided from the same samples as max-rss, which RecycleTest is about",
          "initgroups", "the command that takes the groups: PrivilegesTest");

  @Test
  void everySettingIsUsedByATestThatRunsSomething() throws IOException {
    String sources = sources();
    Set<String> unused = new TreeSet<>();
    for (Setting setting : Settings.here()) {
      if (names(setting).noneMatch(sources::contains)) {
        unused.add(setting.name());
      }
    }
    assertThat(ELSEWHERE.keySet()).containsAll(unused);
  }

  private static Stream<String> names(Setting setting) {
    Stream<String> keys =
        setting.allKeys().stream()
            .flatMap(
                key ->
                    Stream.of(
                        "\"" + key + "\"",
                        "\"--no-" + key + "\"",
                        "--" + key + "=",
                        key + " = ",
                        "[" + key + ".",
                        "\"" + key + " |",
                        key.replace('-', '_') + " = ",
                        "\"ARBITER_"
                            + key.replace('-', '_').toUpperCase(java.util.Locale.ROOT)
                            + "\""));
    return Stream.concat(
        keys,
        setting.flags().stream()
            .flatMap(flag -> Stream.of("\"" + flag + "\"", "\"" + flag + " ", " " + flag + " ")));
  }

  private static String sources() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String module :
        List.of("tests", "worker-http", "worker-netty", "worker-sync", "worker-api", "embedded")) {
      Path folder = Path.of("..", module, "src/test");
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file :
            files.filter(path -> path.toString().endsWith(".java")).collect(Collectors.toList())) {
          all.append(Files.readString(file)).append('\n');
        }
      }
    }
    return all.toString();
  }
}
