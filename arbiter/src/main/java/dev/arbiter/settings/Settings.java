package dev.arbiter.settings;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The table of all settings, and the ways to find a row in it. */
public final class Settings {

  private static final List<Setting> ALL =
      Stream.of(
              ProcessSettings.rows(), TimeSettings.rows(), HttpSettings.rows(), LogSettings.rows())
          .flatMap(List::stream)
          .toList();
  private static final Map<String, Setting> BY_KEY = byKey();

  private Settings() {}

  /** Every setting, in the order of the documents. */
  public static List<Setting> all() {
    return ALL;
  }

  /** The settings that work in this release. */
  public static List<Setting> here() {
    return ALL.stream().filter(setting -> setting.status() == Setting.Status.HERE).toList();
  }

  /** The setting of that name. Asking for one that does not exist is a mistake in the program. */
  public static Setting named(String name) {
    Setting setting = BY_KEY.get(name);
    if (setting == null || !setting.name().equals(name)) {
      throw new IllegalArgumentException("no setting is called " + name);
    }
    return setting;
  }

  /** The setting an operator means by {@code key}: second names and underscores are welcome. */
  static Optional<Setting> find(String key) {
    return Optional.ofNullable(BY_KEY.get(key(key)));
  }

  /** Every name a setting has in a file. */
  static Set<String> keys() {
    return BY_KEY.keySet();
  }

  /** {@code Max_Requests} as {@code max-requests}. */
  static String key(String name) {
    return name.replace('_', '-').toLowerCase(Locale.ROOT);
  }

  private static Map<String, Setting> byKey() {
    Map<String, Setting> byKey = new HashMap<>();
    for (Setting setting : ALL) {
      for (String key : setting.allKeys()) {
        Setting other = byKey.put(key, setting);
        if (other != null) {
          throw new IllegalStateException(
              key + " names both " + other.name() + " and " + setting.name());
        }
      }
    }
    return Map.copyOf(byKey);
  }
}
