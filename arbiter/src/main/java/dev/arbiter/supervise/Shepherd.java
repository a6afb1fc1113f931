package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.Tally.Cause;
import dev.arbiter.supervise.WorkerTable.Trigger;
import dev.arbiter.wire.Message;
import dev.arbiter.wire.Wire;
import java.time.Duration;
import java.util.function.BiConsumer;

/**
 * Takes each worker through its life, as {@link WorkerTable} says, and keeps what the fleet learns
 * from it: whether a worker was ever ready, and whether there is a point in going on.
 */
final class Shepherd {
  private final int wireVersion;
  private final Orders orders;
  private final Crew crew;
  private final Recycle recycle;
  private final Departure departure;
  private final Losses losses;
  private final Trial trial;
  private final Endings endings;
  private final BiConsumer<WorkerState, Trigger> visited;
  private long lastAccepted;

  Shepherd(
      int wireVersion,
      Orders orders,
      Crew crew,
      Recycle recycle,
      Departure departure,
      Losses losses,
      Trial trial,
      BiConsumer<WorkerState, Trigger> visited) {
    this.wireVersion = wireVersion;
    this.orders = orders;
    this.crew = crew;
    this.recycle = recycle;
    this.departure = departure;
    this.losses = losses;
    this.trial = trial;
    this.endings = new Endings(orders, losses, trial);
    this.visited = visited;
  }

  /** Goes on with a crew of another arbiter. */
  void resume() {
    lastAccepted = crew.all().stream().mapToLong(worker -> worker.accepted).max().orElse(0);
  }

  void spawned(WorkerHandle worker, long pid, long now) {
    worker.pid = pid;
    orders.info("Booting worker %d (pid %d)".formatted(worker.slot, pid));
    if (worker.state == WorkerState.DRAINING) {
      departure.catchUp(worker, now);
    } else {
      worker.deadline = after(now, worker.release.policy.bootTimeout());
    }
  }

  void spawnFailed(WorkerHandle worker, String why, long now) {
    if (worker.state == WorkerState.SPAWNED) {
      losses.bootFailed(
          worker, worker.who() + " could not be spawned: " + why, Losses.BOOT_FAILED, now);
    }
    remove(worker);
  }

  void said(WorkerHandle worker, Message.FromWorker message, long now) {
    switch (message) {
      case Message.Hello(int version, long pid, String kind)
          when version < Wire.OLDEST || version > wireVersion -> {
        String text =
            "Worker %d (pid %d) of kind %s speaks version %d of the worker protocol, this arbiter %d"
                    .formatted(worker.slot, pid, kind, version, wireVersion)
                + ": build the kind against this release";
        step(worker, Trigger.FAILED, Detail.failure(text, Losses.BOOT_FAILED), now);
        // It does not know that it has failed: it waits to be configured.
        departure.signal(worker, Action.Sig.TERM);
      }
      case Message.Hello hello -> {
        worker.wire = hello.version();
        step(worker, Trigger.HELLO, Detail.NONE, now);
      }
      case Message.Phase(String name, long nanos) -> worker.phase = name;
      case Message.Ready ready -> {
        step(worker, Trigger.READY, Detail.NONE, now);
        if (worker.state == WorkerState.READY && !worker.probing) {
          step(worker, Trigger.HEALTHY, Detail.NONE, now);
        }
      }
      case Message.Beat(var vitals) -> {
        worker.vitals = vitals;
        step(worker, Trigger.BEAT, Detail.NONE, now);
        weigh(worker, now);
      }
      case Message.RecycleMe(String reason) ->
          step(worker, Trigger.RECYCLE_ME, Detail.of(reason), now);
      case Message.Draining(int connections, int requests) -> {
        worker.accepting = false;
        worker.left =
            Words.count(connections, "connection") + " and " + Words.count(requests, "request");
        String reason = worker.who() + " leaves of its own accord (was it sent TERM?)";
        step(worker, Trigger.LEAVES, Detail.of(reason), now);
      }
      case Message.Failed failed ->
          step(worker, Trigger.FAILED, Detail.failed(worker, failed), now);
      case Message.Say(String level, String text) ->
          orders.add(new Action.Log(Level.named(level), worker.who() + ": " + text));
      case Message.Probed(long id, int status, long millis, String detail) -> {
        if (id == worker.id) {
          probed(worker, status, detail, now);
        }
      }
      case Message.Evidence evidence -> {
        // Whoever collects it has it already.
      }
      case Message.Slow slow -> {
        // Logged by the loop: nothing is decided by it.
      }
      case Message.Unknown unknown -> {
        // From a newer worker; the codec has skipped what it says.
      }
    }
  }

