package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Verdict;
import dev.arbiter.supervise.Event.Asked;
import dev.arbiter.wire.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is asked of single workers and of their number, by signal or by an operator, and the answers
 * to it. Whether it may be done now was decided by {@link FleetTable}.
 */
final class Requests {
  private static final int MOST_WORKERS = 1024;

  private final Orders orders;
  private final Crew crew;
  private final Rollout rollout;
  private final Recycle recycle;
  private final Staffing staffing;
  private final Shepherd shepherd;
  private final Map<Integer, List<Long>> dumps = new HashMap<>();

  Requests(
      Orders orders,
      Crew crew,
      Rollout rollout,
      Recycle recycle,
      Staffing staffing,
      Shepherd shepherd) {
    this.orders = orders;
    this.crew = crew;
    this.rollout = rollout;
    this.recycle = recycle;
    this.staffing = staffing;
    this.shepherd = shepherd;
  }

  /** One slot more or fewer. */
  void scale(int by, Asked asked) {
    String name = asked.label();
    if (staffing.paused()) {
      if (by > 0) {
        orders.info(name + ": the workers come back");
        staffing.pause(false);
      } else {
        orders.info(name + ": there are no workers, WINCH has stopped them");
      }
      orders.reply(asked.ticket(), Verdict.DONE, "");
      return;
    }
    int before = staffing.slots();
    if (by > 0 && !fits(before + by, asked)) {
      return;
    }
    rollout.scale(by);
    int after = staffing.slots();
    String text =
        after == before
            ? "already at " + Words.count(before, "worker")
            : "%s, not %d".formatted(Words.count(after, "worker"), before);
    orders.info(name + ": " + text);
    orders.reply(asked.ticket(), Verdict.DONE, text);
  }

  /** So many slots. */
  void scaleTo(Asked asked) {
    int wanted = asked.number();
    if (wanted < 1 || wanted > MOST_WORKERS) {
      refuse(asked, "%d workers: 1 to %d are possible".formatted(wanted, MOST_WORKERS));
    } else if (staffing.paused() || staffing.slots() != wanted) {
      if (!fits(wanted, asked)) {
        return;
      }
      staffing.pause(false);
      int before = staffing.slots();
      rollout.scaleTo(wanted);
      String text = "%s, not %d".formatted(Words.count(wanted, "worker"), before);
      orders.info(asked.label() + ": " + text);
      orders.reply(asked.ticket(), Verdict.DONE, text);
    } else {
      orders.reply(asked.ticket(), Verdict.DONE, "already at " + Words.count(wanted, "worker"));
    }
  }

  /** Whether there is room for so many workers; if not, that is said, and refused where it may. */
  private boolean fits(int wanted, Asked asked) {
    FleetPolicy.Room room = rollout.good().policy.room();
    if (wanted <= room.workers()) {
      return true;
    }
    String why = "%s do not fit: %s".formatted(Words.count(wanted, "worker"), room.sum());
    if (room.firm()) {
      refuse(asked, why + "; a reload with that number of workers divides anew");
    } else {
      orders.warning("%s: %s; nobody has set a limit".formatted(asked.label(), why));
    }
    return !room.firm();
  }

  /** A new worker for a slot. */
  void recycle(Asked asked) {
    Optional<WorkerHandle> worker = serving(asked);
    if (worker.isPresent()) {
      WorkerHandle old = worker.get();
      if (recycle.ask(old.id, "asked for by an operator")) {
        orders.info("%s: %s is to be replaced".formatted(asked.label(), old.who()));
      }
      if (asked.ticket() != 0) {
        recycle.tickets(old.slot).add(asked.ticket());
      }
    }
  }

  /** Answers who waits for a worker to be replaced, when another serves in its place. */
  void recycled() {
    for (int slot : recycle.awaited()) {
      if (slot >= staffing.slots()) {
        orders.reply(recycle.tickets(slot), Verdict.FAILED, "there is no slot " + slot + " now");
        continue;
      }
      crew.inSlot(slot)
          .filter(
              one ->
                  one.isServing()
                      && !rollout.isCandidate(one.release)
                      && recycle.reason(one.id).isEmpty())
          .findFirst()
          .ifPresent(
              one ->
                  orders.reply(
                      recycle.tickets(slot), Verdict.DONE, "%s serves".formatted(one.who())));
    }
  }

