package dev.arbiter.loop;

import dev.arbiter.supervise.WorkerState;
import dev.arbiter.supervise.WorkerView;
import dev.arbiter.wire.Message;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * In development: sees to it that nobody is served what is out of date. From the moment a file has
 * changed, workers of the generations before accept no more, and what waits in the listeners is for
 * the generation to come. To the decisions they serve all the while, until they are replaced: this
 * stands between them and the workers. On the loop's thread.
 */
final class Freshness {
  private final Supplier<List<WorkerView>> workers;
  private final IntFunction<OptionalLong> generation;
  private final BiConsumer<Integer, Message.ToWorker> tell;
  private final Map<Long, Long> seen = new HashMap<>();
  private long changes;

  /**
   * @param workers that are there now
   * @param generation of a worker
   */
  Freshness(
      Supplier<List<WorkerView>> workers,
      IntFunction<OptionalLong> generation,
      BiConsumer<Integer, Message.ToWorker> tell) {
    this.workers = workers;
    this.generation = generation;
    this.tell = tell;
  }

  /** A file has changed: what serves is out of date. */
  void changed() {
    changes++;
    serving(new Message.Eject());
  }

  /** A generation is about to be made of the files as they are. */
  void resolving(long number) {
    seen.put(number, changes);
  }

  /** There is nothing newer to be had: what there is serves on. */
  void settle() {
    workers.get().forEach(view -> resolving(view.generation()));
    serving(new Message.Accept());
  }

  void forget(long number) {
    seen.remove(number);
  }

  /** Whether a worker is not to be told this: to accept, for it is out of date already. */
  boolean withholds(int worker, Message.ToWorker message) {
    return message instanceof Message.Accept && isStale(worker);
  }

  private boolean isStale(int worker) {
    OptionalLong number = generation.apply(worker);
    return number.isPresent() && seen.getOrDefault(number.getAsLong(), 0L) < changes;
  }

  private void serving(Message.ToWorker message) {
    for (WorkerView view : workers.get()) {
      if (view.state() == WorkerState.SERVING) {
        tell.accept(view.worker(), message);
      }
    }
  }
}
