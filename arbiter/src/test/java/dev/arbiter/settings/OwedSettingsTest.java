package dev.arbiter.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.settings.Setting.Status;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A command line of another server works here: every one of their names is known, and each setting
 * that was promised exists. {@code owed-settings.txt} has the names and what they are here.
 */
final class OwedSettingsTest {

  /** Flags that are no settings. */
  private static final Set<String> ACTIONS =
      Set.of("check-config", "print-config", "version", "help");

  record Owed(String from, List<String> names, String setting, String state) {}

  static Stream<Owed> owed() throws IOException {
    try (InputStream in = OwedSettingsTest.class.getResourceAsStream("owed-settings.txt")) {
      assertThat(in).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#"))
              .map(line -> line.split(" \\| "))
              .map(parts -> new Owed(parts[0], List.of(parts[1].split(" ")), parts[2], parts[3]))
              .toList()
              .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("owed")
  void everyNameIsKnownAndMeansWhatItShould(Owed owed) {
    for (String name : owed.names()) {
      if (owed.state().equals("action")) {
        assertThat(ACTIONS).contains(Settings.key(name.replaceFirst("^--", "")));
        continue;
      }
      Setting setting = Settings.named(owed.setting());
      if (name.startsWith("-")) {
        assertThat(setting.flags())
            .as("flags of %s", setting.name())
            .containsAnyOf(name, name.replace("--no-", "--"));
      } else {
        assertThat(Settings.find(name)).as(name).contains(setting);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("owed")
  void whatWorksIsSaidToWork(Owed owed) {
    if (owed.state().equals("action")) {
      return;
    }
    Status status = Settings.named(owed.setting()).status();
    switch (owed.state()) {
      case "here" -> assertThat(status).isEqualTo(Status.HERE);
      case "nothing" -> assertThat(status).isEqualTo(Status.NOTHING);
      // What is refused today may work tomorrow; it may not turn into something that does nothing.
      case "later" -> assertThat(status).isIn(Status.LATER, Status.HERE);
      default -> throw new IllegalArgumentException(owed.toString());
    }
  }
}
