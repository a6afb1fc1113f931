package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.wire.Message;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FleetStartTest {

  @Test
  void a_fleet_boots_all_slots_and_is_steady_when_all_serve() {
    Rig rig = Rig.begun(3);
    assertThat(rig.taken(Action.Spawn.class))
        .extracting(Action.Spawn::slot)
        .containsExactly(0, 1, 2);
    rig.ready(1);
    rig.ready(2);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STARTING);
    rig.jump(0.43);
    rig.ready(3);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(rig.log())
        .contains(
            "Booting worker 2 (pid 1003)",
            "Worker 2 (pid 1003) ready in 430 ms",
            "Fleet STEADY: 3 serving, 0 booting, 0 draining, generation 1");
  }

  @Test
  void hello_is_answered_with_configure_and_ready_with_accept() {
    Rig rig = Rig.begun(1);
    rig.hello(1);
    assertThat(rig.actions).contains(new Action.Configure(1));
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.BOOTING);
    assertThat(rig.said(1, new Message.Ready("app:App")))
        .contains(new Action.Tell(1, new Message.Accept()));
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.SERVING);
  }

  @Test
  void no_more_boots_at_once_than_allowed() {
    Rig rig = Rig.begun(TestPolicy.of(5).boots(2).build());
    assertThat(rig.in(WorkerState.SPAWNED)).containsExactly(1, 2);
    rig.ready(1);
    assertThat(rig.in(WorkerState.SPAWNED)).containsExactly(2, 3);
    rig.readyAll();
    assertThat(rig.serving()).hasSize(5);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void a_first_start_that_fails_ends_with_one_line_and_the_workers_exit_code(int workers) {
    Rig rig = Rig.begun(workers);
    Message.Failed failed =
        new Message.Failed("loading app", 4, "no class app.App in /srv", "check --app-dir");
    for (int worker = 1; worker <= workers; worker++) {
      rig.hello(worker);
    }
    for (int worker = 1; worker <= workers; worker++) {
      rig.said(worker, failed);
    }
    assertThat(rig.log(Level.ERROR))
        .containsExactly(
            "Worker 0 (pid 1001) failed while loading app: no class app.App in /srv. Hint: check"
                + " --app-dir");
    Rig.ids(1, workers).forEach(w -> rig.on(new Event.Exited(w, new ExitStatus.Code(4))));
    assertThat(rig.exits()).containsExactly(4);
    assertThat(rig.actions.getLast()).isEqualTo(new Action.Exit(4));
    assertThat(rig.actions).contains(new Action.CloseListeners(), new Action.RetireRelease(1));
    assertThat(rig.fleet.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(rig.on(new Event.Tick())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void a_worker_that_dies_unexplained_at_first_start_shows_its_output_and_ends_with_3(int workers) {
    Rig rig = Rig.begun(workers);
    rig.hello(1);
    rig.said(1, new Message.Phase("loading app", 0));
    rig.jump(1.2);
    rig.on(new Event.Exited(1, new ExitStatus.Code(1)));
    assertThat(rig.actions).containsSubsequence(new Action.ShowOutput(1), new Action.Forget(1));
    assertThat(rig.log(Level.ERROR))
        .containsExactly(
            "Worker 0 (pid 1001) died before it was ready, 1.2 s after its start (its last step:"
                + " loading app): exit code 1");
    rig.exitDraining();
    assertThat(rig.exits()).containsExactly(3);
  }

  @Test
  void a_worker_that_cannot_be_spawned_at_first_start_ends_with_3() {
    Rig rig = new Rig(Rig.policy(1));
    rig.spawning = false;
    rig.on(new Event.Begin(rig.policy, 1));
    rig.on(new Event.SpawnFailed(1, "no such file: /opt/jdk/bin/java"));
    assertThat(rig.log(Level.ERROR))
        .containsExactly("Worker 0 could not be spawned: no such file: /opt/jdk/bin/java");
    assertThat(rig.exits()).containsExactly(3);
    assertThat(rig.actions).contains(new Action.Forget(1));
  }

  @Test
  void a_boot_that_takes_too_long_gives_evidence_then_is_killed_and_ends_with_3() {
    Rig rig = Rig.begun(1);
    rig.hello(1);
    rig.said(1, new Message.Phase("warming up", 0));
    rig.pass(59);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STARTING);
    rig.pass(1);
    assertThat(rig.log(Level.ERROR))
        .containsExactly(
            "Worker 0 (pid 1001) was not ready within 1 min (--boot-timeout) (its last step:"
                + " warming up)");
    assertThat(rig.actions).contains(new Action.CollectEvidence(1, "not ready within 1 min"));
    assertThat(rig.signals(1)).isEmpty();
    rig.evidence(1, Outcome.DUMPED);
    assertThat(rig.signals(1)).containsExactly(Sig.KILL);
    rig.killed(1, 9);
    assertThat(rig.exits()).containsExactly(3);
  }

  @Test
  void evidence_that_never_comes_does_not_hold_up_the_kill() {
    Rig rig = Rig.begun(1);
    rig.pass(60);
    rig.pass(7);
    assertThat(rig.signals(1)).containsExactly(Sig.KILL);
  }

  @Test
  void a_boot_timeout_of_zero_waits_for_ever() {
    FleetPolicy policy = TestPolicy.of(1).bootTimeout(Duration.ZERO).build();
    Rig rig = Rig.begun(policy);
    rig.pass(3_600);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STARTING);
    assertThat(rig.fleet.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void a_worker_of_another_protocol_version_is_refused_by_name() {
    Rig rig = Rig.begun(1);
    rig.said(1, new Message.Hello(7, 1001, "echo"));
    assertThat(rig.log(Level.ERROR))
        .containsExactly(
            "Worker 0 (pid 1001) of kind echo speaks version 7 of the worker protocol, this arbiter"
                + " 1: build the kind against this release");
    assertThat(rig.actions).doesNotContain(new Action.Configure(1));
    assertThat(rig.signals(1)).containsExactly(Sig.TERM);
  }

  @Test
  void once_a_worker_was_ready_another_that_fails_backs_off_and_is_tried_again() {
    Rig rig = Rig.begun(2);
    rig.ready(1);
    rig.on(new Event.Exited(2, new ExitStatus.Code(1)));
    assertThat(rig.log(Level.ERROR).getLast()).endsWith("exit code 1; next try in 1.5 s");
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STARTING);
    rig.pass(1);
    assertThat(rig.in(WorkerState.SPAWNED)).isEmpty();
    rig.pass(0.5);
    rig.ready(rig.booting());
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void a_crash_loop_without_a_worker_that_ever_stayed_ends_with_6() {
    Rig rig = Rig.begun(1);
    for (int death = 1; death <= Tally.HOPELESS; death++) {
      rig.readyAll();
      rig.pass(1);
      rig.on(new Event.Exited(death, new ExitStatus.Code(1)));
      rig.pass(31);
    }
    assertThat(rig.exits()).containsExactly(6);
    assertThat(rig.log(Level.ERROR).getLast())
        .isEqualTo(
            "Giving up: 10 workers in a row died before or within 5 s of being ready, and none"
                + " stayed");
  }

  @Test
  void a_crash_loop_after_a_worker_has_stayed_is_sat_out() {
    Rig rig = Rig.steady(1);
    for (int death = 1; death <= 3 * Tally.HOPELESS; death++) {
      rig.killed(death, 11);
      rig.pass(31);
      rig.readyAll();
    }
    assertThat(rig.exits()).isEmpty();
    assertThat(rig.serving()).hasSize(1);
  }

  @Test
  void a_signal_before_the_start_has_ended_gives_128_and_its_number() {
    Rig term = Rig.begun(2);
    term.ask(Request.STOP);
    assertThat(term.signals(1)).containsExactly(Sig.TERM);
    Rig.ids(1, 2).forEach(w -> term.on(new Event.Exited(w, new ExitStatus.Code(143))));
    assertThat(term.exits()).containsExactly(143);

    Rig interrupt = Rig.begun(1);
    interrupt.hello(1);
    interrupt.ask(Request.INTERRUPT);
    assertThat(interrupt.told(1)).containsExactly(new Message.Drain("stop", 5_000, 0));
    interrupt.exit(1);
    assertThat(interrupt.exits()).containsExactly(130);
  }

  @Test
  void a_signal_before_anything_was_begun_ends_at_once() {
    Rig rig = new Rig(Rig.policy(1));
    rig.ask(Request.STOP);
    assertThat(rig.exits()).containsExactly(143);
  }

  @Test
  void stopping_while_a_process_is_being_spawned_waits_for_its_pid() {
    Rig rig = new Rig(Rig.policy(1));
    rig.spawning = false;
    rig.on(new Event.Begin(rig.policy, 1));
    rig.ask(Request.STOP);
    assertThat(rig.taken(Action.Signal.class)).isEmpty();
    rig.on(new Event.Spawned(1, 1001));
    assertThat(rig.signals(1)).containsExactly(Sig.TERM);
    rig.on(new Event.Exited(1, new ExitStatus.Code(143)));
    assertThat(rig.exits()).containsExactly(143);
  }

  @Test
  void reloads_asked_for_during_the_start_become_one_when_a_first_worker_is_ready() {
    Rig rig = Rig.begun(2);
    for (int i = 0; i < 25; i++) {
      rig.ask(Request.RELOAD);
      rig.jump(0.01);
    }
    assertThat(rig.taken(Action.ResolveRelease.class)).isEmpty();
    rig.readyAll();
    assertThat(rig.taken(Action.ResolveRelease.class))
        .containsExactly(new Action.ResolveRelease(2));
  }
}
