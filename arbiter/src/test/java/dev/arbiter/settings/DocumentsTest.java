package dev.arbiter.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code docs/settings.md} and {@code conf/arbiter.toml} are written from the table; these tests
 * fail when they are not what the table says, and write them anew with {@code
 * -Dsettings.write=true}.
 */
final class DocumentsTest {

  private static final String WRITE =
      "mvn -q -pl arbiter -am test -Dtest=DocumentsTest -Dsurefire.failIfNoSpecifiedTests=false"
          + " -Dsettings.write=true";

  @TempDir Path folder;

  @Test
  void theDocumentIsThatOfTheTable() throws IOException {
    current(Path.of("../docs/settings.md"), document());
  }

  @Test
  void theSampleFileIsThatOfTheTable() throws IOException {
    current(Path.of("../conf/arbiter.toml"), sample());
  }

  @Test
  void theSampleFileSaysNothingUntilEdited() throws IOException, SettingsException {
    Config config = load(Files.readString(Path.of("../conf/arbiter.toml")));
    assertThat(config.forWorker()).containsKey("config");
    assertThat(config.source("workers")).isEqualTo(Source.DEFAULT);
  }

  @Test
  void everyLineOfTheSampleFileIsTheDefault() throws IOException, SettingsException {
    String all =
        Files.readString(Path.of("../conf/arbiter.toml"))
            .lines()
            .map(line -> line.matches("#[a-z0-9-]+ = .+") ? line.substring(1) : line)
            .collect(Collectors.joining("\n"));
    Config config = load(all);
    Config defaults =
        Config.load(List.of(), Map.of(), Path.of("/nowhere"), () -> new Machine(1, 1));
    for (Setting setting : Settings.here()) {
      boolean inFile = !setting.fallback().isEmpty();
      if (inFile) {
        assertThat(config.source(setting.name()).kind())
            .as(setting.name())
            .isEqualTo(Source.Kind.FILE);
      }
      if (!setting.name().equals("config")) {
        assertThat(config.text(setting.name()))
            .as(setting.name())
            .isEqualTo(defaults.text(setting.name()));
      }
    }
  }

  private Config load(String text) throws IOException, SettingsException {
    Files.writeString(folder.resolve("arbiter.toml"), text);
    return Config.load(List.of(), Map.of(), folder, () -> new Machine(1, 1));
  }

  private static void current(Path file, String text) throws IOException {
    if (Boolean.getBoolean("settings.write")) {
      Files.writeString(file, text);
    }
    String now = Files.exists(file) ? Files.readString(file) : "";
    assertThat(now)
        .as("%s is not what the table says; write it anew: %s", file, WRITE)
        .isEqualTo(text);
  }

  private static String sample() {
    StringBuilder text =
        new StringBuilder(
            """
            # Settings of arbiter: every one of this release, with its default. Remove the # in front
            # of a line to change it. Found as arbiter.toml in the current folder, or named with
            # --config. Environment variables (ARBITER_KEEP_ALIVE) and flags (--keep-alive) are stronger.
            #
            # Durations: 30 (seconds), "30s", "500ms", "1h30m". Sizes: 512 (bytes), "64k", "16M", "1G".
            # 0 switches a limit off. (*) marks what a reload does not change.
            """);
    for (Group group : Group.values()) {
      List<Setting> settings =
          Settings.here().stream()
              .filter(setting -> setting.group() == group && !setting.name().equals("config"))
              .toList();
      if (settings.isEmpty()) {
        continue;
      }
      text.append("\n\n# --- ").append(group.title()).append(" ---\n");
      for (Setting setting : settings) {
        text.append('\n');
        wrap(text, setting.help() + (setting.onReload() ? "." : " (*)."));
        text.append(setting.fallback().isEmpty() ? "#  " : "#")
            .append(setting.name())
            .append(" = ")
            .append(value(setting))
            .append('\n');
      }
    }
    return text.toString();
  }

  /** The default, or where there is none an example that is not a setting yet: two blanks. */
  private static String value(Setting setting) {
    if (setting.fallback().isEmpty()) {
      String example = setting.type().placeholder();
      String quoted = setting.type() instanceof Type.Whole ? example : Toml.quoted(example);
      return setting.isList() ? "[" + quoted + "]" : quoted;
    }
    String shown = setting.type().shown(setting.defaults().getFirst());
    return setting.isList() ? "[" + shown + "]" : shown;
  }

  private static void wrap(StringBuilder text, String help) {
    StringBuilder line = new StringBuilder("#");
    for (String word : help.split(" ")) {
      if (line.length() + word.length() + 1 > 100) {
        text.append(line).append('\n');
        line = new StringBuilder("#");
      }
      line.append(' ').append(word);
    }
    text.append(line).append('\n');
  }

