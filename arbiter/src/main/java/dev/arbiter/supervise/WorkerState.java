package dev.arbiter.supervise;

/** Where a worker is, as the arbiter knows. How it moves on is {@link WorkerTable}. */
public enum WorkerState {
  /** Its process is being started, or has not said anything yet. */
  SPAWNED,
  /** It said hello and starts its app. */
  BOOTING,
  /** It could serve, and has not been told to. */
  READY,
  /** It accepts connections. */
  SERVING,
  /** It was silent: it accepts nothing any more while evidence is collected. */
  EJECTED,
  /** It leaves: of its own accord, because it was told to, or because it failed. */
  DRAINING,
  /** It was reaped. */
  GONE
}
