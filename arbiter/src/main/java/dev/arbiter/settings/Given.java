package dev.arbiter.settings;

import java.util.List;

/**
 * A setting that one place gave, not yet checked.
 *
 * @param values the texts as they stand there; more than one only for a list
 */
public record Given(Setting setting, List<String> values, Source source) {

  /** Copies the list. */
  public Given {
    values = List.copyOf(values);
  }

  /** The texts in one, for messages. */
  String text() {
    return String.join(" ", values);
  }
}
