package dev.arbiter.release;

import java.io.Serial;

/**
 * The app cannot be had: one line that says what and where, what the compiler printed, and a hint.
 */
public final class AppProblem extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /** The command line does not say which app. */
  public static final int USAGE = 2;

  /** The app was not found or does not compile. */
  public static final int APP = 4;

  private final int exitCode;
  private final String detail;
  private final String hint;

  AppProblem(int exitCode, String what, String detail, String hint) {
    super(what);
    this.exitCode = exitCode;
    this.detail = detail;
    this.hint = hint;
  }

  public int exitCode() {
    return exitCode;
  }

  /** What a tool printed, as it printed it; may be empty. */
  public String detail() {
    return detail;
  }

  /** What to do; may be empty. */
  public String hint() {
    return hint;
  }
}
