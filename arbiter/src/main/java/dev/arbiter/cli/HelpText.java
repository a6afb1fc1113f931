package dev.arbiter.cli;

import dev.arbiter.settings.Group;
import dev.arbiter.settings.Setting;
import dev.arbiter.settings.Settings;
import java.util.ArrayList;
import java.util.List;

/** What {@code --help} and {@code --version} print. */
final class HelpText {

  private static final int WIDTH = 100;
  private static final int INDENT = 6;

  private static final String ENDING =
      """
      Every setting can stand in arbiter.toml as well (keep-alive = "5s"; see --config) and in the
      environment (ARBITER_KEEP_ALIVE). The command line is stronger than ARBITER_ARGS, that than
      ARBITER_ variables, those than the file, and the file than WEB_CONCURRENCY and PORT.
      Durations: 30 (seconds), 30s, 500ms, 1h30m. Sizes: 512 (bytes), 64k, 16M, 1G.

      Signals:
        HUP           read the settings again and replace all workers
        TERM          stop: finish what is in flight, at most --graceful-timeout
        INT           the same; a second one stops at once
        USR1          open log files again, read certificates again
        USR2          upgrade: the arbiter itself too, in place, with the same pid
        TTIN, TTOU    one worker more, one fewer
        WINCH         stop the workers and keep the arbiter; ignored on a terminal
        QUIT          print the arbiter's own threads; a JVM cannot take it as an order to stop

      Exit codes:
        0             stopped as asked
        1             internal error
        2             wrong usage or settings, or no JDK 25
        3             a worker failed after the app was made and before it was ready
        4             the app was not found, not compiled, of no known type, or its constructor threw
        5             an address is in use or not permitted
        6             gave up: workers became ready and died within 5 s, ten times in a row
        130, 143      INT or TERM before start-up had ended
      """;

  private HelpText() {}

  static String version() {
    return "arbiter %s (JDK %s, %s, %s %s)"
        .formatted(
            ArbiterCommand.VERSION,
            Runtime.version(),
            System.getProperty("java.vendor"),
            System.getProperty("os.name"),
            System.getProperty("os.arch"));
  }

  static String help() {
    StringBuilder text = new StringBuilder();
    text.append("Usage: arbiter [FLAGS] MODULE:CLASS[::FACTORY]\n\n");
    text.append("Serves an app from several JVMs that share its sockets.\n\n");
    for (String flag : Arguments.ACTIONS.keySet()) {
      List<String> flags = new ArrayList<>(Arguments.ACTIONS.getOrDefault(flag, List.of()));
      flags.add(flag);
      entry(text, String.join(", ", flags), action(flag));
    }
    for (Group group : Group.values()) {
      List<Setting> settings =
          Settings.here().stream().filter(setting -> setting.group() == group).toList();
      if (!settings.isEmpty()) {
        text.append('\n').append(group.title()).append(":\n");
      }
      for (Setting setting : settings) {
        entry(text, head(setting), setting.help() + fallback(setting));
      }
    }
    return text.append('\n').append(ENDING).toString();
  }

  private static String head(Setting setting) {
    if (setting.flags().isEmpty()) {
      return setting.type().placeholder();
    }
    List<String> flags = new ArrayList<>(setting.flags());
    if (setting.isSwitch()) {
      flags.replaceAll(flag -> flag.startsWith("--") ? "--[no-]" + flag.substring(2) : flag);
    }
    return (String.join(", ", flags) + " " + setting.type().placeholder()).strip();
  }

  private static String fallback(Setting setting) {
    if (setting.fallback().isEmpty()) {
      return "";
    }
    return setting.isSwitch()
        ? setting.fallback().equals("true") ? " (default: on)" : " (default: off)"
        : " (default: " + setting.fallback() + ")";
  }

  private static String action(String flag) {
    return switch (flag) {
      case Arguments.HELP -> "Show this";
      case Arguments.VERSION -> "Show the version, and that of the JDK";
      case Arguments.PRINT -> "Show all settings and where each came from, as a settings file";
      default -> "Check the settings and try the app in a worker, then end";
    };
  }

  private static void entry(StringBuilder text, String head, String help) {
    text.append("  ").append(head).append('\n');
    StringBuilder line = new StringBuilder();
    for (String word : help.split(" ")) {
      if (line.length() + word.length() + 1 > WIDTH - INDENT) {
        text.append(" ".repeat(INDENT)).append(line.toString().strip()).append('\n');
        line.setLength(0);
      }
      line.append(word).append(' ');
    }
    text.append(" ".repeat(INDENT)).append(line.toString().strip()).append('\n');
  }
}
