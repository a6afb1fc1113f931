package dev.arbiter.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Every setting with its value and where that came from, checked. Immutable; any thread.
 *
 * <p>Made by {@link #load} from what the command line said; {@link #reread} makes the next one for
 * a reload.
 */
public final class Config {

  /**
   * A setting's value.
   *
   * @param texts in canonical form; empty: not set and without a default
   */
  public record Value(List<String> texts, Source source) {
    public Value {
      texts = List.copyOf(texts);
    }

    String text() {
      return texts.isEmpty() ? "" : texts.getLast();
    }
  }

  /** A setting that two configurations disagree on. */
  public record Change(String name, String before, String now) {
    @Override
    public String toString() {
      return name + " (" + before + ", now " + now + ")";
    }
  }

  /**
   * A setting as an operator sees it.
   *
   * @param value its parts in canonical form: milliseconds, bytes
   * @param shown the same as it would stand in a settings file
   * @param source as {@link Source} prints it
   */
  public record Entry(String name, String group, List<String> value, String shown, String source) {}

  /**
   * What {@link #load} was given, for {@link #reread}.
   *
   * @param arguments from {@code ARBITER_ARGS} and the command line
   */
  record Origin(List<Given> arguments, Map<String, String> environment, Path cwd) {
    Origin {
      arguments = List.copyOf(arguments);
      environment = Map.copyOf(environment);
    }
  }

  private final Map<String, Value> values;
  private final Map<String, String> envFile;
  private final List<String> notices;
  private final Path directory;
  private final Origin origin;

  Config(
      Map<String, Value> values,
      Map<String, String> envFile,
      List<String> notices,
      Path directory,
      Origin origin) {
    this.values = new LinkedHashMap<>(values);
    this.envFile = new LinkedHashMap<>(envFile);
    this.notices = List.copyOf(notices);
    this.directory = directory;
    this.origin = origin;
  }

  /**
   * Reads the settings file and the environment, and puts them together with {@code arguments}.
   *
   * @param arguments what {@code ARBITER_ARGS} and the command line gave, already taken apart
   * @param cwd where a relative {@code --config} and {@code --chdir} start
   */
  public static Config load(List<Given> arguments, Map<String, String> environment, Path cwd)
      throws SettingsException {
    return load(arguments, environment, cwd, Machine::here);
  }

  static Config load(
      List<Given> arguments, Map<String, String> environment, Path cwd, Supplier<Machine> machine)
      throws SettingsException {
    return new Resolver(new Origin(arguments, environment, cwd), machine).resolve();
  }

  /** The same again, with the file as it is now. */
  public Config reread() throws SettingsException {
    return load(origin.arguments(), origin.environment(), origin.cwd());
  }

  /**
   * The settings of a generation that another arbiter has resolved. What that one did not know has
   * its default; what this one does not know is gone.
   *
   * @param values as {@link #values} gave them
   */
  public static Config carried(
      Map<String, Value> values, Map<String, String> envFile, Path directory) {
    Map<String, Value> all = new LinkedHashMap<>();
    for (Setting setting : Settings.all()) {
      all.put(
          setting.name(),
          values.getOrDefault(setting.name(), new Value(setting.defaults(), Source.DEFAULT)));
    }
    return new Config(
        all, envFile, List.of(), directory, new Origin(List.of(), Map.of(), directory));
  }

  /** These settings, which the next {@link #reread} reads as {@link #load} would. */
  public Config readFrom(List<Given> arguments, Map<String, String> environment, Path cwd) {
    return new Config(values, envFile, notices, directory, new Origin(arguments, environment, cwd));
  }

  /** Every setting's value, by name. */
  public Map<String, Value> values() {
    return Collections.unmodifiableMap(values);
  }

  /** What the {@code env-file} says. */
  public Map<String, String> envFile() {
    return Map.copyOf(envFile);
  }

  /** These settings, but those that a reload cannot change as they are in {@code running}. */
  public Config keeping(Config running) {
    Map<String, Value> kept = new LinkedHashMap<>(values);
    for (Setting setting : Settings.here()) {
      if (!setting.onReload()) {
        kept.put(setting.name(), running.value(setting.name()));
      }
    }
    return new Config(kept, envFile, notices, running.directory, origin);
  }

  /** The text of a setting; empty if it has none. */
  public String text(String name) {
    return value(name).text();
  }

  /** A whole number; 0 if it is not set. */
  public long number(String name) {
    require(Settings.named(name).type() instanceof Type.Whole, name, "a number");
    String text = text(name);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  /** A duration; zero means off. */
  public Duration duration(String name) {
    require(Settings.named(name).type() instanceof Type.Span, name, "a duration");
    String text = text(name);
    return text.isEmpty() ? Duration.ZERO : Duration.ofMillis(Long.parseLong(text));
  }

  /** A size in bytes; 0 if it is not set. */
  public long size(String name) {
    require(Settings.named(name).type() instanceof Type.Size, name, "a size");
    String text = text(name);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  /** A switch. */
  public boolean flag(String name) {
    require(Settings.named(name).isSwitch(), name, "a switch");
    return Boolean.parseBoolean(text(name));
  }

  /** A list; may be empty. */
  public List<String> list(String name) {
    require(Settings.named(name).isList(), name, "a list");
    return value(name).texts();
  }

  /**
   * A path made absolute, from {@link #directory}. Look first whether there is one ({@link #has})
   * and, for log files, whether its text is {@code -}.
   */
  public Path path(String name) {
    require(Settings.named(name).type() instanceof Type.FilePath, name, "a path");
    return directory.resolve(text(name)).normalize();
  }

  /** Whether a setting has a value, be it the default. */
  public boolean has(String name) {
    return !value(name).texts().isEmpty() && !text(name).isEmpty();
  }

  /** Whether anybody set it. */
  public boolean isGiven(String name) {
    return source(name).kind() != Source.Kind.DEFAULT;
  }

  /** Where a setting's value came from. */
  public Source source(String name) {
    return value(name).source();
  }

  /**
   * The start of a message about a setting's value: where it came from, and what it is. Not for
   * secrets.
   *
   * @throws IllegalArgumentException the setting is a secret
   */
  public String said(String name) {
    if (Settings.named(name).type() instanceof Type.Secret) {
      throw new IllegalArgumentException(name);
    }
    return isGiven(name) ? source(name).withText(text(name)) : name + " " + text(name);
  }

  /** Where to listen: {@code bind}, {@code host} and {@code port}, {@code uds} and {@code fd}. */
  public List<BindAddress> binds() {
    return list("bind").stream().map(BindAddress::parse).toList();
  }

  /** Where to listen without TLS beside them. */
  public List<BindAddress> insecureBinds() {
    return list("insecure-bind").stream().map(BindAddress::parse).toList();
  }

  /** Where workers run and relative paths start: {@code chdir}, or else the current folder. */
  public Path directory() {
    return directory;
  }

  /** What the operator should be told once: values of other servers, settings without effect. */
  public List<String> notices() {
    return notices;
  }

  /**
   * The environment of a worker: {@code base}, and what {@code env-file} adds to it, and what
   * {@code env} changes in it.
   */
  public Map<String, String> environment(Map<String, String> base) {
    Map<String, String> result = new LinkedHashMap<>(envFile);
    result.putAll(base);
    for (String pair : list("env")) {
      int equals = pair.indexOf('=');
      result.put(pair.substring(0, equals), pair.substring(equals + 1));
    }
    return result;
  }

  /** Whether a variable is an arbiter's own, that is a setting or for its launcher. */
  public static boolean isForArbiters(String variable) {
    return Environment.isForArbiters(variable);
  }

  /**
   * What workers are told: each setting that has a value, by name, durations in milliseconds, sizes
   * in bytes, lists with a line for each part. Without {@code env}, which they have as environment.
   */
  public Map<String, String> forWorker() {
    Map<String, String> result = new LinkedHashMap<>();
    for (Setting setting : Settings.here()) {
      if (has(setting.name()) && !setting.name().equals("env")) {
        result.put(setting.name(), String.join("\n", value(setting.name()).texts()));
      }
    }
    return result;
  }

  /** Whether every setting of this release has the same value, wherever that came from. */
  public boolean sameAs(Config other) {
    return envFile.equals(other.envFile)
        && Settings.here().stream()
            .map(Setting::name)
            .allMatch(name -> value(name).texts().equals(other.value(name).texts()));
  }

  /** Files and folders that settings name; not all need be there. */
  public Stream<Path> files() {
    return Settings.here().stream()
        .filter(setting -> setting.type() instanceof Type.FilePath)
        .flatMap(setting -> value(setting.name()).texts().stream())
        .filter(text -> !text.isEmpty() && !text.equals("-"))
        .map(text -> directory.resolve(text).normalize());
  }

  /** The settings that differ in {@code next} and that a reload cannot change. */
  public List<Change> differences(Config next) {
    List<Change> changes = new ArrayList<>();
    for (Setting setting : Settings.here()) {
      Value before = value(setting.name());
      Value now = next.value(setting.name());
      if (!setting.onReload() && !before.texts().equals(now.texts())) {
        changes.add(new Change(setting.name(), shown(setting, before), shown(setting, now)));
      }
    }
    return changes;
  }

  /** The settings of this release as a settings file, each with its source. */
  public String print() {
    StringBuilder text = new StringBuilder();
    for (Group group : Group.values()) {
      List<Setting> settings =
          Settings.here().stream().filter(setting -> setting.group() == group).toList();
      if (!settings.isEmpty()) {
        text.append(text.isEmpty() ? "" : "\n").append("# ").append(group.title()).append('\n');
      }
      for (Setting setting : settings) {
        Value value = value(setting.name());
        // What is not set and where the file itself lies cannot stand in the file.
        boolean asComment = value.texts().isEmpty() || setting.name().equals("config");
        text.append(asComment ? "# " : "")
            .append(setting.name())
            .append(value.texts().isEmpty() ? " is not set" : " = " + shown(setting, value))
            .append("  # ")
            .append(value.source())
            .append('\n');
      }
    }
    return text.toString();
  }

  /**
   * The settings of this release that have a value. Of {@code env} only the names: values of that
   * kind tend to be secrets, and who asks need not be who set them.
   */
  public List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    for (Setting setting : Settings.here()) {
      Value value = value(setting.name());
      if (!value.texts().isEmpty()) {
        Value told = told(setting, value);
        entries.add(
            new Entry(
                setting.name(),
                setting.group().title(),
                told.texts(),
                shown(setting, told),
                value.source().toString()));
      }
    }
    return entries;
  }

  private static Value told(Setting setting, Value value) {
    if (setting.type() instanceof Type.Secret) {
      return new Value(List.of(Type.Secret.told(value.text())), value.source());
    }
    return setting.name().equals("env")
        ? new Value(
            value.texts().stream()
                .map(pair -> pair.substring(0, pair.indexOf('=') + 1) + "...")
                .toList(),
            value.source())
        : value;
  }

  private static String shown(Setting setting, Value value) {
    if (setting.isList()) {
      return value.texts().stream()
          .map(setting.type()::shown)
          .collect(Collectors.joining(", ", "[", "]"));
    }
    return value.texts().isEmpty() ? "not set" : setting.type().shown(value.text());
  }

  private Value value(String name) {
    Value value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no setting is called " + name);
    }
    return value;
  }

  private static void require(boolean fits, String name, String kind) {
    if (!fits) {
      throw new IllegalArgumentException("the setting " + name + " is not " + kind);
    }
  }
}
