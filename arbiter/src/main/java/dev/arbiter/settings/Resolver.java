package dev.arbiter.settings;

import dev.arbiter.settings.Config.Origin;
import dev.arbiter.settings.Config.Value;
import dev.arbiter.settings.Setting.Status;
import dev.arbiter.settings.Source.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Puts together what all places say, checks it, and settles what depends on each other. Used once.
 */
final class Resolver {

  private static final String FILE_NAME = "arbiter.toml";
  static final String SEE_SETTINGS = "docs/settings.md lists what this release has.";

  private final Origin origin;
  private final Supplier<Machine> machine;
  private final List<String> notices = new ArrayList<>();
  private final Map<String, Value> values = new LinkedHashMap<>();

  Resolver(Origin origin, Supplier<Machine> machine) {
    this.origin = origin;
    this.machine = machine;
  }

  Config resolve() throws SettingsException {
    List<Given> given = new ArrayList<>(Environment.read(origin.environment(), notices));
    given.addAll(origin.arguments());
    given.addAll(file(given));

    for (Setting setting : Settings.all()) {
      values.put(setting.name(), new Value(setting.defaults(), Source.DEFAULT));
    }
    // Everything is checked, also what a stronger place overrides: a wrong line is wrong anyway.
    given.sort(Comparator.comparing(Given::source));
    Map<Setting, Given> strongest = new LinkedHashMap<>();
    for (Given one : given) {
      if (one.setting().status() == Status.HERE) {
        canonical(one);
      }
      strongest.put(one.setting(), one);
    }
    for (Given one : strongest.values()) {
      take(one);
    }
    settleBinds();
    TlsRules.check(values, notices);
    ProtocolRules.settle(values, notices);
    LogRules.settle(values, notices);
    settleWorkers();
    TimeRules.settle(values, notices);
    settleChange();
    checkControl();
    return new Config(values, envFile(), notices, directory(), origin);
  }

  /** The value of {@code name} before the file is read: the file depends on it. */
  private static Optional<Given> early(List<Given> given, String name) {
    return given.stream()
        .filter(one -> one.setting().name().equals(name))
        .max(Comparator.comparing(Given::source));
  }

  private List<Given> file(List<Given> given) throws SettingsException {
    Given config = early(given, "config").orElse(null);
    if (config == null) {
      List<Path> folders = new ArrayList<>();
      early(given, "chdir").ifPresent(chdir -> folders.add(origin.cwd().resolve(chdir.text())));
      folders.add(origin.cwd());
      for (Path folder : folders) {
        Path file = folder.resolve(FILE_NAME);
        if (Files.exists(file)) {
          List<Given> found = new ArrayList<>(read(file, FILE_NAME));
          Source source = Source.key(FILE_NAME, "config");
          found.add(new Given(Settings.named("config"), List.of(file.toString()), source));
          return found;
        }
      }
      return List.of();
    }
    String name = config.values().isEmpty() ? "" : config.values().getLast();
    if (name.startsWith("python:") || name.endsWith(".py")) {
      throw new SettingsException(
          config.source().with(name) + ": expected a TOML file",
          "Settings are written in TOML here: workers = 4. conf/arbiter.toml shows all of them.");
    }
    String path = name.startsWith("file:") ? name.substring("file:".length()) : name;
    return read(origin.cwd().resolve(path), config.source().with(name));
  }

  private List<Given> read(Path file, String where) throws SettingsException {
    Path fromHere = file.startsWith(origin.cwd()) ? origin.cwd().relativize(file) : file;
    try {
      return new TomlFile(file, fromHere.toString()).read();
    } catch (IOException e) {
      throw new SettingsException(
          where + ": the settings file cannot be read: " + TomlFile.reason(e),
          "--config names a file in TOML, relative to the current folder.");
    }
  }

  /** Checks one setting from one place; in canonical form. */
  private static List<String> canonical(Given given) throws SettingsException {
    Setting setting = given.setting();
    List<String> result = new ArrayList<>();
    for (String text : given.values()) {
      String value = setting.foreign().getOrDefault(text, text);
      try {
        result.add(setting.type().canonical(value));
      } catch (Mismatch e) {
        throw new SettingsException(
            given.source().withText(text) + ": expected " + e.expected(), setting.help() + ".");
      }
      if (setting.notYet().contains(result.getLast())) {
        throw new SettingsException(
            given.source().withText(text) + " is not in this release", SEE_SETTINGS);
      }
    }
    return result;
  }

