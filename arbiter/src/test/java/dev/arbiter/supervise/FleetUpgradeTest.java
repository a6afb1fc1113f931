package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Action.Verdict;
import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.wire.Message;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** USR2: the arbiter that is installed now is tried, and takes over as if nothing had been. */
final class FleetUpgradeTest {

  /** The same fleet under the next arbiter, which begins this much later. */
  private static Rig next(Rig rig, double secondsLater) {
    Snapshot snapshot = rig.fleet.snapshot(rig.now);
    Map<Long, FleetPolicy> policies = new HashMap<>();
    snapshot.wanted().keySet().forEach(generation -> policies.put(generation, rig.policy));
    Rig next = new Rig(rig.policy);
    next.now = rig.now;
    next.jump(secondsLater);
    next.on(new Event.Resume(snapshot, policies, 9));
    return next;
  }

  private static Rig upgraded(Rig rig) {
    rig.ask(Request.UPGRADE);
    rig.on(new Event.DryRunDone(true, "arbiter 0.2.0"));
    return next(rig, 1);
  }

  @Test
  void the_installed_arbiter_is_tried_before_anything_else_happens() {
    Rig rig = Rig.steady(2);

    rig.ask(Request.UPGRADE);

    assertThat(rig.fleet.state()).isEqualTo(FleetState.UPGRADING);
    assertThat(rig.taken(Action.DryRun.class)).containsExactly(new Action.DryRun(Set.of(Rig.WIRE)));
    assertThat(rig.taken(Action.Exec.class)).isEmpty();
    assertThat(rig.serving()).hasSize(2);
  }

