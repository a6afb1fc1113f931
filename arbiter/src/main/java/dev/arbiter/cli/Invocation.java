package dev.arbiter.cli;

import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;

/** What a command line asks for. */
public sealed interface Invocation {

  /** Start the arbiter. */
  record Run(Config config) implements Invocation {}

  /** Print the settings ({@link Config#print}) and end. */
  record PrintConfig(Config config) implements Invocation {}

  /** Try the app in a worker and end. */
  record CheckConfig(Config config) implements Invocation {}

  /** See whether this arbiter could take the place of one that runs so, say who it is, and end. */
  record CheckUpgrade(Config config) implements Invocation {}

  /** Write a small project into {@code folder} and end. */
  record Init(java.nio.file.Path folder) implements Invocation {}

  /** Print {@code text} and end. */
  record Help(String text) implements Invocation {}

  /** Print {@code text} and end. */
  record Version(String text) implements Invocation {}

  /**
   * Print both lines to standard error and end with {@code exitCode}.
   *
   * @param hint what to do; may be empty
   */
  record Failure(String message, String hint, int exitCode) implements Invocation {
    static Failure of(SettingsException e) {
      return new Failure(e.message(), e.hint(), SettingsException.EXIT_CODE);
    }
  }
}
