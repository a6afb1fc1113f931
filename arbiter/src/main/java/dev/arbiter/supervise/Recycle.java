package dev.arbiter.supervise;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who asked to be replaced, and in which order. Goal: workers that fill up at the same rate do not
 * leave together; {@link Staffing} takes one at a time, and drains it only when its replacement
 * serves.
 */
final class Recycle {
  private final Deque<Integer> order = new ArrayDeque<>();
  private final Map<Integer, String> reasons = new HashMap<>();
  private final Map<Integer, List<Long>> tickets = new HashMap<>();

  /** Whether this is new: a worker asks once. */
  boolean ask(int worker, String reason) {
    if (reasons.putIfAbsent(worker, reason) != null) {
      return false;
    }
    order.add(worker);
    return true;
  }

  /** Who waits for the worker in this slot to be replaced. */
  List<Long> tickets(int slot) {
    return tickets.computeIfAbsent(slot, key -> new ArrayList<>());
  }

  /** Slots whose worker somebody waits for to be replaced. */
  List<Integer> awaited() {
    tickets.values().removeIf(List::isEmpty);
    return List.copyOf(tickets.keySet());
  }

  /** All who wait for a worker to be replaced; they no longer do. */
  List<Long> allTickets() {
    List<Long> all = new ArrayList<>();
    tickets.values().forEach(all::addAll);
    tickets.clear();
    return all;
  }

  /** Why this worker is to be replaced; empty if it did not ask. */
  String reason(int worker) {
    return reasons.getOrDefault(worker, "");
  }

  /** The worker leaves, for this reason or another. */
  void forget(int worker) {
    if (reasons.remove(worker) != null) {
      order.remove(worker);
    }
  }

  /** First come, first served. */
  List<Integer> waiting() {
    return List.copyOf(order);
  }
}
