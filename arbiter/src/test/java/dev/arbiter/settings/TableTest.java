package dev.arbiter.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What holds for every row. */
final class TableTest {

  @Test
  void everyFlagBelongsToOneSetting() {
    Set<String> seen = new HashSet<>(List.of("-h", "--help", "-v", "--version"));
    for (Setting setting : Settings.all()) {
      for (String flag : setting.flags()) {
        assertThat(seen.add(flag)).as(flag).isTrue();
      }
    }
  }

  @Test
  void everyDefaultIsAValueOfItsType() {
    assertThat(Settings.all())
        .allSatisfy(setting -> assertThat(setting.defaults().size()).isLessThanOrEqualTo(1));
  }

  @Test
  void everyCounterpartIsAValueOfItsType() {
    for (Setting setting : Settings.all()) {
      assertThat(setting.foreign().values())
          .allSatisfy(here -> assertThat(setting.type().canonical(here)).isEqualTo(here));
    }
  }

  @Test
  void everyHelpTextIsASentenceWithoutItsFullStop() {
    assertThat(Settings.all())
        .allSatisfy(
            setting -> {
              assertThat(setting.help()).as(setting.name()).matches("(?s)[A-Zs].*[^. ]");
              assertThat(setting.help()).doesNotContain("\n", "|");
            });
  }

  @Test
  void thePrecedenceOfSourcesIsTheOrderOfTheirKinds() {
    assertThat(Source.Kind.values())
        .extracting(Enum::name)
        .containsExactly(
            "DEFAULT", "PLATFORM", "FILE", "ENVIRONMENT", "ARGS_VARIABLE", "COMMAND_LINE");
  }

  @Test
  void nothingSetGivesTheDefaults() throws SettingsException {
    Config config = Config.load(List.of(), Map.of(), Path.of("/nowhere"), () -> new Machine(1, 1));
    for (Setting setting : Settings.here()) {
      assertThat(config.source(setting.name())).as(setting.name()).isEqualTo(Source.DEFAULT);
      assertThat(config.text(setting.name()))
          .isEqualTo(setting.defaults().isEmpty() ? "" : setting.defaults().getFirst());
    }
    assertThat(config.notices()).isEmpty();
  }
}
