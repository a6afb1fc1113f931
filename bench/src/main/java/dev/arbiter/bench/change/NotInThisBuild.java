package dev.arbiter.bench.change;

/** The arbiter says that it cannot do this. */
final class NotInThisBuild extends Exception {
  private static final long serialVersionUID = 1;

  NotInThisBuild(String message) {
    super(message);
  }
}