  private void take(Given given) throws SettingsException {
    Setting setting = given.setting();
    Source source = given.source();
    switch (setting.status()) {
      case HERE -> {
        for (String text : given.values()) {
          String here = setting.foreign().get(text);
          if (here != null && !here.equals(text)) {
            notices.add(source.with(text) + " means " + setting.name() + " " + here + " here");
          }
        }
        values.put(setting.name(), new Value(canonical(given), source));
      }
      case NOTHING -> notices.add(source.named() + " does nothing here: " + setting.reason());
      case LATER -> takeLater(given);
    }
  }

  /** Refuses what a later release has, unless nothing is asked for. */
  private void takeLater(Given given) throws SettingsException {
    Setting setting = given.setting();
    boolean asksForNothing = true;
    for (String text : given.values()) {
      String here = setting.foreign().get(text);
      asksForNothing &= here != null || isDefault(setting, text) || setting.fine().contains(text);
      if (here != null) {
        notices.add(
            given.source().with(text)
                + " does nothing here: it means "
                + setting.name()
                + " "
                + here);
      }
    }
    if (asksForNothing) {
      return;
    }
    if (given.source().kind() == Kind.PLATFORM) {
      notices.add(
          given.source().named() + " is ignored: " + setting.name() + " is not in this release");
      return;
    }
    String value = setting.isSwitch() ? "" : " (value " + given.text() + ")";
    throw new SettingsException(
        given.source().named() + " is not in this release" + value, SEE_SETTINGS);
  }

  private static boolean isDefault(Setting setting, String text) {
    try {
      return text.isEmpty() || setting.defaults().equals(List.of(setting.type().canonical(text)));
    } catch (Mismatch e) {
      return false;
    }
  }

  /** The strongest place that names an address decides them all; what it names is added up. */
  private void settleBinds() throws SettingsException {
    List<String> names = List.of("bind", "host", "port", "uds", "fd");
    Kind strongest =
        names.stream()
            .map(name -> value(name).source().kind())
            .max(Comparator.naturalOrder())
            .get();
    List<String> binds = new ArrayList<>();
    List<String> sources = new ArrayList<>();
    BindAddress.Tcp base = base();
    for (String name : names) {
      Value value = value(name);
      if (value.source().kind() != strongest || value.texts().isEmpty()) {
        continue;
      }
      List<String> added =
          switch (name) {
            case "bind" -> value.texts();
            case "host" -> List.of(tcp(base).toString());
            case "port" ->
                value("host").source().kind() == strongest && !value("host").texts().isEmpty()
                    ? List.of()
                    : List.of(tcp(base).toString());
            case "uds" -> List.of(address(value, "unix:" + value.text()));
            default -> List.of(address(value, "fd://" + value.text()));
          };
      sources.add(value.source().toString());
      binds.addAll(added);
    }
    Value first = value("bind");
    Source source =
        sources.size() == 1 && first.source().kind() == strongest
            ? first.source()
            : new Source(strongest, String.join(", ", sources), String.join(", ", sources));
    List<String> all = new ArrayList<>(binds);
    all.addAll(value("insecure-bind").texts());
    rejectDoubles(all, source);
    values.put("bind", new Value(binds, source));
    for (String name : names.subList(1, names.size())) {
      values.put(name, new Value(List.of(), Source.DEFAULT));
    }
  }

  private static void rejectDoubles(List<String> binds, Source source) throws SettingsException {
    for (String bind : binds) {
      if (!bind.endsWith(":0") && binds.indexOf(bind) != binds.lastIndexOf(bind)) {
        throw new SettingsException(
            source.with(bind) + ": the same address twice", "Name each address once.");
      }
    }
  }

  /** The default address, or what {@code PORT} made of it. */
  private BindAddress.Tcp base() {
    Value bind = value("bind");
    boolean fallback = bind.source().kind().compareTo(Kind.PLATFORM) <= 0;
    String address = fallback ? bind.text() : Settings.named("bind").fallback();
    return (BindAddress.Tcp) BindAddress.parse(address);
  }

  private BindAddress.Tcp tcp(BindAddress.Tcp base) throws SettingsException {
    Value host = value("host");
    Value port = value("port");
    int number = port.texts().isEmpty() ? base.port() : Integer.parseInt(port.text());
    if (host.texts().isEmpty()) {
      return new BindAddress.Tcp(base.host(), number);
    }
    try {
      return new BindAddress.Tcp(BindAddress.host(host.text()), number);
    } catch (IllegalArgumentException e) {
      throw new SettingsException(
          host.source().with(host.text()) + ": expected " + e.getMessage(),
          Settings.named("host").help() + ".");
    }
  }

