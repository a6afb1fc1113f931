package dev.arbiter.cli;

import dev.arbiter.settings.Setting;
import dev.arbiter.settings.Settings;
import dev.arbiter.settings.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes what shells complete command lines with out of the tables: names of flags, words of
 * choices, and files where a path is expected.
 */
final class Completions {
  private static final String HEAD = "# Written from the tables by GeneratedFilesTest.\n";
  private static final Map<String, String> OPTIONS = ctlOptions();

  private Completions() {}

  private static Map<String, String> ctlOptions() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--name", "the arbiter of that --name");
    options.put("--socket", "the arbiter with that --control-socket");
    options.put("--json", "print JSON");
    options.put("--wait", "wait for the outcome");
    options.put("--now", "stop at once");
    options.put("--no-wait", "do not wait for the end");
    options.put("--timeout", "wait no longer for the answer");
    options.put("--help", "show help");
    options.put("--version", "show the version");
    return options;
  }

  private static List<Setting> settings() {
    return Settings.here().stream().filter(setting -> !setting.flags().isEmpty()).toList();
  }

  private static List<String> ctlCommands() {
    return CtlCommand.commands().keySet().stream().map(usage -> usage.split(" ")[0]).toList();
  }

  /**
   * What follows a flag.
   *
   * @param words to choose from
   * @param zsh what follows a flag there
   * @param fish the options of {@code complete} there
   */
  private record Value(Kind kind, List<String> words, String zsh, String fish) {
    enum Kind {
      NONE,
      PATH,
      CHOICE,
      OTHER
    }

    static final Value NONE = new Value(Kind.NONE, List.of(), "", "");
    static final Value PATH = new Value(Kind.PATH, List.of(), ":path:_files", " -rF");
    static final Value OTHER = new Value(Kind.OTHER, List.of(), ":value: ", " -x");

    static Value of(List<String> words) {
      String list = String.join(" ", words);
      return new Value(Kind.CHOICE, words, ":value:(" + list + ")", " -xa '" + list + "'");
    }

    static Value of(Setting setting) {
      return setting.isSwitch()
          ? NONE
          : switch (setting.type()) {
            case Type.FilePath _, Type.Mount _ -> PATH;
            case Type.Choice choice -> of(choice.words());
            default -> OTHER;
          };
    }

    static Value ofAction(String action) {
      String topics = String.join(" ", HelpText.topics());
      // Without one, help is a page of all.
      return action.equals(Arguments.HELP)
          ? new Value(
              Kind.CHOICE, HelpText.topics(), "::group:(" + topics + ")", " -a '" + topics + "'")
          : NONE;
    }

    static Value ofCtl(String option) {
      return switch (option) {
        case "--socket" -> PATH;
        case "--name", "--timeout" -> OTHER;
        default -> NONE;
      };
    }
  }

  private static Stream<Setting> settings(Value.Kind kind) {
    return settings().stream().filter(setting -> Value.of(setting).kind() == kind);
  }

  private static String flags(Value.Kind kind) {
    return settings(kind)
        .flatMap(setting -> setting.flags().stream())
        .collect(Collectors.joining(" | "));
  }

  /** Each flag as it is typed, those that switch off among them. */
  private static List<String> spellings(Setting setting) {
    List<String> all = new ArrayList<>(setting.flags());
    if (setting.isSwitch() && !setting.name().startsWith("no-")) {
      setting.flags().stream()
          .filter(flag -> flag.startsWith("--"))
          .forEach(flag -> all.add("--no-" + flag.substring(2)));
    }
    return all;
  }

  /** What a setting does, in the few words that stand before the first stop. */
  private static String brief(Setting setting) {
    String first = setting.help().split("(: |; |\\. |, | \\()", 2)[0];
    return first.length() > 70 ? first.substring(0, 67) + "..." : first;
  }

  static String bash() {
    StringBuilder text = new StringBuilder(HEAD);
    text.append(
        """
        _arbiter() {
          local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
          COMPREPLY=()
          case $prev in
        """);
    caseOf(text, List.of("-h", "--help"), String.join(" ", HelpText.topics()));
    settings(Value.Kind.CHOICE)
        .forEach(
            setting -> caseOf(text, setting.flags(), String.join(" ", Value.of(setting).words())));
    text.append("    ")
        .append(flags(Value.Kind.PATH))
        .append(")\n      compopt -o default\n      return\n      ;;\n    ")
        .append(flags(Value.Kind.OTHER))
        .append(")\n      return\n      ;;\n  esac\n");
    text.append("  if [[ $cur == -* ]]; then\n    COMPREPLY=($(compgen -W \"")
        .append(
            settings().stream()
                .flatMap(setting -> spellings(setting).stream())
                .collect(Collectors.joining(" ")))
        .append(' ')
        .append(String.join(" ", Arguments.ACTIONS.keySet()))
        .append("\" -- \"$cur\"))\n  elif ((COMP_CWORD == 1)); then\n")
        .append("    COMPREPLY=($(compgen -W init -- \"$cur\"))\n    compopt -o default\n")
        .append("  else\n    compopt -o default\n  fi\n}\ncomplete -F _arbiter arbiter\n\n");
    text.append(
        """
        _arbiterctl() {
          local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
          COMPREPLY=()
          case $prev in
            -s | --socket)
              compopt -o default
              return
              ;;
            -n | --name | -t | --timeout)
              return
              ;;
          esac
        """);
    return text.append("  COMPREPLY=($(compgen -W \"")
        .append(String.join(" ", ctlCommands()))
        .append(' ')
        .append(String.join(" ", OPTIONS.keySet()))
        .append("\" -- \"$cur\"))\n}\ncomplete -F _arbiterctl arbiterctl\n")
        .toString();
  }

  private static void caseOf(StringBuilder text, List<String> flags, String words) {
    text.append("    ")
        .append(String.join(" | ", flags))
        .append(")\n      COMPREPLY=($(compgen -W \"")
        .append(words)
        .append("\" -- \"$cur\"))\n      return\n      ;;\n");
  }

  static String zsh() {
    StringBuilder text = new StringBuilder("#compdef arbiter arbiterctl\n").append(HEAD);
    text.append("\n_arbiter() {\n  _arguments -s \\\n");
    for (String action : Arguments.ACTIONS.keySet()) {
      zsh(text, action, HelpText.action(action), Value.ofAction(action));
    }
    for (Setting setting : settings()) {
      Value value = Value.of(setting);
      for (String flag : spellings(setting)) {
        zsh(text, flag, brief(setting), value);
      }
    }
    text.append("    '1:app:_files'\n}\n\n_arbiterctl() {\n  _arguments -s \\\n");
    OPTIONS.forEach((flag, help) -> zsh(text, flag, help, Value.ofCtl(flag)));
    return text.append("    '1:command:(")
        .append(String.join(" ", ctlCommands()))
        .append(")'\n}\n\nif [[ $service = arbiterctl ]]; then\n  _arbiterctl \"$@\"\nelse\n")
        .append("  _arbiter \"$@\"\nfi\n")
        .toString();
  }

  private static void zsh(StringBuilder text, String flag, String help, Value value) {
    text.append("    '*")
        .append(flag)
        .append('[')
        .append(help.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]"))
        .append(']')
        .append(value.zsh())
        .append("' \\\n");
  }

  static String fish() {
    StringBuilder text = new StringBuilder(HEAD);
    for (String action : Arguments.ACTIONS.keySet()) {
      List<String> flags = new ArrayList<>(List.of(action));
      flags.addAll(Arguments.ACTIONS.getOrDefault(action, List.of()));
      fish(text, "arbiter", flags, Value.ofAction(action), HelpText.action(action));
    }
    for (Setting setting : settings()) {
      fish(text, "arbiter", spellings(setting), Value.of(setting), brief(setting));
    }
    text.append(
        "complete -c arbiter -n __fish_use_subcommand -a init -d 'write a small project'\n");
    text.append("complete -c arbiterctl -f\n");
    CtlCommand.commands()
        .forEach(
            (usage, help) ->
                text.append(
                    "complete -c arbiterctl -n __fish_use_subcommand -a %s -d '%s'\n"
                        .formatted(usage.split(" ")[0], help.replace("'", "\\'"))));
    OPTIONS.forEach(
        (flag, help) -> fish(text, "arbiterctl", List.of(flag), Value.ofCtl(flag), help));
    return text.toString();
  }

  private static void fish(
      StringBuilder text, String command, List<String> flags, Value value, String help) {
    text.append("complete -c ").append(command);
    for (String flag : flags) {
      text.append(
          flag.startsWith("--")
              ? " -l " + flag.substring(2)
              : (flag.length() == 2 ? " -s " : " -o ") + flag.substring(1));
    }
    text.append(value.fish()).append(" -d '").append(help.replace("'", "\\'")).append("'\n");
  }
}
