package dev.arbiter.cli;

import dev.arbiter.settings.Setting;
import dev.arbiter.settings.Settings;
import dev.arbiter.settings.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

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

  private static boolean isPath(Setting setting) {
    return setting.type() instanceof Type.FilePath || setting.type() instanceof Type.Mount;
  }

  private static List<String> words(Setting setting) {
    return setting.type() instanceof Type.Choice choice ? choice.words() : List.of();
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
    for (Setting setting : settings()) {
      if (!words(setting).isEmpty()) {
        caseOf(text, setting.flags(), String.join(" ", words(setting)));
      }
    }
    text.append("    ")
        .append(
            settings().stream()
                .filter(Completions::isPath)
                .flatMap(setting -> setting.flags().stream())
                .collect(Collectors.joining(" | ")))
        .append(")\n      compopt -o default\n      return\n      ;;\n    ")
        .append(
            settings().stream()
                .filter(one -> !isPath(one) && !one.isSwitch() && words(one).isEmpty())
                .flatMap(setting -> setting.flags().stream())
                .collect(Collectors.joining(" | ")))
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
      String value =
          action.equals(Arguments.HELP)
              ? "::group:(" + String.join(" ", HelpText.topics()) + ")"
              : "";
      zsh(text, action, HelpText.action(action), value);
    }
    for (Setting setting : settings()) {
      String value =
          setting.isSwitch()
              ? ""
              : isPath(setting)
                  ? ":path:_files"
                  : words(setting).isEmpty()
                      ? ":value: "
                      : ":value:(" + String.join(" ", words(setting)) + ")";
      for (String flag : spellings(setting)) {
        zsh(text, flag, brief(setting), value);
      }
    }
    text.append("    '1:app:_files'\n}\n\n_arbiterctl() {\n  _arguments -s \\\n");
    OPTIONS.forEach(
        (flag, help) ->
            zsh(
                text,
                flag,
                help,
                flag.equals("--socket")
                    ? ":path:_files"
                    : List.of("--name", "--timeout").contains(flag) ? ":value: " : ""));
    return text.append("    '1:command:(")
        .append(String.join(" ", ctlCommands()))
        .append(")'\n}\n\nif [[ $service = arbiterctl ]]; then\n  _arbiterctl \"$@\"\nelse\n")
        .append("  _arbiter \"$@\"\nfi\n")
        .toString();
  }

  private static void zsh(StringBuilder text, String flag, String help, String value) {
    text.append("    '*")
        .append(flag)
        .append('[')
        .append(help.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]"))
        .append(']')
        .append(value)
        .append("' \\\n");
  }

  static String fish() {
    StringBuilder text = new StringBuilder(HEAD);
    for (String action : Arguments.ACTIONS.keySet()) {
      List<String> flags = new ArrayList<>(List.of(action));
      flags.addAll(Arguments.ACTIONS.getOrDefault(action, List.of()));
      String value =
          action.equals(Arguments.HELP) ? " -a '" + String.join(" ", HelpText.topics()) + "'" : "";
      fish(text, "arbiter", flags, value, HelpText.action(action));
    }
    for (Setting setting : settings()) {
      String value =
          setting.isSwitch()
              ? ""
              : isPath(setting)
                  ? " -rF"
                  : words(setting).isEmpty()
                      ? " -x"
                      : " -xa '" + String.join(" ", words(setting)) + "'";
      fish(text, "arbiter", spellings(setting), value, brief(setting));
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
        (flag, help) ->
            fish(
                text,
                "arbiterctl",
                List.of(flag),
                flag.equals("--socket")
                    ? " -rF"
                    : List.of("--name", "--timeout").contains(flag) ? " -x" : "",
                help));
    return text.toString();
  }

  private static void fish(
      StringBuilder text, String command, List<String> flags, String value, String help) {
    text.append("complete -c ").append(command);
    for (String flag : flags) {
      text.append(
          flag.startsWith("--")
              ? " -l " + flag.substring(2)
              : (flag.length() == 2 ? " -s " : " -o ") + flag.substring(1));
    }
    text.append(value).append(" -d '").append(help.replace("'", "\\'")).append("'\n");
  }
}
