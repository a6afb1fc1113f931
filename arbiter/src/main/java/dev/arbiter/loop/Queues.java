package dev.arbiter.loop;

import dev.arbiter.release.Release;
import dev.arbiter.socket.Listener;
import dev.arbiter.supervise.WorkerState;
import dev.arbiter.supervise.WorkerView;
import dev.arbiter.wire.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Tells workers which queues are theirs, where each slot has one ({@code --reuse-port}). A worker
 * accepts from the queue of its slot. A queue whose slot has nobody that accepts (it died, was
 * ejected, drains or boots) is everybody's: blocking accepts deal its connections out evenly, and
 * no neighbour carries it alone. Slots beyond the number of queues share those that there are.
 *
 * <p>On the loop's thread.
 */
final class Queues {
  private final Map<Integer, Message.Queues> told = new HashMap<>();

  /** A worker, and what its generation listens at. */
  record Holder(int worker, int slot, List<Listener> listeners) {}

  /** What has to be said to whom, since the last time. */
  Map<Integer, Message.Queues> update(
      List<WorkerView> workers, Function<Long, @Nullable Release> release) {
    List<Holder> accepting = new ArrayList<>();
    for (WorkerView worker : workers) {
      Release runs = release.apply(worker.generation());
      if (worker.state() == WorkerState.SERVING && runs != null) {
        accepting.add(new Holder(worker.worker(), worker.slot(), runs.listeners()));
      }
    }
    Map<Integer, Message.Queues> news = new HashMap<>();
    plan(accepting)
        .forEach(
            (worker, queues) -> {
              if (!queues.equals(told.put(worker, queues))) {
                news.put(worker, queues);
              }
            });
    told.keySet().retainAll(workers.stream().map(WorkerView::worker).toList());
    return news;
  }

  /** Who accepts from what; without those whose listeners have no queues. */
  static Map<Integer, Message.Queues> plan(List<Holder> accepting) {
    Map<Integer, Message.Queues> plan = new HashMap<>();
    for (Holder holder : accepting) {
      if (holder.listeners().stream().anyMatch(Listener::hasQueues)) {
        plan.put(holder.worker(), new Message.Queues(descriptors(holder, accepting)));
      }
    }
    return plan;
  }

  private static List<Long> descriptors(Holder holder, List<Holder> accepting) {
    List<Long> mine = new ArrayList<>();
    long fd = Release.FIRST_LISTENER;
    for (Listener listener : holder.listeners()) {
      int count = listener.fds().size();
      for (int queue = 0; queue < count; queue++, fd++) {
        if (holder.slot() % count == queue || isVacant(listener, queue, accepting)) {
          mine.add(fd);
        }
      }
    }
    return mine;
  }

  private static boolean isVacant(Listener listener, int queue, List<Holder> accepting) {
    return accepting.stream()
        .filter(holder -> holder.listeners().contains(listener))
        .noneMatch(holder -> holder.slot() % listener.fds().size() == queue);
  }

  /** The descriptors, in a worker of {@code release}, of listeners that {@code next} has not. */
  static Optional<Message.Closing> closing(Release release, List<Listener> next) {
    List<Long> going = new ArrayList<>();
    long fd = Release.FIRST_LISTENER;
    for (Listener listener : release.listeners()) {
      for (int _ : listener.fds()) {
        if (!next.contains(listener)) {
          going.add(fd);
        }
        fd++;
      }
    }
    return going.isEmpty() ? Optional.empty() : Optional.of(new Message.Closing(going));
  }
}
