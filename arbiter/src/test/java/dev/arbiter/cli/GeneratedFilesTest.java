package dev.arbiter.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The manual pages and what shells complete with are written from the tables; these tests fail when
 * they are not what the tables say, and write them anew with {@code -Dsettings.write=true}.
 */
final class GeneratedFilesTest {
  private static final Path SHARE = Path.of("../dist/src/share");
  private static final String WRITE =
      "mvn -q -pl arbiter -am test -Dtest=GeneratedFilesTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dsettings.write=true";

  @Test
  void theManualPagesAreThoseOfTheTables() throws IOException {
    current("man/man1/arbiter.1", ManPages.arbiter());
    current("man/man1/arbiterctl.1", ManPages.arbiterctl());
  }

  @Test
  void theCompletionsAreThoseOfTheTables() throws IOException {
    current("bash-completion/completions/arbiter", Completions.bash());
    current("zsh/site-functions/_arbiter", Completions.zsh());
    current("fish/vendor_completions.d/arbiter.fish", Completions.fish());
  }

  @ParameterizedTest
  @CsvSource({
    "arbiter --worker-c, --worker-class --worker-connections",
    "arbiter --http a, auto",
    "arbiter --help rec, recycle",
    "arbiter --no-access-l, --no-access-log",
    "arbiter -w 4 --log-format j, json",
    "arbiter ini, init",
    "arbiterctl rel, reload",
    "arbiterctl --so, --socket",
  })
  void bashCompletes(String line, String expected) throws Exception {
    String script =
        "compopt() { :; }; source %s; read -ra COMP_WORDS <<<\"$1\"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1))"
                .formatted(SHARE.resolve("bash-completion/completions/arbiter"))
            + "; _${COMP_WORDS[0]}; printf '%s\\n' \"${COMPREPLY[@]}\" | sort -u";
    Process bash =
        new ProcessBuilder(List.of("bash", "-c", script, "bash", line))
            .redirectErrorStream(true)
            .start();
    String out = new String(bash.getInputStream().readAllBytes(), UTF_8);
    assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(out.lines()).containsExactly(expected.split(" "));
  }

  private static void current(String name, String text) throws IOException {
    Path file = SHARE.resolve(name);
    if (Boolean.getBoolean("settings.write")) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    }
    assertThat(Files.exists(file) ? Files.readString(file) : "")
        .as("%s is not what the tables say; write it anew: %s", file, WRITE)
        .isEqualTo(text);
  }
}
