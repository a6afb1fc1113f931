package dev.arbiter;

import dev.arbiter.control.Json;
import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.observe.LogPlan;
import dev.arbiter.process.Kernel;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.worker.Syslog;
import dev.arbiter.worker.WorkerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The arbiter's own log, as the settings want it. */
final class OwnLog {
  private static final int STDERR = 2;

  private OwnLog() {}

  /**
   * Opens it.
   *
   * @throws SettingsException it cannot be written, or its configuration is wrong
   */
  static ArbiterLog open(Config config) throws SettingsException {
    Optional<String> source = source(config);
    try {
      return new ArbiterLog(
          new LogPlan(
              config.text("log-level"),
              file(config),
              config.text("log-format").equals("json"),
              colours(config, System.getenv()),
              source.isPresent()
                  ? Optional.of(configuration(config, source.get()))
                  : Optional.empty(),
              config.flag("log-syslog")
                  ? Optional.of(Syslog.from(new WorkerSettings(config.forWorker())))
                  : Optional.empty()));
    } catch (IOException e) {
      if (source.isPresent()) {
        throw new SettingsException(
            "%s: %s".formatted(where(config, source.get()), why(e)),
            "docs/settings.md says what it may hold.");
      }
      throw new SettingsException(
          "The log cannot be written: " + e, "give another file with --error-logfile");
    }
  }

  /** The file it goes to, if it goes to one. */
  static Optional<Path> file(Config config) {
    if (source(config).isPresent()) {
      return Optional.empty(); // the configuration says where, and --error-logfile nothing
    }
    return config.has("error-logfile") && !config.text("error-logfile").equals("-")
        ? Optional.of(config.path("error-logfile"))
        : Optional.empty();
  }

  private static Optional<String> source(Config config) {
    for (String name : java.util.List.of("log-config", "log-config-json", "logconfig-dict")) {
      if (config.has(name)) {
        return Optional.of(name);
      }
    }
    return Optional.empty();
  }

  private static LogPlan.Configuration configuration(Config config, String name)
      throws IOException {
    return switch (name) {
      case "logconfig-dict" -> new LogPlan.ConfigurationTree(Json.readObject(config.text(name)));
      case "log-config-json" ->
          new LogPlan.ConfigurationTree(Json.readObject(Files.readString(config.path(name))));
      default ->
          config.text(name).endsWith(".json")
              ? new LogPlan.ConfigurationTree(Json.readObject(Files.readString(config.path(name))))
              : new LogPlan.ConfigurationFile(config.path(name));
    };
  }

  private static String where(Config config, String name) {
    return name.equals("logconfig-dict")
        ? config.source(name).named()
        : config.source(name).with(config.text(name));
  }

  private static String why(IOException e) {
    return e instanceof java.nio.file.NoSuchFileException
        ? "no such file"
        : String.valueOf(e.getMessage());
  }

  /** As told; else on a terminal, unless it or the user wants none (NO_COLOR, TERM=dumb). */
  static boolean colours(Config config, Map<String, String> environment) {
    if (config.has("use-colors")) {
      return config.flag("use-colors");
    }
    return environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !environment.getOrDefault("TERM", "dumb").equals("dumb")
        && Kernel.isTerminal(STDERR);
  }
}
