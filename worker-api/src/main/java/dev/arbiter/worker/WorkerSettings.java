package dev.arbiter.worker;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The settings the arbiter sent, by long name without dashes in front ({@code keep-alive}). The
 * arbiter has validated them: durations are milliseconds, sizes bytes, switches {@code true} or
 * {@code false}, 0 switches a limit off.
 *
 * @param values by name; what is not there has the default of whoever asks
 */
public record WorkerSettings(Map<String, String> values) {

  /**
   * {@return the text of a setting, if it was sent and is not empty}
   *
   * @param name such as {@code certfile}
   */
  public Optional<String> text(String name) {
    return Optional.ofNullable(values.get(name)).filter(value -> !value.isEmpty());
  }

  /**
   * {@return a whole number; {@code otherwise} if it was not sent}
   *
   * @param name such as {@code threads}
   * @param otherwise the default
   */
  public long number(String name, long otherwise) {
    String value = values.get(name);
    return value == null || value.isEmpty() ? otherwise : Long.parseLong(value);
  }

  /**
   * {@return a duration; {@code otherwise} if it was not sent} Zero means off.
   *
   * @param name such as {@code keep-alive}
   * @param otherwise the default; in whole milliseconds
   */
  public Duration duration(String name, Duration otherwise) {
    return Duration.ofMillis(number(name, otherwise.toMillis()));
  }

  /**
   * {@return a switch; {@code otherwise} if it was not sent}
   *
   * @param name such as {@code access-log}
   * @param otherwise the default
   */
  public boolean flag(String name, boolean otherwise) {
    String value = values.get(name);
    return value == null || value.isEmpty() ? otherwise : Boolean.parseBoolean(value);
  }
}
