package dev.arbiter.supervise;

/** Where the fleet as a whole is. What it does with a request in each is {@link FleetTable}. */
public enum FleetState {
  /** The first workers boot; until one was ready, a failure ends the arbiter. */
  STARTING,
  /** Serving; a slot that falls vacant is filled again. */
  STEADY,
  /** A new generation is resolved, tried, or takes over slot by slot. */
  RELOADING,
  /** A new worker serves beside the old ones and is compared with them. */
  PROBATION,
  /** A new generation was judged bad and leaves. */
  ROLLING_BACK,
  /** The arbiter that is installed now is tried, to take this one's place. */
  UPGRADING,
  /** Everybody leaves, the arbiter last. */
  STOPPING
}
