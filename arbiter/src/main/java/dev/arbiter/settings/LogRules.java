package dev.arbiter.settings;

import static java.util.Objects.requireNonNull;

import dev.arbiter.settings.Config.Value;
import dev.arbiter.settings.Source.Kind;
import dev.arbiter.worker.AccessAtoms;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the settings of the logs say together. Used once. */
final class LogRules {
  private final Map<String, Value> values;
  private final List<String> notices;

  private LogRules(Map<String, Value> values, List<String> notices) {
    this.values = values;
    this.notices = notices;
  }

  /** Changes {@code values} where one follows from another. */
  static void settle(Map<String, Value> values, List<String> notices) throws SettingsException {
    LogRules rules = new LogRules(values, notices);
    rules.settleAccessLog();
    rules.settleLog();
  }

  /** Only one of the ways to configure Log4j, and what it makes void. */
  private void settleLog() throws SettingsException {
    List<String> given =
        Stream.of("log-config", "log-config-json", "logconfig-dict")
            .filter(name -> !value(name).text().isEmpty())
            .toList();
    if (given.isEmpty()) {
      return;
    }
    Source first = value(given.getFirst()).source();
    if (given.size() > 1) {
      throw new SettingsException(
          "%s and %s: expected one of them"
              .formatted(first.named(), value(given.get(1)).source().named()),
          "Both say how the arbiter logs.");
    }
    for (String name : List.of("log-level", "error-logfile", "log-format", "use-colors")) {
      if (value(name).source().kind() != Kind.DEFAULT) {
        notices.add(value(name).source().named() + " does nothing beside " + first.named());
      }
    }
  }

  private void settleAccessLog() {
    Value file = value("access-logfile");
    Value log = value("access-log");
    if (file.source().compareTo(log.source()) > 0) {
      values.put("access-log", new Value(List.of("true"), file.source()));
    }
    Value format = value("access-logformat");
    List<String> unknown =
        format.text().equals("json") ? List.of() : AccessAtoms.unknown(format.text());
    if (value("access-log").text().equals("true") && !unknown.isEmpty()) {
      notices.add(
          "%s: %s not known, and printed as -"
              .formatted(
                  format.source().named(),
                  String.join(" ", unknown) + (unknown.size() == 1 ? " is" : " are")));
    }
  }

  private Value value(String name) {
    return requireNonNull(values.get(name), name);
  }
}