  void exited(WorkerHandle worker, ExitStatus status, long now) {
    step(worker, Trigger.EXITED, Detail.exit(status), now);
    remove(worker);
  }

  void evidence(WorkerHandle worker, Outcome outcome, String summary, long now) {
    if (worker.held) {
      return; // an operator wanted to see it, and has set it aside: it stays
    }
    if (worker.state == WorkerState.EJECTED && !worker.spare && hasRecovered(worker)) {
      orders.warning(
          "%s runs again after %s: %s"
              .formatted(
                  worker.who(), worker.leaving, summary.isEmpty() ? "no cause is known" : summary));
      step(worker, Trigger.RESUME, Detail.NONE, now);
      return;
    }
    step(worker, Trigger.EVIDENCE, Detail.evidence(outcome, summary), now);
  }

  void due(WorkerHandle worker, long now) {
    if (worker.probing) {
      String limit = Words.time(worker.release.policy.change().healthTimeout());
      unfit(
          worker, "did not answer within %s (--timeout-worker-healthcheck)".formatted(limit), now);
    } else if (worker.held) {
      // Silent, and an operator's wish does not change that.
      step(worker, Trigger.STUCK, Detail.of(silence(worker)), now);
    } else {
      step(worker, Trigger.DUE, Detail.of(silence(worker)), now);
    }
  }

  private static String silence(WorkerHandle worker) {
    return "silent for " + Words.time(worker.release.policy.timeout());
  }

  /** A spare, or whoever waits for it, is to serve. */
  void choose(WorkerHandle worker, long now) {
    step(worker, Trigger.CHOSEN, Detail.NONE, now);
  }

  /** An operator wants a worker to stop accepting, and stay. */
  void hold(WorkerHandle worker, long now) {
    step(worker, Trigger.HOLD, Detail.NONE, now);
  }

  /** Another serves in the slot of a worker that an operator holds. */
  void replaced(WorkerHandle worker) {
    worker.stage = WorkerHandle.Stage.REPLACED;
    orders.info(
        "%s stays set aside, and another serves in its slot; arbiterctl eject %d lets it go"
            .formatted(worker.who(), worker.slot));
  }

  /** An operator, or its own recovery, lets a worker accept again. */
  void resume(WorkerHandle worker, long now) {
    step(worker, Trigger.RESUME, Detail.NONE, now);
  }

  /** An answer about its health: an HTTP status, 0 if there was none. */
  private void probed(WorkerHandle worker, int status, String detail, long now) {
    if (!worker.probing || worker.state != WorkerState.READY) {
      return;
    }
    if (status >= 200 && status < 400) {
      worker.probing = false;
      listen(worker, now);
      step(worker, Trigger.HEALTHY, Detail.NONE, now);
    } else {
      String what = status == 0 ? "failed" : "answered " + status;
      unfit(worker, detail.isEmpty() ? what : what + ": " + detail, now);
    }
  }

  private void unfit(WorkerHandle worker, String what, long now) {
    worker.probing = false;
    String path = worker.release.policy.change().healthPath();
    String text = "%s is not healthy: GET %s %s".formatted(worker.who(), path, what);
    step(worker, Trigger.UNFIT, Detail.failure(text, Losses.BOOT_FAILED), now);
    // It does not know that it has failed: it waits to be told to accept.
    departure.signal(worker, Action.Sig.TERM);
  }