  @Test
  void a_failed_dry_run_changes_nothing_and_says_why() {
    Rig rig = Rig.steady(2);
    rig.on(new Event.Asked(Request.UPGRADE, 0, 7));
    rig.on(new Event.DryRunDone(false, "it refused: no such setting"));

    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(rig.taken(Action.Exec.class)).isEmpty();
    assertThat(rig.log(Level.ERROR))
        .singleElement()
        .asString()
        .contains("Upgrade failed", "no such setting", "goes on as it was");
    assertThat(rig.taken(Action.Reply.class))
        .containsExactly(
            new Action.Reply(7, Verdict.FAILED, "dry run: it refused: no such setting"));
    assertThat(rig.taken(Action.Spawn.class)).isEmpty();

    rig.ask(Request.UPGRADE);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.UPGRADING);
  }

  @Test
  void whoever_asked_is_sent_on_before_the_exec() {
    Rig rig = Rig.steady(1);
    rig.on(new Event.Asked(Request.UPGRADE, 0, 7));
    assertThat(rig.taken(Action.Reply.class)).isEmpty();

    List<Action> actions = rig.on(new Event.DryRunDone(true, "arbiter 0.2.0"));

    assertThat(actions)
        .filteredOn(action -> action instanceof Action.Proceed || action instanceof Action.Exec)
        .containsExactly(
            new Action.Proceed(7, "the dry run was fine; becoming arbiter 0.2.0"),
            new Action.Exec());
    assertThat(rig.taken(Action.Reply.class)).isEmpty();
  }

  @Test
  void whoever_was_sent_on_is_called_back_if_it_does_not_come_to_that() {
    Rig failed = Rig.steady(1);
    failed.on(new Event.Asked(Request.UPGRADE, 0, 7));
    failed.on(new Event.DryRunDone(true, "arbiter 0.2.0"));
    failed.on(new Event.ExecFailed("permission denied"));
    assertThat(failed.taken(Action.Reply.class))
        .containsExactly(new Action.Reply(7, Verdict.FAILED, "exec: permission denied"));

    Rig stopped = Rig.steady(1);
    stopped.on(new Event.Asked(Request.UPGRADE, 0, 7));
    stopped.on(new Event.DryRunDone(true, "arbiter 0.2.0"));
    stopped.ask(Request.STOP);
    assertThat(stopped.taken(Action.Reply.class))
        .containsExactly(new Action.Reply(7, Verdict.FAILED, "given up: the arbiter stops"));
  }

  @Test
  void the_next_arbiter_answers_what_became_of_it() {
    Rig complete = upgraded(Rig.steady(1));
    complete.resolve(2);
    complete.ready(complete.booting());
    assertThat(complete.taken(Action.Reply.class))
        .containsExactly(new Action.Reply(9, Verdict.DONE, "generation 2 serves"));

    Rig refused = upgraded(Rig.steady(1));
    refused.on(new Event.ReleaseRefused(2, "app: no class"));
    assertThat(refused.taken(Action.Reply.class))
        .containsExactly(
            new Action.Reply(
                9, Verdict.FAILED, "generation 2: app: no class; generation 1 keeps serving"));

    Rig stopped = upgraded(Rig.steady(1));
    stopped.ask(Request.STOP);
    assertThat(stopped.taken(Action.Reply.class))
        .singleElement()
        .extracting(Action.Reply::verdict)
        .isEqualTo(Verdict.FAILED);
  }

  @Test
  void who_waits_for_a_replacement_is_answered_before_the_exec_and_it_is_made_after_it() {
    Rig rig = Rig.steady(2);
    rig.on(new Event.Asked(Request.RECYCLE, 1, 7));
    rig.ask(Request.UPGRADE);

    List<Action> actions = rig.on(new Event.DryRunDone(true, "arbiter 0.2.0"));

    assertThat(actions)
        .filteredOn(Action.Reply.class::isInstance)
        .containsExactly(
            new Action.Reply(
                7, Verdict.FAILED, "the arbiter becomes another, which cannot tell how this ends"));
    assertThat(rig.fleet.snapshot(rig.now).workers())
        .filteredOn(worker -> worker.slot() == 1 && worker.state() == WorkerState.SERVING)
        .singleElement()
        .extracting(Snapshot.Worker::recycle)
        .isEqualTo("asked for by an operator");
  }

  @Test
  void an_exec_that_fails_leaves_everything_as_it_was() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.UPGRADE);
    rig.on(new Event.DryRunDone(true, "arbiter 0.2.0"));
    rig.on(new Event.ExecFailed("it cannot be executed: permission denied"));

    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(rig.log(Level.ERROR)).singleElement().asString().contains("permission denied");
  }

  @Test
  void one_change_at_a_time() {
    Rig starting = Rig.begun(2);
    starting.ask(Request.UPGRADE);
    assertThat(starting.log(Level.WARNING))
        .containsExactly("USR2: refused, another change is under way");

    Rig reloading = Rig.steady(2);
    reloading.ask(Request.RELOAD);
    reloading.ask(Request.UPGRADE);
    assertThat(reloading.taken(Action.DryRun.class)).isEmpty();

    Rig upgrading = Rig.steady(2);
    upgrading.ask(Request.UPGRADE);
    upgrading.ask(Request.RELOAD);
    upgrading.ask(Request.UPGRADE);
    assertThat(upgrading.taken(Action.ResolveRelease.class)).isEmpty();
    assertThat(upgrading.taken(Action.DryRun.class)).hasSize(1);
  }

  @Test
  void a_stop_takes_precedence() {
    Rig rig = Rig.steady(2);
    rig.on(new Event.Asked(Request.UPGRADE, 0, 7));
    rig.ask(Request.STOP);
    rig.on(new Event.DryRunDone(true, "arbiter 0.2.0"));

    assertThat(rig.fleet.state()).isEqualTo(FleetState.STOPPING);
    assertThat(rig.taken(Action.Exec.class)).isEmpty();
    assertThat(rig.taken(Action.Reply.class))
        .containsExactly(new Action.Reply(7, Verdict.FAILED, "given up: the arbiter stops"));
  }

  @Test
  void a_worker_that_dies_during_the_dry_run_is_replaced() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.UPGRADE);
    rig.killed(1, 9);

    assertThat(rig.in(WorkerState.SPAWNED)).containsExactly(3);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.UPGRADING);
  }

  @Test
  void the_next_arbiter_has_the_same_workers_and_then_reloads() {
    Rig rig = Rig.steady(2);
    Rig next = upgraded(rig);

    assertThat(next.serving()).isEqualTo(rig.serving());
    assertThat(next.fleet.workers().getFirst().pid()).isEqualTo(Rig.pid(1));
    assertThat(next.taken(Action.Spawn.class)).isEmpty();
    assertThat(next.taken(Action.ResolveRelease.class))
        .containsExactly(new Action.ResolveRelease(2));

    next.resolve(2);
    for (int i = 0; i < 2; i++) {
      next.ready(next.booting());
      next.exitDraining();
    }
    assertThat(next.serving()).containsExactly(3, 4);
    assertThat(next.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void the_old_generation_lives_on_where_the_new_one_cannot() {
    Rig next = upgraded(Rig.steady(2));
    next.on(new Event.ReleaseRefused(2, "app: no class"));

    assertThat(next.fleet.generation()).isEqualTo(1);
    next.killed(1, 9);
    assertThat(next.taken(Action.Spawn.class)).containsExactly(new Action.Spawn(3, 0, 1));
  }

  @Test
  void nobody_is_blamed_for_the_time_between_two_arbiters() {
    Rig rig = Rig.steady(2);
    rig.pass(1);
    rig.ask(Request.UPGRADE);
    rig.on(new Event.DryRunDone(true, "arbiter 0.2.0"));

    Rig next = next(rig, 25); // of the 30 seconds of --timeout
    next.silent.add(1);
    next.pass(20);
    assertThat(next.serving()).containsExactly(1, 2);
    next.pass(15);
    assertThat(next.stateOf(1)).isEqualTo(WorkerState.EJECTED);
    assertThat(next.stateOf(2)).isEqualTo(WorkerState.SERVING);
  }

  @Test
  void who_was_on_its_way_out_goes_on_under_its_own_limit() {
    Rig rig = Rig.steady(2);
    rig.silent.add(1);
    rig.pass(32);
    rig.evidence(1, Outcome.DUMPED); // told to leave, with 30 seconds
    rig.ready(rig.booting());
    rig.pass(10);

    Rig next = upgraded(rig);
    assertThat(next.stateOf(1)).isEqualTo(WorkerState.DRAINING);
    next.on(new Event.ReleaseRefused(2, "settings: unknown"));
    next.pass(19);
    assertThat(next.signals(1)).isEmpty();
    next.pass(3);
    assertThat(next.signals(1)).startsWith(Action.Sig.QUIT);
  }

  @Test
  void what_was_counted_and_asked_for_is_not_forgotten() {
    Rig rig = Rig.steady(3);
    rig.ask(Request.FEWER);
    rig.exitDraining();
    rig.killed(2, 9);
    rig.ready(rig.booting());
    rig.said(1, new Message.RecycleMe("served 53 requests"));
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);

    Snapshot before = rig.fleet.snapshot(rig.now);
    Rig next = upgraded(rig);

    Snapshot after = next.fleet.snapshot(rig.now);
    assertThat(after.departures()).isEqualTo(before.departures());
    assertThat(after.wanted()).isEqualTo(Map.of(1L, 2));
    assertThat(after.workers()).extracting(Snapshot.Worker::recycle).contains("served 53 requests");
    assertThat(after.lastWorker()).isEqualTo(before.lastWorker());
    assertThat(after.everSettled()).isTrue();
  }

  @Test
  void workers_that_were_stopped_stay_stopped() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.STOP_WORKERS);
    rig.exitDraining();

    Rig next = upgraded(rig);

    assertThat(next.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(next.taken(Action.ResolveRelease.class)).isEmpty();
    assertThat(next.taken(Action.Reply.class))
        .singleElement()
        .extracting(Action.Reply::verdict)
        .isEqualTo(Verdict.DONE);
    next.ask(Request.MORE);
    assertThat(next.taken(Action.Spawn.class)).hasSize(2);
  }

  @Test
  void workers_of_an_older_protocol_are_adopted_and_obey() {
    Rig rig = Rig.steady(1);
    Snapshot left = rig.fleet.snapshot(rig.now);
    assertThat(left.workers()).extracting(Snapshot.Worker::wire).containsOnly(Rig.WIRE);

    Fleet newer = new Fleet(Rig.WIRE + 1);
    List<Action> actions = newer.on(new Event.Resume(left, Map.of(1L, Rig.policy(1)), 0), rig.now);

    assertThat(actions).noneMatch(action -> action instanceof Action.Signal);
    assertThat(newer.worker(1).orElseThrow().state()).isEqualTo(WorkerState.SERVING);
    newer.on(new Event.ReleaseResolved(2, Rig.policy(1)), rig.now);
    int next = newer.workers().getLast().worker();
    newer.on(new Event.Spawned(next, Rig.pid(next)), rig.now);
    newer.on(new Event.Said(next, new Message.Hello(Rig.WIRE + 1, Rig.pid(next), "x")), rig.now);
    assertThat(newer.on(new Event.Said(next, new Message.Ready("")), rig.now))
        .as("the one of the older version is relieved as any other")
        .anyMatch(
            action -> action instanceof Action.Tell(int worker, Message.Drain _) && worker == 1);
    assertThat(newer.snapshot(rig.now).workers())
        .extracting(Snapshot.Worker::wire)
        .containsExactly(Rig.WIRE, Rig.WIRE + 1);
  }

  @Test
  void a_worker_of_an_older_protocol_is_taken_and_one_of_a_newer_is_not() {
    Fleet newer = new Fleet(Rig.WIRE + 1);
    newer.on(new Event.Begin(Rig.policy(1), 1), 0);
    newer.on(new Event.Spawned(1, 1001), 0);
    newer.on(new Event.Said(1, new Message.Hello(Rig.WIRE, 1001, "echo")), 0);
    newer.on(new Event.Said(1, new Message.Ready("")), 0);
    assertThat(newer.worker(1).orElseThrow().state()).isEqualTo(WorkerState.SERVING);
    assertThat(newer.snapshot(0).workers().getFirst().wire()).isEqualTo(Rig.WIRE);

    Rig older = Rig.begun(1);
    older.said(1, new Message.Hello(Rig.WIRE + 1, Rig.pid(1), "echo"));
    assertThat(older.log(Level.ERROR)).singleElement().asString().contains("speaks version 2");
  }
}
