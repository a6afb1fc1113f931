package dev.arbiter.http.tls;

import java.io.Serial;

/** A setting of TLS cannot be used. The message is the line for the operator. */
final class Wrong extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final String hint;

  Wrong(String message, String hint) {
    super(message);
    this.hint = hint;
  }

  Wrong(String message, String hint, Throwable cause) {
    super(message, cause);
    this.hint = hint;
  }

  Wrong(Files.Named file, String what, String hint) {
    this(file.setting() + " " + file.path() + " " + what, hint);
  }

  /** What to do; may be empty. */
  String hint() {
    return hint;
  }
}
