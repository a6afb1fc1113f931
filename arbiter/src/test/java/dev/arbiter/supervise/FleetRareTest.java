package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.FleetPolicy.Change;
import dev.arbiter.supervise.FleetPolicy.Size;
import dev.arbiter.wire.Message;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What nobody had thought of before a simulation came upon it. */
final class FleetRareTest {
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final Duration PROBATION = Duration.ofSeconds(10);

  @Test
  void without_surge_more_canaries_than_there_is_room_for_are_not_waited_for() {
    Rig rig = Rig.steady(TestPolicy.of(4).change(new Change(0, 2, PROBATION, 3, "", SOON)).build());
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    for (int i = 0; i < 60 && rig.answers(7).isEmpty(); i++) {
      rig.exitDraining();
      rig.readyAll();
      rig.pass(1);
    }
    assertThat(rig.answers(7)).hasSize(1).first().asString().startsWith("DONE generation 2");
  }

  @Test
  void back_and_forth_between_two_releases_that_both_serve_tells_nobody_else_to_leave() {
    Rig rig = Rig.steady(3);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(4);
    assertThat(rig.serving()).containsExactly(2, 3, 4);
    rig.ask(Request.ROLLBACK, 0, 8);
    assertThat(rig.fleet.generation()).as("two of it serve yet").isEqualTo(1);
    rig.ask(Request.ROLLBACK, 0, 9);
    rig.ask(Request.ROLLBACK, 0, 10);
    assertThat(rig.serving()).containsExactly(2, 3, 4);
    for (int i = 0; i < 3; i++) {
      rig.exitDraining();
      rig.readyAll();
    }
    assertThat(rig.serving()).hasSize(3);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(rig.answers(8)).hasSize(1);
    assertThat(rig.answers(9)).hasSize(1);
    assertThat(rig.answers(10)).containsExactly("DONE generation 1 serves");
  }

  @Test
  void who_is_to_leave_while_its_health_is_asked_for_gets_its_whole_time() {
    Change change = new Change(1, 0, Duration.ZERO, 1, "/health", SOON);
    Rig rig = Rig.begun(TestPolicy.of(1).change(change).build());
    rig.ready(1);
    rig.said(1, new Message.Probed(1, 200, 3, ""));
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(2);
    rig.ask(Request.ROLLBACK, 0, 8);
    assertThat(rig.stateOf(2)).isEqualTo(WorkerState.DRAINING);
    rig.pass(29);
    assertThat(rig.signals(2)).isEmpty();
    rig.pass(2);
    assertThat(rig.signals(2)).containsExactly(Sig.QUIT);
  }