  /** What a beat says of requests and memory that are over their limits. */
  private void weigh(WorkerHandle worker, long now) {
    if (worker.vitals == null || !worker.isServing()) {
      return;
    }
    if (worker.vitals.overdue() > 0) {
      String text =
          "%s over --request-timeout, by up to %s"
              .formatted(
                  Words.count(worker.vitals.overdue(), "request"),
                  Words.time(Duration.ofMillis(worker.vitals.overdueMillis())));
      step(worker, Trigger.STUCK, Detail.of(text), now);
      return;
    }
    long most = worker.release.policy.maxRss();
    if (most > 0 && worker.vitals.rss() > most) {
      String text =
          "%s has %d MiB, more than --max-rss-hard allows (%d MiB)"
              .formatted(worker.who(), worker.vitals.rss() >> 20, most >> 20);
      orders.error(text + ": it is to leave at once");
      losses.lost(worker, Cause.OVERWEIGHT, text, now);
      trial.lost(worker, text);
      tell(worker, "more memory than allowed", worker.release.policy.linger(), now);
    }
  }

  void tell(WorkerHandle worker, String reason, Duration linger, long now) {
    step(worker, Trigger.TOLD, Detail.order(reason, linger), now);
  }

  /** Ejected for silence, it beats again, and no request is stuck: whatever it was is over. */
  private static boolean hasRecovered(WorkerHandle worker) {
    return worker.beatsAside > 0 && worker.vitals != null && worker.vitals.overdue() == 0;
  }

  /** The arbiter did not run: its clocks against this worker are given back what was lost. */
  void excuse(WorkerHandle worker, long lost, long now) {
    boolean listened = worker.state == WorkerState.READY && !worker.probing;
    if (listened || worker.isServing() || worker.held) {
      listen(worker, now);
    } else if (worker.deadline != WorkerHandle.NEVER) {
      worker.deadline += lost;
    }
  }

  private void step(WorkerHandle worker, Trigger trigger, Detail detail, long now) {
    WorkerState from = worker.state;
    WorkerTable.step(from, trigger)
        .ifPresent(
            step -> {
              visited.accept(from, trigger);
              worker.state = step.next();
              perform(step.duty(), worker, from, detail, now);
            });
  }

  private void perform(
      WorkerTable.Duty duty, WorkerHandle worker, WorkerState from, Detail detail, long now) {
    switch (duty) {
      case CONFIGURE -> {
        worker.configured = true;
        orders.add(new Action.Configure(worker.id));
      }
      case ANNOUNCE -> announce(worker, now);
      case FIT -> fit(worker, now);
      case ACCEPT -> accept(worker, now);
      case ACCEPT_AGAIN -> {
        worker.held = false;
        worker.accepting = true;
        listen(worker, now);
        orders.info("%s accepts again".formatted(worker.who()));
        orders.add(new Action.Tell(worker.id, new Message.Accept()));
      }
      case HOLD_BACK -> {
        worker.held = true;
        worker.accepting = false;
        orders.info("%s accepts nothing more until it is resumed".formatted(worker.who()));
        orders.add(new Action.Tell(worker.id, new Message.Eject()));
      }
      case NOTE_BEAT -> beat(worker, now);
      case QUEUE -> {
        if (recycle.ask(worker.id, detail.text())) {
          orders.info("%s asks to be replaced: %s".formatted(worker.who(), detail.text()));
        }
      }
      case BOOT_FAILED -> {
        departure.leaves(worker, "failed to start", now);
        losses.bootFailed(worker, detail.text(), detail.code(), now);
      }
      case OVERDUE -> overdue(worker, now);
      case EJECT -> eject(worker, detail.text(), now);
      case DISMISS -> departure.dismiss(worker, detail.outcome(), detail.text(), now);
      case TELL -> {
        recycle.forget(worker.id);
        departure.tell(worker, from, detail.text(), detail.linger(), now);
      }
      case HURRY -> departure.hurry(worker, detail.text(), detail.linger(), now);
      case REPLACE -> {
        trial.lost(worker, detail.text());
        orders.warning(detail.text() + losses.lost(worker, Cause.DIED, detail.text(), now));
        departure.leaves(worker, "of its own accord", now);
        losses.giveUpIfHopeless();
      }
      case NOTE_LEFT ->
          orders.debug("%s has left to finish: %s".formatted(worker.who(), worker.left));
      case ESCALATE -> departure.escalate(worker, now);
      case CLOSE_CASE -> departure.closeCase(worker, detail.outcome(), detail.text());
      case DIED_BOOTING -> endings.diedBooting(worker, detail.status(), now);
      case DIED -> endings.died(worker, detail.status(), now);
      case ENDED_ASIDE -> endings.endedAside(worker, detail.status(), now);
      case BURY -> endings.left(worker, detail.status(), now);
    }
  }

