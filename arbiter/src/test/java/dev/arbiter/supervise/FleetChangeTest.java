package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.wire.Message;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Reload, scaling, stopping. */
final class FleetChangeTest {

  @Test
  void a_reload_replaces_slot_by_slot_and_never_serves_with_fewer() {
    Rig rig = Rig.steady(3);
    assertThat(rig.ask(Request.RELOAD)).contains(new Action.ResolveRelease(2));
    assertThat(rig.fleet.state()).isEqualTo(FleetState.RELOADING);
    rig.resolve(2);
    for (int slot = 0; slot < 3; slot++) {
      assertThat(rig.serving()).hasSize(3);
      assertThat(rig.stateOf(slot + 1)).isEqualTo(WorkerState.SERVING);
      rig.ready(rig.booting());
      assertThat(rig.told(slot + 1)).containsExactly(new Message.Drain("reload", 30_000, 5_000));
    }
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(rig.log())
        .contains(
            "Reloaded: generation 2 took over from 1",
            "Fleet STEADY: 3 serving, 0 booting, 3 draining, generation 2");
    assertThat(rig.actions).doesNotContain(new Action.RetireRelease(1));
    rig.exitDraining();
    assertThat(rig.actions).as("it may be wanted back").doesNotContain(new Action.RetireRelease(1));
    assertThat(rig.fleet.generation()).isEqualTo(2);
    rig.ask(Request.RELOAD);
    rig.resolve(3);
    rig.readyAll();
    assertThat(rig.actions).containsOnlyOnce(new Action.RetireRelease(1));
  }

  @Test
  void a_reload_is_done_when_no_old_worker_accepts_any_more() {
    Rig rig = Rig.steady(2);
    rig.closing = false;
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.readyAll();
    assertThat(rig.serving()).containsExactly(3, 4);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.RELOADING);
    rig.said(1, new Message.Draining(1, 0));
    assertThat(rig.answers(7)).isEmpty();
    rig.exit(2);
    assertThat(rig.answers(7)).containsExactly("DONE generation 2 serves");
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void an_old_worker_that_does_not_close_is_waited_for_until_it_is_killed() {
    Rig rig = Rig.steady(1);
    rig.closing = false;
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.readyAll();
    rig.pass(31);
    assertThat(rig.signals(1)).containsExactly(Sig.QUIT); // it writes its dump, and accepts
    assertThat(rig.answers(7)).isEmpty();
    rig.pass(2);
    assertThat(rig.signals(1)).containsExactly(Sig.QUIT, Sig.KILL);
    assertThat(rig.answers(7)).containsExactly("DONE generation 2 serves");
  }

