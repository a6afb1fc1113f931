package dev.arbiter.testing;

/**
 * The app failed: the cause is what it threw, or says what it did wrong. A worker would log it, and
 * answer 500 or cut the connection.
 */
public final class AppFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  AppFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
