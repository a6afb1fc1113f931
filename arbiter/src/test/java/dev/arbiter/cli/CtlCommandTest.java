package dev.arbiter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.cli.CtlInvocation.Ask;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command line of {@code arbiterctl}. */
final class CtlCommandTest {
  private static final Map<String, String> SESSION = Map.of("XDG_RUNTIME_DIR", "/run/user/7");

  @Test
  void looksInTheSessionFirstAndThenWhereRootHasIt() {
    assertThat(ask("status").sockets())
        .containsExactly(
            Path.of("/run/user/7/arbiter/arbiter.sock"), Path.of("/run/arbiter/arbiter.sock"));
    assertThat(ask("-n a/b status").sockets().getLast())
        .isEqualTo(Path.of("/run/arbiter/a_b.sock"));
    assertThat(ask("-s /x/y.sock status").sockets()).containsExactly(Path.of("/x/y.sock"));
  }

  @Test
  void environmentNamesTheArbiterUnlessTheCommandLineDoes() {
    Map<String, String> named = Map.of("ARBITER_NAME", "shop");
    assertThat(((Ask) CtlCommand.read(words("status"), named)).name()).isEqualTo("shop");
    assertThat(((Ask) CtlCommand.read(words("status -n api"), named)).name()).isEqualTo("api");
    Map<String, String> socket = Map.of("ARBITER_CONTROL_SOCKET", "/x");
    assertThat(((Ask) CtlCommand.read(words("status"), socket)).sockets())
        .isEqualTo(List.of(Path.of("/x")));
  }

  @ParameterizedTest
  @CsvSource({
    "status, status, 0, true, 30",
    "reload, reload, 0, false, 0",
    "--wait reload, reload, 0, true, 0",
    "reload --wait -t 90s, reload, 0, true, 90",
    "scale 5, scale, 5, true, 0",
    "recycle 0, recycle, 0, true, 0",
    "stop, stop, 0, true, 0",
    "stop --now, stop-now, 0, true, 0",
    "stop --no-wait, stop, 0, false, 0",
  })
  void commandsBecomeRequests(
      String line, String command, int number, boolean awaits, long seconds) {
    Ask ask = ask(line);
    assertThat(ask.command()).isEqualTo(command);
    assertThat(ask.number()).isEqualTo(number);
    assertThat(ask.awaits()).isEqualTo(awaits);
    assertThat(ask.timeout()).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @CsvSource({
    "'', No command",
    "frob, No command is called frob",
    "relaod, No command is called relaod; the nearest is reload",
    "top, top is not in this release",
    "logs --json, logs is not in this release",
    "status now, takes nothing more",
    "scale, needs one number",
    "scale 0, from 1 to 1024",
    "scale many, from 1 to 1024",
    "dump -- -1, number of a slot",
    "status --wait, status has no --wait",
    "reload --now, reload has no --now",
    "status --timeout soon, expected seconds",
    "status --frob, frob",
  })
  void mistakesAreNamed(String line, String part) {
    assertThat(CtlCommand.read(words(line), SESSION))
        .isInstanceOfSatisfying(
            CtlInvocation.Failure.class, failure -> assertThat(failure.message()).contains(part));
  }

  @Test
  void helpNamesEveryCommandAndExitCode() {
    assertThat(CtlCommand.read(words("--help"), Map.of()))
        .isInstanceOfSatisfying(
            CtlInvocation.Print.class,
            help ->
                assertThat(help.text())
                    .contains("reload [--wait]", "stop [--now] [--no-wait]", "scale N", "3    no"));
  }

  private static Ask ask(String line) {
    return (Ask) CtlCommand.read(words(line), SESSION);
  }

  private static String[] words(String line) {
    return line.isEmpty() ? new String[0] : line.split(" ");
  }
}
