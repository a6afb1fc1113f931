package dev.arbiter.host;

import dev.arbiter.supervise.FleetState;
import dev.arbiter.supervise.Words;

/**
 * How the fleet stands, as far as a service manager cares.
 *
 * @param degraded whether fewer workers serve than should, or too many were lost of late
 * @param wanted how many workers there are to be; 0 while they are stopped
 * @param serving workers that accept connections
 * @param others workers that boot or leave
 * @param generation the one that slots are filled with
 */
public record Standing(
    FleetState state, boolean degraded, int wanted, int serving, int others, long generation) {

  /** As {@code systemctl status} shows it. */
  String line() {
    return switch (state) {
      case STARTING -> "Starting: %d of %s ready".formatted(serving, workers(wanted));
      case STEADY ->
          wanted == 0
              ? "Paused: no worker is wanted"
              : "Serving: %d of %s, generation %d%s"
                  .formatted(serving, workers(wanted), generation, degraded ? ", degraded" : "");
      case STOPPING -> "Stopping: %s left".formatted(workers(serving + others));
      case RELOADING -> "Reloading" + change();
      case PROBATION -> "On probation" + change();
      case ROLLING_BACK -> "Rolling back" + change();
      case UPGRADING -> "Upgrading" + change();
    };
  }

  private String change() {
    return ": %s serving, %d booting or leaving, generation %d"
        .formatted(workers(serving), others, generation);
  }

  private static String workers(int count) {
    return Words.count(count, "worker");
  }
}
