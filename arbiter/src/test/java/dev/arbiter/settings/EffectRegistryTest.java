package dev.arbiter.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every setting that works is given by a test that runs an arbiter or a worker: that it is read is
 * not enough. An arbiter is given it as an operator would, by a flag, a variable or a line of a
 * file; a worker by a name that it has.
 */
final class EffectRegistryTest {
  private static final List<String> WORKERS =
      List.of("worker-http", "worker-netty", "worker-sync", "worker-api", "embedded");

  private static final Pattern FLAG = Pattern.compile("[\" |,](--?[A-Za-z0-9][A-Za-z0-9_-]*)");
  private static final Pattern VARIABLE = Pattern.compile("\"ARBITER_([A-Z0-9_]+)\"");

  /** Where a line begins, in the source or in its text; other lines with = are Java. */
  private static final Pattern KEY =
      Pattern.compile("(?m)(?:^ *|\"|\\\\n)([a-z0-9_-]+) = (?:\\\\?\"|[0-9\\[{%]|true|false)");

  private static final Pattern TABLE = Pattern.compile("\\[([a-z0-9-]+)\\.");
  private static final Pattern NAME = Pattern.compile("\"([a-z0-9-]+)(?: \\||\")");

  @Test
  void everySettingIsGivenByATestThatRunsSomething() throws IOException {
    String arbiters = sources(List.of("tests"));
    Set<String> flags = found(FLAG, arbiters);
    Set<String> keys = found(VARIABLE, arbiters);
    keys.addAll(found(KEY, arbiters));
    keys.addAll(found(TABLE, arbiters));
    keys.addAll(found(NAME, sources(WORKERS)));
    keys.addAll(Set.copyOf(keys).stream().map(Settings::key).toList());

    Set<String> unused = new TreeSet<>();
    for (Setting setting : Settings.here()) {
      boolean given =
          setting.allKeys().stream().anyMatch(keys::contains)
              || setting.flags().stream().anyMatch(flags::contains)
              || flags.contains("--no-" + setting.name());
      if (!given) {
        unused.add(setting.name());
      }
    }
    assertThat(unused).isEmpty();
  }

  private static Set<String> found(Pattern pattern, String text) {
    Set<String> found = new HashSet<>();
    pattern.matcher(text).results().forEach(result -> found.add(result.group(1)));
    return found;
  }

  private static String sources(List<String> modules) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String module : modules) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src/test"))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          all.append(Files.readString(file)).append('\n');
        }
      }
    }
    return all.toString();
  }
}
