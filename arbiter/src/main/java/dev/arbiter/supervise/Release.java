package dev.arbiter.supervise;

import java.util.ArrayList;
import java.util.List;

/**
 * One generation: its number, its settings, and how many slots it wants, which TTIN and TTOU
 * change. So a reload brings the number of workers back to what the settings say, and one that
 * fails changes nothing.
 */
final class Release {
  final long generation;
  final FleetPolicy policy;

  /** Who waits to hear what became of it. */
  final List<Long> tickets = new ArrayList<>();

  int wanted;

  /**
   * It was tried and is given up, why: its workers leave, and nobody takes their place. Empty while
   * it is not.
   */
  String dropped = "";

  /** Why no worker can be booted from it as it was; empty while one can. */
  String lost = "";

  /** What its probation came to, for the answer to who asked for it. */
  String remark = "";

  Release(long generation, FleetPolicy policy) {
    this.generation = generation;
    this.policy = policy;
    this.wanted = policy.workers();
  }

  /** So many slots, or as many as there is room for; at least one. */
  void want(int slots) {
    wanted = Math.max(1, policy.room().most(slots));
  }

  boolean isDropped() {
    return !dropped.isEmpty();
  }
}
