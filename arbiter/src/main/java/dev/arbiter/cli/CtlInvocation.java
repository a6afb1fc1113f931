package dev.arbiter.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What a command line of {@code arbiterctl} asks for. */
public sealed interface CtlInvocation {

  /**
   * Ask an arbiter.
   *
   * @param command such as {@code workers} or {@code reload}
   * @param number a slot or a count, where the command has one, else 0
   * @param awaits whether to wait for the outcome
   * @param sockets where the arbiter may be, the likeliest first
   * @param name of the arbiter; empty where a socket was given
   * @param json print what the arbiter says as JSON
   * @param timeout how long to wait for the answer; zero: for ever
   */
  record Ask(
      String command,
      int number,
      boolean awaits,
      List<Path> sockets,
      String name,
      boolean json,
      Duration timeout)
      implements CtlInvocation {}

  /** Print {@code text} and end. */
  record Print(String text) implements CtlInvocation {}

  /** Print both lines to standard error and end with exit code 2. */
  record Failure(String message, String hint) implements CtlInvocation {}
}
