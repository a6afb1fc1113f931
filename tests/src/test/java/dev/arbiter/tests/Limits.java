package dev.arbiter.tests;

import java.time.Duration;

/**
 * How long the tests wait for what must happen. Far more than it takes, since a busy machine is not
 * a fault; a limit that is itself the promise under test is written in that test instead.
 */
final class Limits {
  /** An arbiter and all its workers, from nothing. */
  static final Duration START = Duration.ofSeconds(60);

  /** A replacement, a reload, a stop. */
  static final Duration CHANGE = Duration.ofSeconds(45);

  /** One response. */
  static final Duration ANSWER = Duration.ofSeconds(15);

  /** The longest that a client may wait, through any change, for an app that answers at once. */
  static final Duration STALL = Duration.ofSeconds(1);

  private Limits() {}
}
