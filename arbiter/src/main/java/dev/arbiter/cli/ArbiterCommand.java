package dev.arbiter.cli;

import dev.arbiter.settings.Config;
import dev.arbiter.settings.Given;
import dev.arbiter.settings.Nearest;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.settings.Source;
import dev.arbiter.settings.Words;
import dev.arbiter.upgrade.Launch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The command {@code arbiter}: from arguments and environment to what is asked for. */
public final class ArbiterCommand {

  static final String VERSION = "0.1.0";

  private static final String INIT = "init";

  private ArbiterCommand() {}

  /** Reads everything; prints nothing and does not end the process. */
  public static Invocation read(String[] args, Map<String, String> environment, Path cwd) {
    boolean check = args.length > 0 && args[0].equals(Launch.CHECK);
    List<String> words = List.of(args).subList(check ? 1 : 0, args.length);
    try {
      if (!words.isEmpty() && words.getFirst().equals(INIT)) {
        return init(words.subList(1, words.size()), cwd);
      }
      Arguments line = Arguments.parse(words, Source.Kind.COMMAND_LINE);
      if (line.actions().contains(Arguments.HELP)) {
        return help(words);
      }
      if (line.actions().contains(Arguments.VERSION)) {
        return new Invocation.Version(HelpText.version());
      }
      Config config = load(line, environment, cwd);
      if (check && !line.actions().isEmpty()) {
        throw new SettingsException("An arbiter that only checks is not upgraded", "");
      }
      if (check) {
        return new Invocation.CheckUpgrade(config);
      }
      if (line.actions().contains(Arguments.CHECK)) {
        return new Invocation.CheckConfig(config);
      }
      return line.actions().contains(Arguments.PRINT)
          ? new Invocation.PrintConfig(config)
          : new Invocation.Run(config);
    } catch (SettingsException e) {
      return Invocation.Failure.of(e);
    }
  }

  /** {@code --help}, or what stands behind it. */
  private static Invocation help(List<String> words) throws SettingsException {
    int at = Math.max(words.indexOf(Arguments.HELP), words.indexOf("-h"));
    String topic = at + 1 < words.size() ? words.get(at + 1) : "";
    if (topic.isEmpty() || topic.startsWith("-") || topic.contains(":")) {
      return new Invocation.Help(HelpText.help());
    }
    String known = topic.toLowerCase(java.util.Locale.ROOT);
    if (!HelpText.topics().contains(known)) {
      throw new SettingsException(
          "--help " + topic + ": expected " + Nearest.oneOf(known, HelpText.topics()), "");
    }
    return new Invocation.Help(HelpText.help(known));
  }

  private static Invocation init(List<String> words, Path cwd) throws SettingsException {
    if (words.size() > 1 || words.stream().anyMatch(word -> word.startsWith("-"))) {
      throw new SettingsException(
          "init %s: expected one folder, or none for the current one"
              .formatted(String.join(" ", words)),
          "arbiter init FOLDER writes a small project there.");
    }
    return new Invocation.Init(words.isEmpty() ? cwd : cwd.resolve(words.getFirst()).normalize());
  }

  /**
   * The settings of an arbiter that takes another's place and finds its own broken since the dry
   * run: those that are in force, until a reload reads better ones.
   *
   * @throws SettingsException the command line itself is wrong
   */
  public static Config inForce(
      Config running, String[] args, Map<String, String> environment, Path cwd)
      throws SettingsException {
    Arguments line = Arguments.parse(List.of(args), Source.Kind.COMMAND_LINE);
    return running.readFrom(given(line, environment), environment, cwd);
  }

  private static Config load(Arguments line, Map<String, String> environment, Path cwd)
      throws SettingsException {
    return Config.load(given(line, environment), environment, cwd);
  }

  private static List<Given> given(Arguments line, Map<String, String> environment)
      throws SettingsException {
    List<Given> given = new ArrayList<>();
    String variable = environment.getOrDefault("ARBITER_ARGS", "");
    if (!variable.isBlank()) {
      Arguments more =
          Arguments.parse(Words.split(variable, "ARBITER_ARGS"), Source.Kind.ARGS_VARIABLE);
      for (String action : more.actions()) {
        throw new SettingsException(
            "ARBITER_ARGS: " + action + ": only for the command line", "Remove it.");
      }
      given.addAll(more.given());
    }
    given.addAll(line.given());
    return given;
  }
}
