package dev.arbiter.worker;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The settings the arbiter sent, by long name without dashes in front ({@code keep-alive}). The
 * arbiter has validated them: durations are milliseconds, sizes bytes, switches {@code true} or
 * {@code false}, 0 switches a limit off.
 */
public record WorkerSettings(Map<String, String> values) {

  /** The text of a setting, if it was sent and is not empty. */
  public Optional<String> text(String name) {
    return Optional.ofNullable(values.get(name)).filter(value -> !value.isEmpty());
  }

  /** A whole number; {@code otherwise} if it was not sent. */
  public long number(String name, long otherwise) {
    String value = values.get(name);
    return value == null || value.isEmpty() ? otherwise : Long.parseLong(value);
  }

  /** A duration; {@code otherwise} if it was not sent. Zero means off. */
  public Duration duration(String name, Duration otherwise) {
    return Duration.ofMillis(number(name, otherwise.toMillis()));
  }

  /** A switch; {@code otherwise} if it was not sent. */
  public boolean flag(String name, boolean otherwise) {
    String value = values.get(name);
    return value == null || value.isEmpty() ? otherwise : Boolean.parseBoolean(value);
  }
}
