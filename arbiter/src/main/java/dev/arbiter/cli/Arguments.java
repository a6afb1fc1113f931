package dev.arbiter.cli;

import dev.arbiter.settings.Given;
import dev.arbiter.settings.Nearest;
import dev.arbiter.settings.Setting;
import dev.arbiter.settings.Settings;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.settings.Source;
import dev.arbiter.settings.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/**
 * Takes a command line apart with a picocli model built from the table of settings. Checks names
 * only; values are checked where all places come together.
 *
 * @param given what it sets
 * @param actions the flags of {@link #ACTIONS} it holds
 */
record Arguments(List<Given> given, Set<String> actions) {

  static final String HELP = "--help";
  static final String VERSION = "--version";
  static final String PRINT = "--print-config";
  static final String CHECK = "--check-config";

  /** Flags that ask for something else than a running arbiter, with their short forms and help. */
  static final Map<String, List<String>> ACTIONS = actionTable();

  private static final Map<String, Setting> BY_FLAG =
      Settings.all().stream()
          .flatMap(setting -> setting.flags().stream().map(flag -> Map.entry(flag, setting)))
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  private static final String SEE_HELP = "arbiter --help all lists every flag.";

  static Arguments parse(List<String> args, Source.Kind kind) throws SettingsException {
    CommandSpec spec = spec(args);
    ParseResult result;
    try {
      result = new CommandLine(spec).parseArgs(plain(args, kind));
    } catch (CommandLine.MissingParameterException e) {
      throw missing(e, kind);
    } catch (CommandLine.ParameterException e) {
      throw new SettingsException(prefix(kind) + e.getMessage(), SEE_HELP);
    }
    Set<String> actions =
        Set.copyOf(ACTIONS.keySet().stream().filter(result::hasMatchedOption).toList());
    if (!actions.contains(HELP) && !actions.contains(VERSION)) {
      rejectUnknown(result, kind);
    }
    List<Given> given = new ArrayList<>();
    for (Setting setting : Settings.all()) {
      List<String> texts = texts(setting, result);
      if (!texts.isEmpty()) {
        Source source = Source.flag(kind, spelling(setting, args));
        List<String> values = new ArrayList<>();
        for (String text : setting.isList() ? texts : List.of(texts.getLast())) {
          values.addAll(setting.parts(text));
        }
        given.add(new Given(setting, values, source));
      }
    }
    return new Arguments(List.copyOf(given), actions);
  }

  private static List<String> texts(Setting setting, ParseResult result) {
    if (setting.name().equals("app")) {
      String app = result.matchedPositionalValue(0, "");
      return app.isEmpty() ? List.of() : List.of(app);
    }
    if (setting.flags().isEmpty() || !result.hasMatchedOption(setting.flags().getFirst())) {
      return List.of();
    }
    Object value = result.matchedOptionValue(setting.flags().getFirst(), (Object) "");
    return value instanceof List<?> list
        ? list.stream().map(String::valueOf).toList()
        : List.of(String.valueOf(value));
  }

  /** Knows only the flags that {@code args} may hold: a model of all takes longer than the rest. */
  private static CommandSpec spec(List<String> args) {
    CommandSpec spec = CommandSpec.create().name("arbiter");
    spec.parser()
        .expandAtFiles(false)
        .overwrittenOptionsAllowed(true)
        .unmatchedArgumentsAllowed(true);
    for (Setting setting : Settings.all()) {
      if (setting.flags().stream().anyMatch(flag -> mayHold(args, flag))) {
        spec.addOption(option(setting));
      }
    }
    ACTIONS.forEach(
        (flag, shorts) ->
            spec.addOption(
                OptionSpec.builder(
                        Stream.concat(Stream.of(flag), shorts.stream()).toArray(String[]::new))
                    .type(boolean.class)
                    .build()));
    return spec.addPositional(
        PositionalParamSpec.builder().index("0").arity("0..1").type(String.class).build());
  }

  private static boolean mayHold(List<String> args, String flag) {
    if (flag.startsWith("--")) {
      return args.stream()
          .anyMatch(argument -> argument.startsWith(flag) || argument.startsWith(negated(flag)));
    }
    // Short flags stand together: -Rw4.
    String letters = flag.substring(1);
    return args.stream()
        .anyMatch(argument -> argument.startsWith("-") && argument.contains(letters));
  }

  private static OptionSpec option(Setting setting) {
    OptionSpec.Builder option = OptionSpec.builder(setting.flags().toArray(String[]::new));
    if (setting.isSwitch()) {
      // "no-control-socket" must not turn into "control-socket", which is a setting of its own.
      return option
          .type(Boolean.class)
          .arity("0")
          .negatable(!setting.name().startsWith("no-"))
          .build();
    }
    option.type(List.class).auxiliaryTypes(String.class).paramLabel(setting.type().placeholder());
    return option.arity("1").build();
  }

