package dev.arbiter.supervise;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** All workers that are not gone, by id, which is by age. */
final class Crew {
  private final Map<Integer, WorkerHandle> workers = new TreeMap<>();
  private int lastId;

  WorkerHandle hire(int slot, Release release, long now) {
    WorkerHandle worker = new WorkerHandle(++lastId, slot, release, now);
    workers.put(worker.id, worker);
    return worker;
  }

  /** Goes on where another arbiter was. */
  void resume(int last) {
    lastId = last;
  }

  /** Takes over a worker that another arbiter has hired. */
  void adopt(WorkerHandle worker) {
    workers.put(worker.id, worker);
  }

  int lastId() {
    return lastId;
  }

  void remove(WorkerHandle worker) {
    workers.remove(worker.id);
  }

  @Nullable WorkerHandle find(int id) {
    return workers.get(id);
  }

  /** A copy: who is in it may leave while it is walked. */
  List<WorkerHandle> all() {
    return List.copyOf(workers.values());
  }

  /** Whoever has this slot or is to have it; spares have none. */
  Stream<WorkerHandle> inSlot(int slot) {
    return workers.values().stream().filter(worker -> worker.slot == slot && !worker.spare);
  }

  boolean any(Predicate<WorkerHandle> which) {
    return workers.values().stream().anyMatch(which);
  }

  int count(Predicate<WorkerHandle> which) {
    return (int) workers.values().stream().filter(which).count();
  }

  int count(WorkerState state) {
    return count(worker -> worker.state == state);
  }

  boolean isEmpty() {
    return workers.isEmpty();
  }
}