  @Test
  void a_dump_of_a_worker_that_is_set_aside_leaves_it_where_it_is() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.EJECT, 0, 7);
    rig.ask(Request.DUMP, 0, 8);
    rig.evidence(1, Outcome.ANSWERED);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.EJECTED);
    assertThat(rig.answers(8)).containsExactly("DONE dump.txt");
  }

  @Test
  void who_was_set_aside_and_is_to_leave_gets_no_more_time_than_others() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.EJECT, 1, 7);
    rig.ask(Request.FEWER);
    assertThat(rig.stateOf(2)).isEqualTo(WorkerState.DRAINING);
    rig.pass(31);
    assertThat(rig.signals(2)).containsExactly(Sig.TERM, Sig.QUIT);
  }

  @Test
  void the_sockets_are_closed_also_when_the_last_worker_dies_in_the_drain_delay() {
    Rig rig = Rig.steady(TestPolicy.of(1).drainDelay(Duration.ofSeconds(10)).build());
    rig.ask(Request.STOP);
    rig.killed(1, 9);
    assertThat(rig.taken(Action.CloseListeners.class)).hasSize(1);
    assertThat(rig.exits()).containsExactly(0);
  }

  @Test
  void a_spare_that_was_silent_and_runs_again_does_not_serve_beside_the_others() {
    Rig rig = Rig.steady(TestPolicy.of(1).size(new Size(1, 0, 0)).build());
    rig.readyAll();
    rig.pass(26);
    assertThat(rig.stateOf(2)).isEqualTo(WorkerState.EJECTED);
    rig.beat(2);
    rig.evidence(2, Outcome.ANSWERED);
    assertThat(rig.stateOf(2)).isEqualTo(WorkerState.DRAINING);
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void who_waits_for_a_replacement_hears_of_a_release_that_took_the_slot_over() {
    Rig rig = Rig.steady(TestPolicy.of(1).change(new Change(1, 0, PROBATION, 1, "", SOON)).build());
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(2);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.PROBATION);
    rig.ask(Request.RECYCLE, 0, 7);
    rig.silent.add(3); // it boots for the recycling, and does not get ready before that is over
    rig.pass(11);
    assertThat(rig.serving()).containsExactly(2);
    assertThat(rig.answers(7)).hasSize(1).first().asString().startsWith("DONE");
  }

  @Test
  void who_waits_for_a_replacement_in_a_slot_that_is_no_more_is_told() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RECYCLE, 1, 7);
    rig.ask(Request.FEWER);
    assertThat(rig.answers(7)).containsExactly("FAILED there is no slot 1 now");
  }

  @Test
  void a_number_of_workers_that_an_operator_sets_holds_for_a_release_on_trial_too() {
    Rig rig = Rig.steady(4);
    rig.ask(Request.SCALE, 2, 7);
    rig.exitDraining();
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ask(Request.SCALE, 3, 8);
    rig.readyAll();
    rig.exitDraining();
    rig.readyAll();
    assertThat(rig.fleet.generation()).isEqualTo(2);
    assertThat(rig.serving()).hasSize(3);
  }

  @Test
  void a_worker_that_asked_to_be_replaced_still_is_after_a_silence() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD); // so that nobody is recycled meanwhile
    rig.said(1, new Message.RecycleMe("served 9 requests"));
    int replacement = rig.booting();
    rig.killed(replacement, 9);
    rig.silent.add(1);
    rig.pass(31);
    rig.beat(1);
    rig.silent.clear();
    rig.evidence(1, Outcome.ANSWERED);
    assertThat(rig.stateOf(1)).isIn(WorkerState.SERVING, WorkerState.DRAINING);
    for (int i = 0; i < 9; i++) {
      rig.readyAll();
      rig.pass(1);
    }
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.DRAINING);
  }

  @Test
  void who_is_replaced_during_the_drain_delay_leaves_as_always() {
    Rig rig = Rig.steady(TestPolicy.of(1).drainDelay(Duration.ofSeconds(8)).build());
    rig.said(1, new Message.RecycleMe("max-requests"));
    rig.ask(Request.STOP);
    rig.ready(2);
    assertThat(rig.serving()).containsExactly(2);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(1);
    rig.pass(9);
    rig.exitDraining();
    assertThat(rig.exits()).containsExactly(0);
  }

  @Test
  void a_silent_worker_that_recovers_during_a_reload_does_not_serve_beside_its_replacement() {
    Rig rig = Rig.steady(2);
    rig.silent.add(2);
    rig.pass(31);
    rig.ready(3);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(4);
    assertThat(rig.serving()).containsExactly(3, 4);
    rig.beat(2);
    rig.evidence(2, Outcome.ANSWERED);
    assertThat(rig.serving()).containsExactly(3, 4);
    assertThat(rig.stateOf(2)).isEqualTo(WorkerState.DRAINING);
  }

  @Test
  void a_release_that_is_being_prepared_when_all_stop_has_not_failed() {
    for (Request request : List.of(Request.STOP, Request.STOP_WORKERS)) {
      Rig rig = Rig.steady(2);
      rig.ask(Request.RELOAD, 0, 7);
      rig.ask(request);
      assertThat(rig.log(Level.INFO))
          .contains(
              "Reload: preparing generation 2 is cut short, "
                  + (request == Request.STOP ? "the arbiter stops" : "the workers are stopped"));
      assertThat(rig.answers(7))
          .singleElement()
          .asString()
          .startsWith("FAILED the reload is given");
      rig.on(new Event.ReleaseRefused(2, "app: The app does not compile"));
      assertThat(rig.log(Level.ERROR)).isEmpty();
    }
  }

  @Test
  void a_reload_that_was_given_up_does_not_keep_the_next_from_failing_aloud() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD);
    rig.ask(Request.ROLLBACK, 0, 7);
    rig.on(new Event.ReleaseRefused(2, "app: The app does not compile"));
    rig.ask(Request.RELOAD);
    rig.on(new Event.ReleaseRefused(3, "app: The app does not compile"));
    assertThat(rig.log(Level.ERROR)).singleElement().asString().contains("generation 3");
  }

  @Test
  void a_reload_of_workers_that_were_stopped_before_any_was_ready_ends_when_they_come_back() {
    Rig rig = Rig.begun(2);
    rig.ask(Request.STOP_WORKERS);
    rig.exitDraining();
    rig.ask(Request.RELOAD, 0, 7);
    rig.ask(Request.MORE);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.RELOADING);
    rig.resolve(2);
    rig.ready(5); // before those of the first generation, which TTIN has brought back
    rig.exitDraining();
    rig.readyAll();
    assertThat(rig.serving()).hasSize(2);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(rig.answers(7)).containsExactly("DONE generation 2 serves");
  }
}
