package dev.arbiter.settings;

/** A text that is not a value of its type; the message says what is. */
final class Mismatch extends Exception {
  private static final long serialVersionUID = 1;

  Mismatch(String expected) {
    super(expected);
  }

  String expected() {
    String message = getMessage();
    return message == null ? "" : message;
  }
}
