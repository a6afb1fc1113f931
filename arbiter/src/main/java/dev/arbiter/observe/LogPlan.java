package dev.arbiter.observe;

import dev.arbiter.worker.Syslog;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What the arbiter's own log is to be.
 *
 * @param level the least important to log: {@code trace debug info warning error critical}; with a
 *     {@code configuration}, that decides
 * @param file where to write; empty for standard error
 * @param json an object in each line, instead of text
 * @param colours whether the level stands out, on standard error
 * @param configuration of Log4j 2, in place of {@code file}, {@code json} and {@code colours}
 * @param syslog a daemon that gets the same lines
 */
public record LogPlan(
    String level,
    Optional<Path> file,
    boolean json,
    boolean colours,
    Optional<Configuration> configuration,
    Optional<Syslog> syslog) {

  /** A configuration of Log4j 2. */
  public sealed interface Configuration {}

  /** A file of it, in XML or properties. */
  public record ConfigurationFile(Path path) implements Configuration {}

  /** What such a file in JSON would say: maps, lists and plain values. */
  public record ConfigurationTree(Map<String, Object> members) implements Configuration {}

  /** Text, and nowhere else. */
  public static LogPlan text(String level, Optional<Path> file) {
    return new LogPlan(level, file, false, false, Optional.empty(), Optional.empty());
  }
}
