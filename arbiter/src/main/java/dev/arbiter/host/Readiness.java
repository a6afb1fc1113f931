package dev.arbiter.host;

import java.time.Duration;

/**
 * Waits for the fleet of a start to be ready: all of the first workers serve; or, where one of them
 * cannot be brought up, one does and there was time for the others. A start that never ends would
 * be worse. On one thread.
 */
public final class Readiness {
  private final long until;
  private final Runnable then;
  private boolean told;

  /**
   * @param patience how long the first workers may take
   * @param then run once, by {@link #look}
   */
  public Readiness(Duration patience, Runnable then) {
    this.until = System.nanoTime() + patience.toNanos();
    this.then = then;
  }

  /** How it stands now. */
  public void look(Standing standing) {
    if (!told && isReady(standing, System.nanoTime() - until >= 0)) {
      told = true;
      then.run();
    }
  }

  static boolean isReady(Standing standing, boolean late) {
    return switch (standing.state()) {
      case STARTING -> standing.serving() > 0 && late;
      case STOPPING -> false;
      case STEADY, RELOADING, PROBATION, ROLLING_BACK, UPGRADING -> true;
    };
  }
}
