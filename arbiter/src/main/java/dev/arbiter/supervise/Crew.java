package dev.arbiter.supervise;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All workers that are not gone, by id, which is by age.
 *
 * <p>They are looked at many times for each event, and change seldom: so the list is replaced, not
 * changed, and looking copies nothing.
 */
final class Crew {
  private List<WorkerHandle> workers = List.of();
  private int lastId;

  WorkerHandle hire(int slot, Release release, long now) {
    WorkerHandle worker = new WorkerHandle(++lastId, slot, release, now);
    adopt(worker);
    return worker;
  }

  /** Goes on where another arbiter was. */
  void resume(int last) {
    lastId = last;
  }

  /** Takes over a worker that another arbiter has hired. */
  void adopt(WorkerHandle worker) {
    List<WorkerHandle> more = new ArrayList<>(workers);
    int at = more.size();
    while (at > 0 && more.get(at - 1).id > worker.id) {
      at--;
    }
    more.add(at, worker);
    workers = List.copyOf(more);
  }

  int lastId() {
    return lastId;
  }

  void remove(WorkerHandle worker) {
    workers = workers.stream().filter(other -> other.id != worker.id).toList();
  }

  @Nullable WorkerHandle find(int id) {
    for (WorkerHandle worker : workers) {
      if (worker.id == id) {
        return worker;
      }
    }
    return null;
  }

  /** As they are now: who is in it may leave while it is walked. */
  List<WorkerHandle> all() {
    return workers;
  }

  /** Whoever has this slot or is to have it; spares have none. */
  Stream<WorkerHandle> inSlot(int slot) {
    return workers.stream().filter(worker -> worker.isIn(slot));
  }

  boolean anyInSlot(int slot, Predicate<WorkerHandle> which) {
    return any(worker -> worker.isIn(slot) && which.test(worker));
  }

  boolean any(Predicate<WorkerHandle> which) {
    for (WorkerHandle worker : workers) {
      if (which.test(worker)) {
        return true;
      }
    }
    return false;
  }

  int count(Predicate<WorkerHandle> which) {
    int count = 0;
    for (WorkerHandle worker : workers) {
      count += which.test(worker) ? 1 : 0;
    }
    return count;
  }

  int count(WorkerState state) {
    return count(worker -> worker.state == state);
  }

  boolean isEmpty() {
    return workers.isEmpty();
  }
}