  @Test
  void a_release_that_is_refused_changes_nothing() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD);
    rig.on(new Event.ReleaseRefused(2, "arbiter.toml:3:1: unknown key 'wrokers'"));
    assertThat(rig.log(Level.ERROR))
        .containsExactly(
            "Reload failed: generation 2: arbiter.toml:3:1: unknown key 'wrokers'; generation 1"
                + " keeps serving");
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(rig.serving()).containsExactly(1, 2);
    assertThat(rig.ask(Request.RELOAD)).contains(new Action.ResolveRelease(3));
  }

  @Test
  void a_release_whose_first_worker_fails_leaves_the_old_generation_serving() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.hello(3);
    rig.said(3, new Message.Failed("starting app", 3, "connection refused", ""));
    assertThat(rig.log(Level.ERROR))
        .containsExactly(
            "Reload failed: generation 2: Worker 0 (pid 1003) failed while starting app: connection"
                + " refused; generation 1 keeps serving");
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    rig.on(new Event.Exited(3, new ExitStatus.Code(3)));
    assertThat(rig.actions).contains(new Action.RetireRelease(2));
    rig.pass(60);
    assertThat(rig.serving()).containsExactly(1, 2);
    assertThat(rig.in(WorkerState.SPAWNED)).isEmpty();
  }

  @Test
  void a_release_whose_first_worker_does_not_get_ready_leaves_the_old_generation_serving() {
    Rig rig = Rig.steady(1);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.pass(60);
    assertThat(rig.log(Level.ERROR).getLast())
        .startsWith("Reload failed: generation 2: Worker 0 (pid 1002) was not ready within 1 min");
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void a_later_slot_that_fails_is_tried_again_and_its_old_worker_serves_meanwhile() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(3);
    rig.on(new Event.Exited(4, new ExitStatus.Code(1)));
    assertThat(rig.serving()).containsExactly(2, 3);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.RELOADING);
    rig.pass(2);
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(3, 5);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void a_reload_before_the_new_generation_was_ready_supersedes_it() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.hello(3);
    assertThat(rig.ask(Request.RELOAD)).contains(new Action.ResolveRelease(3));
    assertThat(rig.stateOf(3)).isEqualTo(WorkerState.BOOTING);
    rig.resolve(3);
    assertThat(rig.told(3)).containsExactly(new Message.Drain("superseded", 5_000, 0));
    assertThat(rig.signals(3)).containsExactly(Sig.TERM);
    rig.exit(3);
    assertThat(rig.actions).contains(new Action.RetireRelease(2));
    rig.readyAll();
    assertThat(rig.fleet.generation()).isEqualTo(3);
    assertThat(rig.fleet.workers())
        .filteredOn(w -> w.state() == WorkerState.SERVING)
        .extracting(WorkerView::generation)
        .containsExactly(3L, 3L);
  }

  @Test
  void a_reload_after_the_new_generation_was_ready_takes_over_what_it_has() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(3);
    rig.ask(Request.RELOAD);
    rig.resolve(3);
    rig.readyAll();
    rig.exitDraining();
    rig.readyAll();
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(rig.fleet.workers()).extracting(WorkerView::generation).containsOnly(3L);
  }

  @Test
  void many_reloads_while_one_is_prepared_become_one_more() {
    Rig rig = Rig.steady(1);
    for (int i = 0; i < 25; i++) {
      rig.ask(Request.RELOAD);
    }
    assertThat(rig.taken(Action.ResolveRelease.class)).hasSize(1);
    rig.resolve(2);
    assertThat(rig.in(WorkerState.SPAWNED)).isEmpty();
    assertThat(rig.actions).contains(new Action.RetireRelease(2), new Action.ResolveRelease(3));
    rig.resolve(3);
    rig.readyAll();
    assertThat(rig.fleet.generation()).isEqualTo(3);
    assertThat(rig.taken(Action.ResolveRelease.class)).hasSize(2);
  }

  @Test
  void a_slot_that_falls_vacant_during_a_trial_is_filled_with_the_good_generation() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.killed(2, 9);
    assertThat(rig.fleet.workers())
        .filteredOn(w -> w.state() == WorkerState.SPAWNED)
        .extracting(WorkerView::slot, WorkerView::generation)
        .containsExactly(tuple(0, 2L), tuple(1, 1L));
    rig.ready(3);
    rig.readyAll();
    assertThat(rig.fleet.workers())
        .filteredOn(w -> w.state() == WorkerState.SERVING)
        .extracting(WorkerView::generation)
        .containsExactly(2L, 2L);
  }

  @Test
  void a_reload_brings_the_number_of_workers_of_the_settings() {
    Rig rig = Rig.steady(2);
    rig.policy = Rig.policy(4);
    rig.ask(Request.MORE);
    rig.readyAll();
    assertThat(rig.serving()).hasSize(3);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.readyAll();
    assertThat(rig.serving()).hasSize(4);
    rig.policy = Rig.policy(1);
    rig.ask(Request.RELOAD);
    rig.resolve(3);
    rig.readyAll();
    assertThat(rig.serving()).hasSize(1);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void one_worker_more_and_one_fewer_but_never_none() {
    Rig rig = Rig.steady(1);
    rig.ask(Request.MORE);
    rig.readyAll();
    assertThat(rig.serving()).containsExactly(1, 2);
    rig.ask(Request.FEWER);
    assertThat(rig.told(2)).endsWith(new Message.Drain("fewer workers", 30_000, 5_000));
    rig.ask(Request.FEWER);
    assertThat(rig.log().getLast()).isEqualTo("TTOU: already at 1 worker");
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void stopped_workers_come_back_with_one_more() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.STOP_WORKERS);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(1, 2);
    rig.exitDraining();
    rig.pass(60);
    assertThat(rig.fleet.workers()).isEmpty();
    rig.ask(Request.MORE);
    rig.readyAll();
    assertThat(rig.serving()).hasSize(2);
  }

  @Test
  void stopped_workers_come_back_with_a_reload_in_the_new_generation() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.STOP_WORKERS);
    rig.exitDraining();
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.readyAll();
    assertThat(rig.fleet.workers()).extracting(WorkerView::generation).containsExactly(2L, 2L);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void stopping_the_workers_gives_up_a_reload() {
    Rig rig = Rig.steady(1);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ask(Request.STOP_WORKERS);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(1, 2);
    rig.exitDraining();
    assertThat(rig.actions).contains(new Action.RetireRelease(2));
    assertThat(rig.fleet.workers()).isEmpty();
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void log_files_are_opened_again_everywhere() {
    Rig rig = Rig.steady(1);
    assertThat(rig.ask(Request.REOPEN))
        .containsExactly(new Action.ReopenLogs(), new Action.Tell(1, new Message.Reopen()));
  }

  @Test
  void a_stop_drains_everybody_with_a_short_linger_and_ends_with_0() {
    Rig rig = Rig.steady(2);
    rig.closing = false;
    rig.ask(Request.STOP);
    assertThat(rig.told(1)).containsExactly(new Message.Drain("stop", 30_000, 1_000));
    assertThat(rig.told(2)).hasSize(1);
    assertThat(rig.actions).endsWith(new Action.CloseListeners());
    assertThat(rig.ask(Request.STOP)).hasSize(1);
    assertThat(rig.ask(Request.RELOAD)).hasSize(1);
    rig.exit(1);
    assertThat(rig.exits()).isEmpty();
    rig.exit(2);
    assertThat(rig.actions)
        .endsWith(new Action.Log(Level.INFO, "Stopped, exit code 0"), new Action.Exit(0));
  }

  @Test
  void a_worker_that_lingers_after_a_reload_does_so_no_longer_when_all_stop() {
    Rig rig = Rig.steady(1);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.hello(2);
    rig.ready(2);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(1);
    rig.ask(Request.STOP);
    assertThat(rig.told(1)).last().isInstanceOf(Message.Drain.class);
    assertThat(((Message.Drain) rig.told(1).getLast()).linger()).isEqualTo(1_000);
  }

  @Test
  void a_stop_supersedes_a_reload() {
    Rig rig = Rig.steady(1);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.hello(2);
    rig.ask(Request.STOP);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(1, 2);
    assertThat(rig.signals(2)).containsExactly(Sig.TERM);
    rig.exitDraining();
    assertThat(rig.exits()).containsExactly(0);
    assertThat(rig.actions).contains(new Action.RetireRelease(1), new Action.RetireRelease(2));
  }

  @Test
  void a_stop_gives_the_graceful_timeout_then_a_dump_then_kills() {
    Rig rig = Rig.steady(1);
    rig.ask(Request.STOP);
    rig.said(1, new Message.Draining(2, 1));
    rig.pass(30);
    assertThat(rig.log())
        .contains(
            "Worker 0 (pid 1001) has not left 30 s after it was to (stop); it has left 2"
                + " connections and 1 request: QUIT for a thread dump, then KILL");
    rig.pass(2);
    assertThat(rig.signals(1)).containsExactly(Sig.QUIT, Sig.KILL);
    rig.killed(1, 9);
    assertThat(rig.exits()).containsExactly(0);
  }

  @Test
  void without_a_graceful_timeout_a_stop_waits_until_a_second_interrupt() {
    FleetPolicy policy = TestPolicy.of(1).gracefulTimeout(Duration.ZERO).build();
    Rig rig = Rig.steady(policy);
    rig.ask(Request.INTERRUPT);
    rig.pass(3_600);
    assertThat(rig.signals(1)).isEmpty();
    rig.ask(Request.INTERRUPT);
    assertThat(rig.signals(1)).containsExactly(Sig.KILL);
  }

  @Test
  void an_interrupt_after_a_stop_only_warns_and_the_next_one_kills() {
    Rig rig = Rig.steady(1);
    rig.ask(Request.STOP);
    rig.ask(Request.INTERRUPT);
    assertThat(rig.signals(1)).isEmpty();
    rig.ask(Request.INTERRUPT);
    assertThat(rig.signals(1)).containsExactly(Sig.KILL);
  }
}
