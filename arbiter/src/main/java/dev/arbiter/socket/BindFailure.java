package dev.arbiter.socket;

import java.io.Serial;

/**
 * An address cannot be bound: one line that says which and why, and a hint. Exit code 5, or 2 if it
 * is no address.
 */
public final class BindFailure extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final int exitCode;
  private final boolean worthRetrying;
  private final String hint;

  BindFailure(int exitCode, boolean worthRetrying, String what, String hint) {
    super(what);
    this.exitCode = exitCode;
    this.worthRetrying = worthRetrying;
    this.hint = hint;
  }

  /** 5: in use or not permitted; 2: not an address of this machine, or not a socket. */
  public int exitCode() {
    return exitCode;
  }

  /** Whether the holder may be on its way out. */
  boolean worthRetrying() {
    return worthRetrying;
  }

  /** What to do. */
  public String hint() {
    return hint;
  }
}
