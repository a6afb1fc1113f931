package dev.arbiter.observe;

import java.time.Instant;

/**
 * Who this arbiter is, from its start to its end.
 *
 * @param name {@code --name}
 * @param started by the wall clock
 * @param startedNanos the same by {@link System#nanoTime}
 */
public record Identity(String name, String version, long pid, Instant started, long startedNanos) {

  /** The wall clock's time of a moment on the clock of {@link System#nanoTime}. */
  Instant wallTime(long nanos) {
    return started.plusNanos(nanos - startedNanos);
  }
}
