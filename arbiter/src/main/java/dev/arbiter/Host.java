package dev.arbiter;

/**
 * The program whose process an arbiter runs in, where that is not its own: it owns the signals, and
 * has its own steps of a start. Called by the arbiter, on its threads.
 */
interface Host {
  /** None: the arbiter has the process for itself. */
  Host NONE = new Host() {};

  /** Whether HUP, INT, TERM, USR1 and USR2 are the program's. */
  default boolean ownsSignals() {
    return false;
  }

  /**
   * All addresses are bound. Returns when the arbiter may go on.
   *
   * @throws InterruptedException it is not to go on
   */
  default void bound() throws InterruptedException {}

  /** The first workers serve. */
  default void ready() {}
}
