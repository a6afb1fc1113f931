package dev.arbiter.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.process.Privileges.Identity;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Against the system's own users and programs. */
class PrivilegesTest {
  private static final List<String> JAVA = List.of("/jdk/bin/java", "a.Main");

  @Test
  void aWorkerThatIsWhatTheArbiterIsHasItsOwnCommand() throws Exception {
    assertThat(Privileges.of(config(Map.of()))).isEqualTo(Privileges.SAME);
    assertThat(Privileges.SAME.wrap(JAVA, new HashMap<>(Map.of("LD_PRELOAD", "a.so"))))
        .isEqualTo(JAVA);
  }

  @Test
  void eachProgramRunsTheNext() {
    Privileges privileges =
        new Privileges(
            Optional.of(new Identity(33, 33, "www-data", "/var/www", true)),
            Optional.of("0027"),
            OptionalInt.of(5));
    Map<String, String> environment =
        new HashMap<>(Map.of("LD_PRELOAD", "/srv/a.so", "GLIBC_TUNABLES", "x=y", "A", "b"));
    assertThat(String.join(" ", privileges.wrap(JAVA, environment)))
        .as("what the user may have written is loaded as the user")
        .matches(
            "\\S*/nice -n 5 \\S*/setpriv --reuid=33 --regid=33 --init-groups --inh-caps=-all --"
                + " \\S*/env GLIBC_TUNABLES=x=y LD_PRELOAD=/srv/a.so"
                + " /bin/sh -c umask .* sh 0027 /jdk/bin/java a.Main");
    assertThat(environment).isEqualTo(Map.of("A", "b"));
  }

  @Test
  void theUmaskReachesTheProgram() throws Exception {
    Privileges privileges = Privileges.of(config(Map.of("ARBITER_UMASK", "0137")));
    Process shown =
        new ProcessBuilder(privileges.wrap(List.of("/bin/sh", "-c", "umask"), Map.of())).start();
    assertThat(new String(shown.getInputStream().readAllBytes(), UTF_8).strip()).isEqualTo("0137");
    assertThat(shown.waitFor()).isZero();
  }

  @Test
  void homeAndNameAreTheUsers() {
    Map<String, String> environment =
        new HashMap<>(Map.of("HOME", "/root", "USER", "root", "XDG_RUNTIME_DIR", "/run/user/0"));
    new Privileges(
            Optional.of(new Identity(33, 33, "www-data", "/var/www", false)),
            Optional.empty(),
            OptionalInt.empty())
        .adapt(environment);
    assertThat(environment)
        .isEqualTo(Map.of("HOME", "/var/www", "USER", "www-data", "LOGNAME", "www-data"));
  }

  @Test
  @EnabledIfSystemProperty(named = "user.name", matches = "root")
  void namesAndNumbersAreLookedUp() throws Exception {
    assertThat(Privileges.of(config(Map.of("ARBITER_USER", "www-data"))).identity())
        .contains(new Identity(33, 33, "www-data", "/var/www", false));
    assertThat(
            Privileges.of(config(Map.of("ARBITER_USER", "33", "ARBITER_GROUP", "4711"))).identity())
        .contains(new Identity(33, 4711, "www-data", "/var/www", false));
    assertThat(
            Privileges.of(config(Map.of("ARBITER_USER", "4711", "ARBITER_GROUP", "adm")))
                .identity())
        .contains(new Identity(4711, 4, "", "", false));
  }

  @Test
  @EnabledIfSystemProperty(named = "user.name", matches = "root")
  void whoIsNotKnownIsRefused() {
    refused(
        Map.of("ARBITER_USER", "nobody-knows"), "ARBITER_USER=nobody-knows: there is no such user");
    refused(Map.of("ARBITER_GROUP", "nobodies"), "ARBITER_GROUP=nobodies: there is no such group");
    refused(Map.of("ARBITER_USER", "4711"), "ARBITER_USER=4711: this system knows no such user");
    refused(Map.of("ARBITER_USER", "99999999999"), "there is no such user");
    refused(
        Map.of("ARBITER_USER", "4711", "ARBITER_GROUP", "4711", "ARBITER_INITGROUPS", "true"),
        "ARBITER_INITGROUPS: this system knows no user 4711");
    refused(Map.of("ARBITER_INITGROUPS", "true"), "ARBITER_INITGROUPS says nothing without user");
  }

  private static void refused(Map<String, String> settings, String message) {
    assertThatThrownBy(() -> Privileges.of(config(settings)))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining(message);
  }

  private static Config config(Map<String, String> settings) throws SettingsException {
    return Config.load(List.of(), settings, Path.of("/"));
  }
}
