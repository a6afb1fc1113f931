package dev.arbiter.settings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Reads {@code ARBITER_NAME} variables, and those that every platform sets. */
final class Environment {

  static final String PREFIX = "ARBITER_";

  /** Of the launcher and the command line: not settings. */
  private static final Set<String> OURS =
      Set.of(
          "ARBITER_ARGS",
          "ARBITER_HOME",
          "ARBITER_JVM_OPTS",
          "ARBITER_JAVA_HOME",
          "ARBITER_JDK_PATHS",
          "ARBITER_STATE_FD",
          "ARBITER_DETACHED",
          // What a worker has: an arbiter may be started by an app.
          "ARBITER_WORKER_NR",
          "ARBITER_WORKER_COUNT",
          "ARBITER_GENERATION",
          // What images that hold an arbiter tend to set.
          "ARBITER_VERSION");

  /** What an image or a worker's own arbiter has set, which an app may read. */
  private static final Set<String> FOR_ALL =
      Set.of(
          "ARBITER_HOME",
          "ARBITER_VERSION",
          "ARBITER_WORKER_NR",
          "ARBITER_WORKER_COUNT",
          "ARBITER_GENERATION");

  private Environment() {}

  /** Of an arbiter alone: its settings, which may hold secrets, and what its launcher takes. */
  static boolean isForArbiters(String name) {
    return name.startsWith(PREFIX)
        && !FOR_ALL.contains(name)
        && (OURS.contains(name) || Settings.find(name.substring(PREFIX.length())).isPresent());
  }

  /** {@code notices} takes what is passed over and should be said. */
  static List<Given> read(Map<String, String> environment, List<String> notices)
      throws SettingsException {
    List<Given> given = new ArrayList<>(platform(environment));
    Map<Setting, Source> seen = new HashMap<>();
    // Sorted, so that the same environment always makes the same message.
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      String name = variable.getKey();
      String value = variable.getValue();
      if (!name.startsWith(PREFIX) || OURS.contains(name) || value.isEmpty()) {
        continue;
      }
      if (isServiceLink(name, value)) {
        notices.add(name + " is not taken as a setting: Kubernetes sets it for a service");
        continue;
      }
      Setting setting = find(name, value);
      Source source = Source.variable(Source.Kind.ENVIRONMENT, name);
      Source before = seen.putIfAbsent(setting, source);
      if (before != null) {
        throw new SettingsException(
            "%s and %s name the same setting (%s)".formatted(before.name(), name, setting.name()),
            "Keep one of them.");
      }
      boolean blanks = setting.many() == Setting.Many.REPEATED;
      given.add(
          new Given(setting, blanks ? Words.split(value, name) : setting.parts(value), source));
    }
    return given;
  }

  /** The variables that stand for defaults, as with other servers. */
  private static List<Given> platform(Map<String, String> environment) throws SettingsException {
    List<Given> given = new ArrayList<>();
    String port = environment.getOrDefault("PORT", "");
    if (!port.isEmpty()) {
      Source source = Source.variable(Source.Kind.PLATFORM, "PORT");
      try {
        Settings.named("port").type().canonical(port);
      } catch (Mismatch e) {
        throw new SettingsException(
            source.with(port) + ": expected " + e.expected(), "A platform sets PORT; unset it.");
      }
      given.add(new Given(Settings.named("bind"), List.of("0.0.0.0:" + port), source));
    }
    for (Map.Entry<String, String> known :
        Map.of("WEB_CONCURRENCY", "workers", "FORWARDED_ALLOW_IPS", "forwarded-allow-ips")
            .entrySet()) {
      String value = environment.getOrDefault(known.getKey(), "");
      if (!value.isEmpty()) {
        given.add(
            new Given(
                Settings.named(known.getValue()),
                List.of(value),
                Source.variable(Source.Kind.PLATFORM, known.getKey())));
      }
    }
    return given;
  }

  private static Setting find(String variable, String value) throws SettingsException {
    String key = variable.substring(PREFIX.length());
    Setting setting = Settings.find(key).orElse(null);
    if (setting == null) {
      String nearest =
          Nearest.of(Settings.key(key), Settings.keys())
              .map(name -> "; the nearest is " + variable(name))
              .orElse("");
      throw new SettingsException(
          variable + "=" + value + ": no setting has this name" + nearest,
          "Unset it, or see docs/settings.md for all settings.");
    }
    return setting;
  }

  private static String variable(String key) {
    return PREFIX + key.replace('-', '_').toUpperCase(Locale.ROOT);
  }

  /** A service called "arbiter" gives every pod variables that look like ours. */
  private static boolean isServiceLink(String name, String value) {
    return name.startsWith("ARBITER_SERVICE_")
        || name.matches("ARBITER_PORT_[0-9]+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?")
        || (name.equals("ARBITER_PORT") && value.matches("(tcp|udp|sctp)://.*"));
  }
}
