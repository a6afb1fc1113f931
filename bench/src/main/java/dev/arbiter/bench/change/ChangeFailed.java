package dev.arbiter.bench.change;

/** The change did not come about, or not as it should. */
final class ChangeFailed extends Exception {
  private static final long serialVersionUID = 1;

  ChangeFailed(String message) {
    super(message);
  }
}
