package dev.arbiter.release;

import dev.arbiter.process.WorkerKind;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.Settings;
import java.util.List;

/**
 * What a worker kind does not do, held against the settings. A worker would serve on without it,
 * and whoever asked for it would find out from a client.
 */
final class KindRules {
  private KindRules() {}

  /**
   * Looks for what the kind cannot serve with.
   *
   * @throws AppProblem with exit code 2: the settings ask for such a thing
   */
  static void check(Config config, WorkerKind kind) throws AppProblem {
    for (String refused : kind.refuses()) {
      int equals = refused.indexOf('=');
      String name = equals < 0 ? refused : refused.substring(0, equals);
      List<String> asked = changed(config, name);
      if (equals < 0 ? !asked.isEmpty() : asked.contains(refused.substring(equals + 1))) {
        throw new AppProblem(
            AppProblem.USAGE,
            "%s: the %s worker kind cannot do that".formatted(config.said(name), kind.name()),
            "",
            "leave it out, or choose another --worker-class:"
                + " docs/worker-kinds.md tells what each of them does");
      }
    }
  }

  /** What the settings ask for in vain: a line each. */
  static List<String> notices(Config config, WorkerKind kind) {
    return kind.ignores().stream()
        .filter(name -> !changed(config, name).isEmpty())
        .map(name -> config.said(name) + " has no effect with the " + kind.name() + " worker kind")
        .toList();
  }

  /**
   * What a setting asks for beyond its default; nothing where this arbiter does not know it, as
   * that of a kind made for a later one.
   */
  private static List<String> changed(Config config, String name) {
    Config.Value value = config.values().get(name);
    return value == null || value.texts().equals(Settings.named(name).defaults())
        ? List.of()
        : value.texts();
  }
}
