package dev.arbiter.http.tls;

import java.io.Serial;

/** A file does not hold what it should. The message goes after the file's name. */
final class Unreadable extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final String hint;

  Unreadable(String what, String hint) {
    super(what);
    this.hint = hint;
  }

  /** What to do; may be empty. */
  String hint() {
    return hint;
  }
}