  private void announce(WorkerHandle worker, long now) {
    worker.wasReady = true;
    worker.readyAt = now;
    listen(worker, now);
    orders.info("%s ready in %s".formatted(worker.who(), worker.age(now)));
    FleetPolicy.Change change = worker.release.policy.change();
    if (!change.healthPath().isEmpty()) {
      worker.probing = true;
      worker.deadline = after(now, change.healthTimeout());
      orders.add(new Action.Tell(worker.id, new Message.Probe(worker.id, change.healthPath())));
    }
  }

  private void fit(WorkerHandle worker, long now) {
    worker.fit = true;
    losses.ready();
    if (!worker.spare) {
      step(worker, Trigger.CHOSEN, Detail.NONE, now);
    }
  }

  private void accept(WorkerHandle worker, long now) {
    orders.add(new Action.Tell(worker.id, new Message.Accept()));
    worker.accepted = ++lastAccepted;
    worker.accepting = true;
    trial.serves(worker, now);
  }

  private void beat(WorkerHandle worker, long now) {
    if (worker.state == WorkerState.EJECTED) {
      worker.beatsAside++;
    }
    // Whoever is asked for its health, or investigated, has another clock.
    if (worker.held || worker.isServing() || worker.state == WorkerState.READY && !worker.probing) {
      listen(worker, now);
    }
    losses.settle(worker, now);
    trial.beat(worker);
    if (worker.vitals != null) {
      worker.lag.beat(worker.who(), worker.vitals, orders);
    }
  }

  private void overdue(WorkerHandle worker, long now) {
    String limit = Words.time(worker.release.policy.bootTimeout());
    departure.investigate(worker, "not ready within " + limit, now);
    worker.stage = WorkerHandle.Stage.EVIDENCE;
    String text =
        "%s was not ready within %s (--boot-timeout)%s"
            .formatted(worker.who(), limit, worker.lastStep());
    losses.bootFailed(worker, text, Losses.BOOT_FAILED, now);
  }

  private void eject(WorkerHandle worker, String why, long now) {
    boolean silent = why.startsWith("silent");
    String text = worker.who() + ": " + why;
    losses.tally().died(worker, silent ? Cause.SILENT : Cause.STUCK, text, now);
    trial.lost(worker, text);
    worker.held = false;
    worker.accepting = false;
    worker.stage = WorkerHandle.Stage.STAYS;
    worker.beatsAside = 0;
    orders.error(
        "%s has been %s%s: it is given no more connections, is asked what it does, and is replaced"
            .formatted(
                worker.who(), silent ? "" : "found with ", silent ? why + " (--timeout)" : why));
    orders.add(new Action.Tell(worker.id, new Message.Eject()));
    departure.investigate(worker, why, now);
  }

  private void remove(WorkerHandle worker) {
    worker.state = WorkerState.GONE;
    crew.remove(worker);
    recycle.forget(worker.id);
    orders.add(new Action.Forget(worker.id));
  }

  private void listen(WorkerHandle worker, long now) {
    worker.deadline = after(now, worker.release.policy.timeout());
  }

  private static long after(long now, Duration limit) {
    return limit.isZero() ? WorkerHandle.NEVER : now + limit.toNanos();
  }
}
