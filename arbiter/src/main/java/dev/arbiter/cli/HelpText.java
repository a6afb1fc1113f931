package dev.arbiter.cli;

import dev.arbiter.settings.Group;
import dev.arbiter.settings.Setting;
import dev.arbiter.settings.Settings;
import dev.arbiter.settings.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code --help} and {@code --version} print. */
final class HelpText {

  private static final int WIDTH = 80;
  private static final int INDENT = 6;

  /** What most people come for, in a few words; the whole sentence is with its group. */
  private static final List<Map.Entry<String, String>> COMMON =
      List.of(
          Map.entry("worker-class", "kind of worker"),
          Map.entry("workers", "worker processes (default: 1)"),
          Map.entry("bind", "where to listen (default: 127.0.0.1:8000)"),
          Map.entry("config", "settings file (default: arbiter.toml)"),
          Map.entry("chdir", "folder to run in"),
          Map.entry("reload", "for development: serve each change as it is saved"),
          Map.entry("timeout", "replace a worker that is silent (default: 30s)"),
          Map.entry("graceful-timeout", "time to finish when it leaves (default: 30s)"),
          Map.entry("max-requests", "replace a worker after so many (default: 0)"),
          Map.entry("certfile", "certificate: speak TLS"),
          Map.entry("access-logfile", "a line for each request, - for stdout"),
          Map.entry("log-level", "least important lines to log (default: info)"));

  /** The topics of {@code --help} besides the groups of settings. */
  static final String ALL = "all";

  static final String SIGNALS = "signals";

  private static final String PLACES =
      """
      Every setting can stand in arbiter.toml as well (keep-alive = "5s"; see
      --config) and in the environment (ARBITER_KEEP_ALIVE). The command line is
      stronger than ARBITER_ARGS, that than ARBITER_ variables, those than the file,
      and the file than WEB_CONCURRENCY and PORT.
      Durations: 30 (seconds), 30s, 500ms, 1h30m. Sizes: 512 (bytes), 64k, 16M, 1G.
      """;

  private static final String ENDING =
      """
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

  /** What fits on a screen: 24 lines of 80 columns, with the prompt. */
  static String help() {
    StringBuilder text = new StringBuilder();
    text.append("Usage: arbiter [FLAGS] MODULE:CLASS[::FACTORY]\n");
    text.append("       arbiter init [FOLDER]     write a small project to begin with\n\n");
    COMMON.forEach(common -> line(text, brief(Settings.named(common.getKey())), common.getValue()));
    for (String flag : Arguments.ACTIONS.keySet()) {
      line(text, flags(flag), action(flag));
    }
    text.append("\nAll flags, by group (general: where else they can stand): ");
    text.append("arbiter --help GROUP\n");
    StringBuilder groups = new StringBuilder();
    for (String topic : topics()) {
      groups.append(topic).append(' ');
    }
    paragraph(text, groups.toString(), 2);
    return text.toString();
  }

  /** One word for each, as {@code --help} takes it. */
  static List<String> topics() {
    List<String> topics = new ArrayList<>();
    for (Group group : Group.values()) {
      if (!settings(group).isEmpty()) {
        topics.add(group.topic());
      }
    }
    topics.addAll(List.of(SIGNALS, ALL));
    return topics;
  }

  /** All about one of {@link #topics}. */
  static String help(String topic) {
    StringBuilder text = new StringBuilder();
    if (topic.equals(ALL)) {
      text.append("Usage: arbiter [FLAGS] MODULE:CLASS[::FACTORY]\n\n");
      for (String flag : Arguments.ACTIONS.keySet()) {
        entry(text, flags(flag), action(flag));
      }
      text.append('\n');
    }
    for (Group group : Group.values()) {
      if (topic.equals(ALL) || topic.equals(group.topic())) {
        group(text, group);
      }
    }
    if (topic.equals(ALL) || topic.equals(Group.GENERAL.topic())) {
      text.append(PLACES).append('\n');
    }
    return (topic.equals(ALL) || topic.equals(SIGNALS) ? text.append(ENDING) : text)
            .toString()
            .stripTrailing()
        + "\n";
  }

  private static List<Setting> settings(Group group) {
    return Settings.here().stream().filter(setting -> setting.group() == group).toList();
  }

  private static void group(StringBuilder text, Group group) {
    List<Setting> settings = settings(group);
    if (settings.isEmpty()) {
      return;
    }
    text.append(group.title()).append(":\n");
    for (Setting setting : settings) {
      entry(text, head(setting), setting.help() + fallback(setting));
    }
    text.append('\n');
  }

  private static String flags(String action) {
    List<String> flags = new ArrayList<>(Arguments.ACTIONS.getOrDefault(action, List.of()));
    flags.add(action);
    return String.join(", ", flags);
  }

  /** Its own name, with the short flag if there is one; the words of a choice stay out. */
  private static String brief(Setting setting) {
    List<String> flags = new ArrayList<>();
    setting.flags().stream().filter(flag -> flag.length() == 2).findFirst().ifPresent(flags::add);
    flags.add("--" + setting.name());
    String value = setting.type() instanceof Type.Choice ? "LEVEL" : setting.type().placeholder();
    return String.join(", ", flags) + " " + value;
  }

  private static String head(Setting setting) {
    if (setting.flags().isEmpty()) {
      return setting.type().placeholder();
    }
    return (String.join(", ", spelled(setting)) + " " + setting.type().placeholder()).strip();
  }

  /** Its flags; those of a switch say how to switch it off. */
  static List<String> spelled(Setting setting) {
    List<String> flags = new ArrayList<>(setting.flags());
    if (setting.isSwitch()) {
      flags.replaceAll(flag -> flag.startsWith("--") ? "--[no-]" + flag.substring(2) : flag);
    }
    return flags;
  }

  static String fallback(Setting setting) {
    if (setting.fallback().isEmpty()) {
      return "";
    }
    return setting.isSwitch()
        ? setting.fallback().equals("true") ? " (default: on)" : " (default: off)"
        : " (default: " + setting.fallback() + ")";
  }

  static String action(String flag) {
    return switch (flag) {
      case Arguments.HELP -> "Show this; with a group, its flags";
      case Arguments.VERSION -> "Show the version, and that of the JDK";
      case Arguments.PRINT -> "Show all settings and where each came from";
      default -> "Check the settings and try the app, then end";
    };
  }

  private static void entry(StringBuilder text, String head, String help) {
    text.append("  ").append(head).append('\n');
    paragraph(text, help, INDENT);
  }

  private static void line(StringBuilder text, String head, String help) {
    text.append("  %-28s %s\n".formatted(head, help));
  }

  private static void paragraph(StringBuilder text, String words, int indent) {
    StringBuilder line = new StringBuilder();
    for (String word : words.split(" ")) {
      if (line.length() + word.length() + 1 > WIDTH - indent) {
        text.append(" ".repeat(indent)).append(line.toString().strip()).append('\n');
        line.setLength(0);
      }
      line.append(word).append(' ');
    }
    text.append(" ".repeat(indent)).append(line.toString().strip()).append('\n');
  }
}