  /**
   * Settles what picocli cannot: whether the word after a flag with an optional value is that value
   * or the app, and that JVM options may look like flags of ours.
   */
  private static String[] plain(List<String> args, Source.Kind kind) throws SettingsException {
    List<String> result = new ArrayList<>();
    for (int i = 0; i < args.size(); i++) {
      String argument = args.get(i);
      int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
      Setting setting = BY_FLAG.get(equals < 0 ? argument : argument.substring(0, equals));
      if (setting == null) {
        result.add(argument);
      } else if (setting.isSwitch() && equals >= 0) {
        throw new SettingsException(
            prefix(kind) + argument + ": expected no value",
            "%s switches it on, %s off.".formatted(setting.flag(), negated(setting.flag())));
      } else if (setting.many() == Setting.Many.WORDS && i + 1 < args.size() && equals < 0) {
        result.add(argument + "= " + args.get(++i));
      } else if (setting.many() == Setting.Many.WORDS && equals >= 0) {
        result.add(argument.substring(0, equals) + "= " + argument.substring(equals + 1));
      } else if (!setting.bare().isEmpty() && equals < 0) {
        boolean hasValue = i + 1 < args.size() && isWord(setting, args.get(i + 1));
        result.add(argument + "=" + (hasValue ? args.get(++i) : setting.bare()));
      } else {
        result.add(argument);
        // Its value is not looked at, whatever it is.
        if (!setting.isSwitch() && equals < 0 && i + 1 < args.size()) {
          result.add(args.get(++i));
        }
      }
    }
    return result.toArray(String[]::new);
  }

  private static boolean isWord(Setting setting, String text) {
    return setting.type() instanceof Type.Choice choice && choice.words().contains(text);
  }

  private static void rejectUnknown(ParseResult result, Source.Kind kind) throws SettingsException {
    for (String argument : result.unmatched()) {
      if (argument.startsWith("-") && argument.length() > 1) {
        String flag =
            argument.contains("=") ? argument.substring(0, argument.indexOf('=')) : argument;
        throw new SettingsException(
            prefix(kind) + argument + ": no flag has this name" + Nearest.hint(flag, known()),
            SEE_HELP);
      }
    }
    if (!result.unmatched().isEmpty()) {
      throw new SettingsException(
          "%s%s: expected one app, and that is %s already"
              .formatted(
                  prefix(kind),
                  result.unmatched().getFirst(),
                  result.matchedPositionalValue(0, "")),
          "Flags that take a value take it from the next word; quote values with blanks.");
    }
  }

  private static List<String> known() {
    return Stream.concat(
            Settings.all().stream()
                .filter(setting -> setting.status() != Setting.Status.NOTHING)
                .flatMap(setting -> setting.flags().stream())
                .filter(flag -> flag.startsWith("--")),
            ACTIONS.keySet().stream())
        .toList();
  }

  private static SettingsException missing(
      CommandLine.MissingParameterException e, Source.Kind kind) {
    for (CommandLine.Model.ArgSpec argument : e.getMissing()) {
      if (argument instanceof OptionSpec option) {
        return new SettingsException(
            "%s%s: expected a value (%s)"
                .formatted(prefix(kind), option.longestName(), option.paramLabel()),
            SEE_HELP);
      }
    }
    return new SettingsException(prefix(kind) + e.getMessage(), SEE_HELP);
  }

  /** The flag as it was typed last, for messages: picocli does not say. */
  private static String spelling(Setting setting, List<String> args) {
    if (setting.flags().isEmpty()) {
      return "";
    }
    for (String argument : args.reversed()) {
      for (String flag : setting.flags()) {
        String name =
            argument.contains("=") ? argument.substring(0, argument.indexOf('=')) : argument;
        if (name.equals(flag) || (setting.isSwitch() && name.equals(negated(flag)))) {
          return name;
        }
      }
    }
    return setting.flag();
  }

  private static String negated(String flag) {
    return flag.startsWith("--") ? "--no-" + flag.substring(2) : flag;
  }

  private static String prefix(Source.Kind kind) {
    return kind == Source.Kind.ARGS_VARIABLE ? "ARBITER_ARGS: " : "";
  }

  private static Map<String, List<String>> actionTable() {
    Map<String, List<String>> table = new LinkedHashMap<>();
    table.put(HELP, List.of("-h"));
    table.put(VERSION, List.of("-v"));
    table.put(PRINT, List.of());
    table.put(CHECK, List.of());
    return table;
  }
}