  private static String document() {
    StringBuilder text =
        new StringBuilder(
            """
            # Settings

            <!-- Written from the table in arbiter/src/main/java/dev/arbiter/settings by DocumentsTest. -->

            Each setting has a flag, a key in the settings file and an environment variable: `--keep-alive`,
            `keep-alive` and `ARBITER_KEEP_ALIVE`. Other names listed beside a flag are the same setting and
            work in all three places; underscores in keys are read as dashes.

            ## Where settings come from

            From the weakest to the strongest:

            1. the default; `PORT` (as `0.0.0.0:PORT`), `WEB_CONCURRENCY` (as `workers`) and
               `FORWARDED_ALLOW_IPS` replace a default
            2. the settings file: `--config`, or else `arbiter.toml` in the `--chdir` folder, or else in the
               current one
            3. the environment: `ARBITER_NAME`; lists with blanks between the parts, quotes as in a shell;
               an empty variable counts as not set
            4. flags in `ARBITER_ARGS`
            5. the command line

            A list given in a stronger place replaces the whole list of a weaker one. Of `bind`, `host`,
            `port`, `uds` and `fd`, the strongest place that has any of them decides: what it names is added
            up, and `host` and `port` together make one address. A part of that pair which is missing there
            is taken from a weaker place.

            `arbiter --print-config` shows every value and its source. A mistake is one line that names the
            source, the value and what was expected, and ends the start with exit code 2.

            ## How values are written

            - Durations: `30` (seconds), `30s`, `500ms`, `1h30m`, `2d`; `0` switches the limit off.
            - Sizes: `512` (bytes), `64k`, `16M`, `1G`; 1k is 1024.
            - Switches: `--access-log` and `--no-access-log`; `true` and `false` in the file; in the
              environment also `1`, `0`, `yes`, `no`, `on`, `off`.
            - Lists: the flag again for each part; in the file an array.
            - Relative paths start at `--chdir`, except `--config` and `--chdir` themselves, which start at
              the current folder.

            Settings marked with * keep their value on a reload; a change is reported and waits for a restart.

            ## Settings of this release
            """);
    for (Group group : Group.values()) {
      List<Setting> settings =
          Settings.here().stream().filter(setting -> setting.group() == group).toList();
      if (settings.isEmpty()) {
        continue;
      }
      text.append("\n### ").append(group.title()).append("\n\n");
      text.append("| setting | value | default | meaning |\n|---|---|---|---|\n");
      for (Setting setting : settings) {
        text.append(row(setting));
      }
    }
    text.append(
        """

        ## Values of other servers

        They are taken, and a line in the log says what they mean here.

        | setting | value | means |
        |---|---|---|
        """);
    for (Setting setting : Settings.all()) {
      setting.foreign().entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(
              entry ->
                  text.append(
                      "| %s | `%s` | `%s` |\n"
                          .formatted(setting.name(), entry.getKey(), entry.getValue())));
    }
    text.append(
        """

        ## Accepted without effect

        They make no sense on a JVM or here. A line in the log says so.

        | setting | why it does nothing |
        |---|---|
        """);
    status(Setting.Status.NOTHING)
        .forEach(
            setting ->
                text.append("| %s | %s |\n".formatted(names(setting), escaped(setting.reason()))));
    text.append(
        """

        ## Not in this release

        Refused by name, unless the value asks for nothing (`--preload off`).

        | setting | group | meaning |
        |---|---|---|
        """);
    status(Setting.Status.LATER)
        .forEach(
            setting ->
                text.append(
                    "| %s | %s | %s |\n"
                        .formatted(
                            names(setting), setting.group().title(), escaped(setting.help()))));
    List<String> values =
        Settings.here().stream()
            .flatMap(
                setting ->
                    setting.notYet().stream()
                        .map(value -> "`" + setting.flag() + " " + value + "`"))
            .toList();
    return text.append("\nAlso these values: ")
        .append(String.join(", ", values))
        .append(".\n")
        .toString();
  }

  private static List<Setting> status(Setting.Status status) {
    return Settings.all().stream().filter(setting -> setting.status() == status).toList();
  }

  private static String row(Setting setting) {
    String value =
        setting.isSwitch() ? "switch" : setting.type().placeholder().toLowerCase(Locale.ROOT);
    if (setting.type() instanceof Type.Choice
        || setting.type() instanceof Type.Text
        || setting.type() instanceof Type.Secret) {
      value = setting.type().placeholder();
    }
    return "| %s%s | %s | %s | %s |\n"
        .formatted(
            names(setting),
            setting.onReload() ? "" : " *",
            escaped(value),
            setting.fallback().isEmpty()
                ? ""
                : setting.isSwitch() ? onOff(setting) : "`" + escaped(setting.fallback()) + "`",
            escaped(setting.help()));
  }

  private static String onOff(Setting setting) {
    return setting.fallback().equals("true") ? "on" : "off";
  }

  private static String names(Setting setting) {
    return setting.flags().isEmpty()
        ? "`" + setting.name() + "`"
        : setting.flags().stream().map(flag -> "`" + flag + "`").collect(Collectors.joining(", "));
  }

  private static String escaped(String text) {
    return text.replace("|", "\\|").replace("<", "&lt;");
  }
}
