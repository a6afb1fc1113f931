package dev.arbiter.worker;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A worker cannot start, and it is known why. Carries what the arbiter prints and exits with. */
public final class BootFailure extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /** A setting that only a worker can check is wrong. */
  public static final int WRONG_SETTING = 2;

  /** The worker, or the app's start-up, failed after the app was constructed. */
  public static final int WORKER_FAILED = 3;

  /** The app was not found, not compiled, is not of a known type, or its constructor threw. */
  public static final int APP_FAILED = 4;

  private final int exitCode;
  private final String hint;

  /**
   * Made of what the arbiter prints.
   *
   * @param exitCode {@link #WRONG_SETTING}, {@link #WORKER_FAILED} or {@link #APP_FAILED}
   * @param what one line: what failed and where
   * @param hint one line: what to do; may be empty
   * @param cause whose stack trace is printed; null if {@code what} says it all
   */
  public BootFailure(int exitCode, String what, String hint, @Nullable Throwable cause) {
    super(what, cause);
    this.exitCode = exitCode;
    this.hint = hint;
  }

  /** {@return the arbiter's exit code, if this is its first start} */
  public int exitCode() {
    return exitCode;
  }

  /** {@return what to do} */
  public String hint() {
    return hint;
  }
}
