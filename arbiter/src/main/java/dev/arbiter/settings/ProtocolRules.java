package dev.arbiter.settings;

import static java.util.Objects.requireNonNull;

import dev.arbiter.settings.Config.Value;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Which versions of HTTP are spoken, where two settings say it. Used once. */
final class ProtocolRules {
  private final Map<String, Value> values;
  private final List<String> notices;

  private ProtocolRules(Map<String, Value> values, List<String> notices) {
    this.values = values;
    this.notices = notices;
  }

  /** Changes {@code values} where one follows from another. */
  static void settle(Map<String, Value> values, List<String> notices) throws SettingsException {
    new ProtocolRules(values, notices).settleProtocols();
  }

  /** {@code http-protocols} is another way to say {@code http}; the stronger place decides. */
  private void settleProtocols() throws SettingsException {
    Value list = value("http-protocols");
    Value http = value("http");
    if (list.texts().isEmpty() || http.source().compareTo(list.source()) > 0) {
      return;
    }
    Set<String> words =
        Set.copyOf(List.of(list.text().toLowerCase(Locale.ROOT).strip().split("[,\\s]+")));
    if (words.contains("h3")) {
      throw new SettingsException(
          list.source().with(list.text()) + ": h3 is not in this release", Resolver.SEE_SETTINGS);
    }
    if (!Set.of("h1", "h2").containsAll(words)) {
      throw new SettingsException(
          list.source().with(list.text()) + ": expected h1, h2, or both with a comma between",
          Settings.named("http-protocols").help() + ".");
    }
    String here = words.size() == 2 ? "auto" : words.contains("h2") ? "2" : "1";
    notices.add(list.source().with(list.text()) + " means http " + here + " here");
    values.put("http", new Value(List.of(here), list.source()));
  }

  private Value value(String name) {
    return requireNonNull(values.get(name), name);
  }
}
