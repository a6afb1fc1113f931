package dev.arbiter.loop;

import dev.arbiter.app.Hooks;
import dev.arbiter.supervise.Action;
import dev.arbiter.supervise.ExitStatus;
import dev.arbiter.supervise.Fleet;
import dev.arbiter.supervise.FleetState;

/** Which hook is called when, and with what: nothing here waits. On the loop's thread. */
final class FleetHooks {
  private static final long PID = ProcessHandle.current().pid();

  private final Fleet fleet;
  private HookRunner runner;
  private boolean wasReady;
  private int lastSlots;

  FleetHooks(Fleet fleet, HookRunner runner) {
    this.fleet = fleet;
    this.runner = runner;
  }

  HookRunner runner() {
    return runner;
  }

  /** Whom to tell; before the loop runs. */
  void tell(HookRunner other) {
    runner = other;
  }

  /** The fleet as hooks see it. */
  private Hooks.Fleet now() {
    return new Hooks.Fleet(PID, fleet.generation(), fleet.slots());
  }

  /** Looks whether the fleet has become whole, or its size has changed. */
  void look() {
    Hooks.Fleet now = now();
    if (!wasReady && fleet.state() == FleetState.STEADY) {
      wasReady = true;
      runner.submit("whenReady", hook -> hook.whenReady(now));
    }
    if (now.workers() != lastSlots) {
      int before = lastSlots;
      lastSlots = now.workers();
      if (before > 0) {
        runner.submit("nworkersChanged", hook -> hook.nworkersChanged(now, now.workers(), before));
      }
    }
  }

  /** A release is about to be read again. */
  void reload() {
    Hooks.Fleet now = now();
    runner.submit("onReload", hook -> hook.onReload(now));
  }

  /** The arbiter is about to become another. */
  void execing() {
    Hooks.Fleet now = now();
    runner.submit("preExec", hook -> hook.preExec(now));
  }

  /** A worker is about to be started. */
  void spawning(Action.Spawn spawn) {
    Hooks.Fleet now = now();
    Hooks.Member member = new Hooks.Member(spawn.slot(), 0, spawn.generation());
    runner.submit("preSpawn", hook -> hook.preSpawn(now, member));
  }

  /** A worker has been started. */
  void spawned(int worker, long pid) {
    Hooks.Fleet now = now();
    Hooks.Member member = member(worker, pid);
    runner.submit("postSpawn", hook -> hook.postSpawn(now, member));
  }

  /** A worker has ended, and the decisions do not know it yet. */
  void exited(int worker, ExitStatus status) {
    Hooks.Fleet now = now();
    Hooks.Member member = member(worker, 0);
    runner.submit("childExit", hook -> hook.childExit(now, member, status.text()));
  }

  /** The worker of an event, while the decisions know it. */
  private Hooks.Member member(int worker, long pid) {
    return fleet
        .worker(worker)
        .map(view -> new Hooks.Member(view.slot(), pid == 0 ? view.pid() : pid, view.generation()))
        .orElse(new Hooks.Member(-1, pid, 0));
  }
}