  /** No more connections for a worker; asked again, it gets them again, or goes if replaced. */
  void eject(Asked asked, long now) {
    Optional<WorkerHandle> held =
        crew.inSlot(asked.number()).filter(worker -> worker.held).findFirst();
    if (held.isPresent() && held.get().isReplaced()) {
      WorkerHandle worker = held.get();
      shepherd.tell(worker, "no longer held", worker.release.policy.linger(), now);
      String text = worker.who() + " leaves: another has its slot";
      orders.info("%s: %s".formatted(asked.label(), text));
      orders.reply(asked.ticket(), Verdict.DONE, text);
      return;
    }
    if (held.isPresent()) {
      shepherd.resume(held.get(), now);
      orders.reply(asked.ticket(), Verdict.DONE, held.get().who() + " accepts again");
      return;
    }
    Optional<WorkerHandle> worker = serving(asked);
    if (worker.isPresent() && crew.count(WorkerState.SERVING) == 1) {
      refuse(asked, worker.get().who() + " is the only one that serves");
    } else if (worker.isPresent()) {
      shepherd.hold(worker.get(), now);
      orders.reply(
          asked.ticket(),
          Verdict.DONE,
          worker.get().who() + " accepts nothing more; the same again lets it");
    }
  }

  /** What a worker is doing, which goes on. */
  void dump(Asked asked) {
    Optional<WorkerHandle> found =
        crew.inSlot(asked.number()).filter(worker -> worker.isServing() || worker.held).findFirst();
    if (found.isEmpty()) {
      refuse(asked, "no worker serves in slot " + asked.number());
      return;
    }
    WorkerHandle worker = found.get();
    List<Long> waiting = dumps.computeIfAbsent(worker.id, key -> new ArrayList<>());
    if (waiting.isEmpty()) {
      orders.info("%s: asking %s what it does".formatted(asked.label(), worker.who()));
      orders.add(new Action.CollectEvidence(worker.id, "asked for by an operator"));
    }
    waiting.add(asked.ticket());
  }

  /** Evidence about a worker has come, or never will. */
  void evidence(int worker, Verdict verdict, String summary) {
    List<Long> waiting = dumps.remove(worker);
    if (waiting != null) {
      orders.reply(waiting, verdict, summary);
    }
  }

  /** A worker is gone: who waits for something of it is answered. */
  void gone(WorkerHandle worker) {
    evidence(worker.id, Verdict.FAILED, worker.who() + " is gone");
  }

  /** Arbiter and workers open their log files again. */
  void reopen(Asked asked) {
    orders.add(new Action.ReopenLogs());
    for (WorkerHandle worker : crew.all()) {
      if (worker.configured) {
        orders.add(new Action.Tell(worker.id, new Message.Reopen()));
      }
    }
    orders.reply(asked.ticket(), Verdict.DONE, "the log files are opened again");
  }

  /** Nobody will hear of it any more from this arbiter: nobody is left without an answer. */
  void close(String why) {
    dumps.values().forEach(waiting -> orders.reply(waiting, Verdict.FAILED, why));
    dumps.clear();
    orders.reply(recycle.allTickets(), Verdict.FAILED, why);
  }

  private Optional<WorkerHandle> serving(Asked asked) {
    Optional<WorkerHandle> worker =
        crew.inSlot(asked.number())
            .filter(one -> one.isServing() && !rollout.isCandidate(one.release))
            .findFirst();
    if (worker.isEmpty()) {
      refuse(asked, "no worker serves in slot " + asked.number());
    }
    return worker;
  }

  private void refuse(Asked asked, String why) {
    orders.warning("%s: refused, %s".formatted(asked.label(), why));
    orders.reply(asked.ticket(), Verdict.REFUSED, why);
  }
}
