package dev.arbiter.settings;

/**
 * A setting that cannot be used. The message is one line: where the value came from, the value,
 * what was expected. The process ends with exit code 2.
 */
public final class SettingsException extends Exception {
  private static final long serialVersionUID = 1;

  /** The exit code of a process whose settings cannot be used. */
  public static final int EXIT_CODE = 2;

  private final String hint;

  /** {@code hint} is a second line saying what to do; empty if the message says it all. */
  public SettingsException(String message, String hint) {
    // A value may hold line breaks; a log line may not.
    super(message.replaceAll("\\R", " "));
    this.hint = hint;
  }

  /** The problem, in one line. */
  public String message() {
    String message = getMessage();
    return message == null ? "" : message;
  }

  /** What to do about it; may be empty. */
  public String hint() {
    return hint;
  }
}