  private static String address(Value value, String address) throws SettingsException {
    try {
      return BindAddress.parse(address).toString();
    } catch (IllegalArgumentException e) {
      throw new SettingsException(
          value.source().with(value.text()) + ": expected " + e.getMessage(), "");
    }
  }

  private void settleWorkers() throws SettingsException {
    Value workers = value("workers");
    Value memory = value("memory");
    Value heap = value("worker-heap");
    if (workers.text().equals("auto")) {
      Machine here = machine.get();
      long available = memory.texts().isEmpty() ? here.memory() : Long.parseLong(memory.text());
      long count = new Machine(here.cores(), available).workers();
      values.put("workers", new Value(List.of(Long.toString(count)), workers.source()));
    }
    if (!memory.texts().isEmpty() && !heap.texts().isEmpty()) {
      long count = Long.parseLong(value("workers").text());
      if (Long.parseLong(heap.text()) * count > Long.parseLong(memory.text())) {
        throw new SettingsException(
            "%s: expected at most a share of %s for each of %d workers"
                .formatted(
                    heap.source().with(Type.Size.human(Long.parseLong(heap.text()))),
                    memory.source().with(Type.Size.human(Long.parseLong(memory.text()))),
                    count),
            "A JVM needs memory beside its heap, too; fewer workers, or more --memory.");
      }
    }
    if (value("max-requests").text().equals("0")
        && !value("max-requests-jitter").text().equals("0")) {
      notices.add(
          value("max-requests-jitter").source().named() + " does nothing without max-requests");
    }
  }

  /** What would leave nobody to be replaced, and bounds that cross. */
  private void settleChange() throws SettingsException {
    Value surge = value("max-surge");
    if (surge.text().equals("0") && value("max-unavailable").text().equals("0")) {
      throw new SettingsException(
          surge.source().with("0") + ": expected at least 1, or max-unavailable of at least 1",
          "A worker could neither be replaced before it leaves nor after.");
    }
    Value path = value("health-path");
    if (!path.texts().isEmpty() && !path.text().startsWith("/")) {
      throw new SettingsException(
          path.source().with(path.text()) + ": expected a path such as /health",
          Settings.named("health-path").help() + ".");
    }
    Value most = value("max-workers");
    Value fewest = value("min-workers");
    long workers = Long.parseLong(value("workers").text());
    long low = fewest.texts().isEmpty() ? 0 : Long.parseLong(fewest.text());
    long high = most.texts().isEmpty() ? 0 : Long.parseLong(most.text());
    if (low > 0 && high == 0 && low > workers || high > 0 && low > high) {
      throw new SettingsException(
          "%s: expected at most %d, the most workers there may be"
              .formatted(fewest.source().with(fewest.text()), high > 0 ? high : workers),
          "Give more with --max-workers.");
    }
    if (high > 0 && workers > high) {
      throw new SettingsException(
          "%s: expected at least %d, the number of workers to begin with"
              .formatted(most.source().with(most.text()), workers),
          "Begin with fewer: --workers.");
    }
  }

  private void checkControl() throws SettingsException {
    Value mode = value("control-socket-mode");
    if (!mode.text().matches("0[67][0-7]0")) {
      throw new SettingsException(
          mode.source().with(mode.text())
              + ": expected its user to read and write, and others nothing",
          "Who may write to the control socket may stop the arbiter: 0600, or 0660 with its group.");
    }
  }

  private Path directory() throws SettingsException {
    Value chdir = value("chdir");
    Path directory = origin.cwd().resolve(chdir.text()).normalize();
    if (!chdir.texts().isEmpty() && !Files.isDirectory(directory)) {
      throw new SettingsException(
          chdir.source().with(chdir.text()) + ": expected a folder that exists",
          "It is relative to the current folder, " + origin.cwd() + ".");
    }
    return directory;
  }

  private Map<String, String> envFile() throws SettingsException {
    Value file = value("env-file");
    return file.texts().isEmpty()
        ? Map.of()
        : EnvFile.read(directory().resolve(file.text()), file.source(), file.text());
  }

  private Value value(String name) {
    Value value = values.get(name);
    if (value == null) {
      throw new IllegalStateException(name);
    }
    return value;
  }
}
