package dev.arbiter.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the settings of TLS must be together, and what is never shown of them. */
class TlsRulesTest {
  private static final String SECRET = "s3cret";

  @TempDir Path folder;

  private Config load(String file, Map<String, String> environment, Given... flags)
      throws IOException, SettingsException {
    Files.writeString(folder.resolve("arbiter.toml"), file);
    return Config.load(List.of(flags), environment, folder, () -> new Machine(1, 1));
  }

  private String refusal(String file, Given... flags) {
    SettingsException refused =
        catchThrowableOfType(SettingsException.class, () -> load(file, Map.of(), flags));
    assertThat(refused).isNotNull();
    return refused.message();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          keyfile = "k" | arbiter.toml:1:1: keyfile = k: expected certfile beside it
          sni = ["a=b"] | arbiter.toml:1:1: sni = a=b: expected certfile beside it
          ssl-cert-reqs = 2 | arbiter.toml:1:1: ssl-cert-reqs = required: expected certfile beside it
          certfile = "c"\\nssl-cert-reqs = "optional" | arbiter.toml:2:1: ssl-cert-reqs = optional: expected ca-certs beside it
          certfile = "c"\\nsni = ["a.example"] | arbiter.toml:2:1: sni = a.example: expected NAME=CERT,KEY
          certfile = "c"\\nsni = ["=c,k"] | arbiter.toml:2:1: sni = =c,k: expected NAME=CERT,KEY
          certfile = "c"\\nssl-version = "1.1" | arbiter.toml:2:1: ssl-version = 1.1: expected one of 1.2, 1.3; the nearest is 1.2
          certfile = "c"\\ninsecure-bind = ["fd://web"] | arbiter.toml:2:1: insecure-bind = fd://web: expected an address or a number
          certfile = "c"\\nprotocol = "uwsgi" | arbiter.toml:2:1: protocol = "uwsgi": expected no certfile beside it
          bind = [":1"]\\ninsecure-bind = [":1"] | arbiter.toml:1:1: bind = :1: the same address twice
          """)
  void whatDoesNotGoTogetherIsRefused(String file, String message) {
    assertThat(refusal(file.replace("\\n", "\n"))).isEqualTo(message);
  }

  @Test
  void otherServersNamesAreUnderstood() throws Exception {
    Config config =
        load(
            """
            ssl-certfile = "c"
            ssl-keyfile = "k"
            ssl-version = "TLSv1.3"
            cert-reqs = 2
            ssl-ca-certs = "a"
            sni = ["a.example=c,k", "*.b.example=c", "my_service.=c", "_x=c"]
            """,
            Map.of());
    assertThat(config.forWorker())
        .containsEntry("certfile", "c")
        .containsEntry("keyfile", "k")
        .containsEntry("ssl-version", "1.3")
        .containsEntry("ssl-cert-reqs", "required")
        .containsEntry("ca-certs", "a")
        .containsEntry("sni", "a.example=c,k\n*.b.example=c\nmy_service.=c\n_x=c");
  }

  @Test
  void whatHasNoEffectIsSaid() throws Exception {
    assertThat(load("certfile = \"c\"\nca-certs = \"a\"", Map.of()).notices())
        .containsExactly("arbiter.toml:2:1: ca-certs does nothing without ssl-cert-reqs");
    assertThat(load("insecure-bind = [\":1\"]", Map.of()).notices())
        .containsExactly("arbiter.toml:1:1: insecure-bind is as good as --bind without a certfile");
  }

  @Test
  void thePasswordIsForWorkersOnly() throws Exception {
    for (Config config :
        List.of(
            load("certfile = \"c\"\nssl-keyfile-password = \"" + SECRET + "\"", Map.of()),
            load("certfile = \"c\"", Map.of("ARBITER_SSL_KEYFILE_PASSWORD", SECRET)))) {
      assertThat(config.forWorker()).containsEntry("ssl-keyfile-password", SECRET);
      assertThat(config.print()).contains("ssl-keyfile-password = \"...\"").doesNotContain(SECRET);
      assertThat(config.entries().toString())
          .contains("ssl-keyfile-password")
          .doesNotContain(SECRET);
    }
    assertThat(load("ssl-keyfile-password = \"file:/run/key\"", Map.of()).print())
        .contains("ssl-keyfile-password = \"file:/run/key\"");
    assertThat(refusal("ssl-keyfile-password = 53247")).doesNotContain("53247");
  }

  @Test
  void thePasswordItselfIsRefusedOnTheCommandLine() throws Exception {
    assertThat(refusal("", password(SECRET)))
        .isEqualTo("--ssl-keyfile-password ...: expected file:PATH or env:NAME");
    assertThat(load("", Map.of(), password("env:KEY")).text("ssl-keyfile-password"))
        .isEqualTo("env:KEY");
  }

  private static Given password(String text) {
    return new Given(
        Settings.named("ssl-keyfile-password"),
        List.of(text),
        Source.flag(Source.Kind.COMMAND_LINE, "--ssl-keyfile-password"));
  }
}
