package dev.arbiter.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.process.WorkerKind;
import dev.arbiter.settings.Config;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KindRulesTest {
  private static final WorkerKind KIND =
      new WorkerKind(
          "some",
          "a.Main",
          List.of(Path.of("/opt/x.jar")),
          List.of(),
          false,
          List.of("http=2", "h2c=upgrade", "h2c=both", "certfile", "of-a-later-release"),
          List.of("loop", "h2-max-frame-size", "of-a-later-release"));

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"http = \"2\"", "http-protocols = \"h2\"", "h2c = \"both\""})
  void aValueThatTheKindCannotServeIsRefusedWithWhereItCameFrom(String line) throws Exception {
    Config config = config(line);
    assertThatThrownBy(() -> KindRules.check(config, KIND))
        .isInstanceOfSatisfying(
            AppProblem.class,
            problem -> {
              assertThat(problem.exitCode()).isEqualTo(AppProblem.USAGE);
              assertThat(problem.hint()).contains("--worker-class");
            })
        .hasMessageStartingWith("arbiter.toml:1:1: ")
        .hasMessageEndingWith(": the some worker kind cannot do that");
  }

  @Test
  void aSettingWithoutAValueInTheDescriptorIsRefusedWhateverItIs() throws Exception {
    Config config = config("certfile = \"c.pem\"\nkeyfile = \"k.pem\"");
    assertThatThrownBy(() -> KindRules.check(config, KIND)).hasMessageContaining("certfile");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "http = \"auto\"",
        "http = \"1\"",
        "h2c = \"off\"",
        "h2c = \"prior-knowledge\"", // not among those of this kind
      })
  void otherValuesAreFine(String line) throws Exception {
    KindRules.check(config(line), KIND);
  }

  @Test
  void whatHasNoEffectIsSaidUnlessItIsTheDefault() throws Exception {
    assertThat(KindRules.notices(config("loop = \"nio\"\nh2-max-frame-size = \"32K\""), KIND))
        .satisfiesExactly(
            loop ->
                assertThat(loop)
                    .isEqualTo(
                        "arbiter.toml:1:1: loop = \"nio\" has no effect with the some worker kind"),
            frame -> assertThat(frame).startsWith("arbiter.toml:2:1: h2-max-frame-size"));
    assertThat(KindRules.notices(config("loop = \"auto\""), KIND)).isEmpty();
  }

  private Config config(String toml) throws Exception {
    Files.writeString(folder.resolve("arbiter.toml"), toml + "\n");
    return Config.load(List.of(), Map.of(), folder);
  }
}
