package dev.arbiter.supervise;

import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.SimOs.Mode;
import java.time.Duration;
import java.util.List;

/** What a seed makes of one run: its settings, ten minutes of trouble and quiet, and its end. */
final class SimPlan {
  private static final long SECOND = SimOs.SECOND;
  private static final int TROUBLE_MILLIS = 400_000;
  private static final long QUIET = 200 * SECOND;

  /** Between the last wait of a stop and the exit: the sloppiness of the simulated machine. */
  private static final long MARGIN = SECOND;

  private final SimOs os;

  private SimPlan(SimOs os) {
    this.os = os;
  }

  static FleetPolicy policy(SimOs os) {
    int workers = os.number(1, 8);
    int beat = os.number(5, 9);
    int surge = os.pick(0, 1, 1, 1, 2, 3);
    FleetPolicy.Change change =
        new FleetPolicy.Change(
            surge,
            surge == 0 ? os.number(1, 2) : os.pick(0, 0, 1),
            os.chance(50) ? Duration.ZERO : Duration.ofSeconds(os.number(10, 60)),
            os.number(1, 3),
            os.chance(50) ? "" : "/health",
            Duration.ofSeconds(5));
    boolean elastic = os.mode != Mode.CALM && os.chance(30);
    FleetPolicy.Size size =
        new FleetPolicy.Size(
            os.pick(0, 0, 1, 2),
            elastic ? os.number(1, workers) : 0,
            elastic ? os.number(workers, 8) : 0);
    return new FleetPolicy(
        workers,
        os.number(1, 3),
        Duration.ofSeconds(20),
        Duration.ofSeconds(5L * beat),
        Duration.ofSeconds(beat),
        Duration.ofSeconds(os.number(4, 15)),
        Duration.ofSeconds(1),
        Duration.ofMillis(300),
        Duration.ofMillis(os.number(300, 1_000)),
        os.chance(60) ? Duration.ZERO : Duration.ofSeconds(os.number(1, 5)),
        os.chance(50) ? 0 : 1_000L << 20,
        change,
        size,
        new FleetPolicy.Room(
            os.number(Math.max(workers, size.max()), 10), "at most that", os.chance(50)));
  }

  /** Runs it from the first event to the exit. */
  static void play(SimOs os) {
    new SimPlan(os).play();
  }

  private void play() {
    os.deliver(new Event.Begin(os.policy, 1));
    plan();
    boolean early = os.mode != Mode.CALM && os.chance(10);
    os.runUntil(os.now + (early ? os.millis(0, TROUBLE_MILLIS) : TROUBLE_MILLIS * (SECOND / 1000)));
    os.runUntil(os.now + os.frozen);
    if (!early && os.exitCode < 0 && !os.rules.stopping()) {
      calmDown();
    }
    if (os.exitCode < 0) {
      stop();
    }
    if (os.exitCode < 0) {
      throw new AssertionError("no exit after a stop, in " + os.fleet.stateLine());
    }
    os.rules.atExit();
  }

  // ---- trouble

  private static final List<Request> CALM =
      List.of(
          Request.RELOAD,
          Request.REOPEN,
          Request.UPGRADE,
          Request.ROLLBACK,
          Request.RECYCLE,
          Request.RECYCLE,
          Request.DUMP);

  private static final List<Request> SCALED =
      List.of(
          Request.RELOAD,
          Request.RELOAD,
          Request.ROLLBACK,
          Request.RECYCLE,
          Request.DUMP,
          Request.DUMP,
          Request.EJECT,
          Request.EJECT,
          Request.SCALE,
          Request.MORE,
          Request.FEWER,
          Request.STOP_WORKERS,
          Request.REOPEN,
          Request.UPGRADE);

  private void plan() {
    List<Request> kinds = os.mode == Mode.CALM ? CALM : SCALED;
    for (int burst = os.number(0, 6); burst > 0; burst--) {
      int at = os.chance(20) ? os.number(0, 2_000) : os.number(0, TROUBLE_MILLIS - 10_000);
      Request request = kinds.get(os.number(0, kinds.size() - 1));
      for (int i = os.pick(1, 2, 5, 25); i > 0; i--) {
        at += os.number(0, os.chance(90) ? 25 : 2_000);
        planAsk(at, os.chance(70) ? request : kinds.get(os.number(0, kinds.size() - 1)));
      }
    }
    for (int i = os.number(3, 25); i > 0; i--) {
      planAsk(os.number(0, TROUBLE_MILLIS), kinds.get(os.number(0, kinds.size() - 1)));
    }
    if (os.chance(40)) {
      ambush(kinds);
    }
    for (int i = os.pick(0, 0, 1, 2); i > 0; i--) {
      long time = os.pick(os.millis(0, 9_000), os.millis(30_000, 60_000));
      os.plan(os.millis(0, TROUBLE_MILLIS), () -> os.pauseArbiter(time));
    }
    if (os.chance(20)) {
      long time = os.pick(os.millis(0, 2_000), os.millis(30_000, 60_000));
      os.plan(os.millis(0, TROUBLE_MILLIS), () -> os.freeze(time));
    }
    if (os.mode == Mode.CHAOS && os.chance(30)) {
      long time = os.pick(os.millis(10, 3_000), os.millis(5_000, 40_000));
      os.plan(os.millis(0, TROUBLE_MILLIS), () -> os.forksFail(time));
    }
    if (os.policy.size().isElastic()) {
      look();
    }
  }

  private void planAsk(int atMillis, Request request) {
    int number = request == Request.SCALE ? os.number(0, 9) : os.number(0, os.chance(90) ? 8 : 99);
    boolean waits = !request.isSignal() || !request.command().isEmpty() && os.chance(50);
    os.plan(atMillis * (SECOND / 1000), () -> ask(request, number, waits));
  }

  private void ask(Request request, int number, boolean waits) {
    if (waits) {
      os.command(request, number);
    } else {
      os.ask(request);
    }
  }

  /** A request that comes just when the fleet is in some state, however short that is. */
  private void ambush(List<Request> kinds) {
    FleetState state =
        os.pick(
            FleetState.STARTING,
            FleetState.RELOADING,
            FleetState.PROBATION,
            FleetState.ROLLING_BACK,
            FleetState.ROLLING_BACK,
            FleetState.UPGRADING,
            FleetState.UPGRADING,
            FleetState.STOPPING);
    Request request =
        os.mode == Mode.CALM
            ? kinds.get(os.number(0, kinds.size() - 1))
            : os.pick(Request.values());
    boolean waits = !request.isSignal() || request == Request.STOP && os.chance(50);
    if (state == FleetState.ROLLING_BACK) {
      int at = os.number(20_000, TROUBLE_MILLIS - 60_000);
      planAsk(at, Request.RELOAD);
      planAsk(at + os.number(5_000, 15_000), Request.ROLLBACK);
    }
    if (state == FleetState.UPGRADING) {
      planAsk(os.number(20_000, TROUBLE_MILLIS - 60_000), Request.UPGRADE);
    }
    os.ambush(state, os.millis(0, 300), () -> ask(request, os.number(0, 8), waits));
  }

  /** How many connections wait; a busy hour comes and goes. */
  private void look() {
    if (os.chance(5) && os.faults) {
      os.load = os.pick(0, 10, 50, 90, 100);
    }
    os.deliver(new Event.Load(os.load > 80 && os.chance(50) ? os.number(1, 50) : 0));
    os.after(5 * SECOND, this::look);
  }

  // ---- quiet

  /** The world is well again: within minutes the fleet is too. */
  private void calmDown() {
    os.faults = false;
    os.quiet = true;
    os.load = 60;
    os.noMorePauses();
    if (os.exitCode >= 0) {
      return;
    }
    int slots = os.policy.workers();
    if (os.mode != Mode.CALM) {
      if (!os.rules.held(os.fleet).isEmpty() && os.chance(50)) {
        // Who is set aside is in nobody's way.
        os.command(Request.RELOAD, 0);
        os.ask(Request.MORE);
        os.runUntil(os.now + QUIET);
        if (os.exitCode < 0) {
          os.rules.changed(os.fleet);
        }
      }
      for (int slot : os.rules.held(os.fleet)) {
        os.command(Request.EJECT, slot);
      }
      os.command(Request.RELOAD, 0);
      os.ask(Request.MORE); // whoever is stopped comes back
      os.command(Request.SCALE, slots);
    }
    os.runUntil(os.now + QUIET);
    if (os.exitCode < 0 && os.policy.size().isElastic() && os.fleet.slots() != slots) {
      // The last beats of the busy hour came after the request and brought another worker, which
      // the quiet load since then is enough to keep.
      os.command(Request.SCALE, slots);
      os.runUntil(os.now + QUIET);
    }
    if (os.exitCode < 0) {
      os.rules.atRest(os.fleet, slots);
    }
  }

  // ---- the end

  private void stop() {
    Request request = os.pick(Request.STOP, Request.STOP, Request.INTERRUPT, Request.STOP_NOW);
    os.faults = os.mode == Mode.CHAOS && os.chance(50);
    os.quiet = false;
    os.noMorePauses();
    if (os.exitCode >= 0) {
      return;
    }
    ask(request, 0, request == Request.STOP_NOW || request == Request.STOP && os.chance(50));
    for (int i = os.pick(0, 1, 5); i > 0; i--) {
      Request more = SCALED.get(os.number(0, SCALED.size() - 1));
      os.plan(os.millis(0, 2_000), () -> ask(more, 0, !more.isSignal() || os.chance(50)));
    }
    long limit =
        os.policy.drainDelay().toNanos()
            + os.policy.gracefulTimeout().toNanos()
            + os.policy.dumpLimit().toNanos()
            + 2 * MARGIN;
    if (os.chance(25)) {
      long first = os.millis(0, 300);
      os.after(first, () -> os.ask(Request.INTERRUPT));
      os.after(first + 1, () -> os.ask(Request.INTERRUPT));
      limit = 2 * MARGIN;
    }
    os.runUntil(os.now + limit);
  }
}
