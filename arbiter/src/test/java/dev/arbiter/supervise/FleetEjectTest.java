package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.FleetPolicy.Change;
import dev.arbiter.supervise.Tally.Cause;
import dev.arbiter.supervise.Tally.Death;
import dev.arbiter.wire.Message;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What becomes of a worker that an operator has set aside. */
final class FleetEjectTest {
  private static final Duration SOON = Duration.ofSeconds(5);

  @Test
  void a_worker_that_dies_while_it_is_set_aside_has_died() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.EJECT, 0, 7);
    rig.killed(1, 11);
    assertThat(rig.log(Level.ERROR))
        .containsExactly(
            "Worker 0 (pid 1001) died 6 s after its start: killed by signal 11 (SEGV); replacing it");
    assertThat(rig.fleet.deaths()).singleElement().extracting(Death::cause).isEqualTo(Cause.DIED);
    assertThat(rig.fleet.departures()).containsExactly(Map.entry("died", 1));
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(2, 3);
  }

  @Test
  void a_worker_that_an_operator_sets_aside_as_soon_as_it_serves_and_that_dies_is_waited_with() {
    Rig rig = Rig.begun(2);
    rig.readyAll();
    rig.ask(Request.EJECT, 0, 7);
    rig.killed(1, 11);
    assertThat(rig.log(Level.ERROR)).singleElement().asString().endsWith("; next try in 1.5 s");
    assertThat(rig.in(WorkerState.SPAWNED)).isEmpty();
  }

  @Test
  void a_worker_that_is_set_aside_stays_while_a_reload_fills_its_slot_with_the_new_release() {
    for (int slot : new int[] {0, 1}) {
      Rig rig = Rig.steady(2);
      rig.ask(Request.EJECT, slot, 7);
      rig.ask(Request.RELOAD, 0, 8);
      rig.resolve(2);
      for (int i = 0; i < 4; i++) {
        rig.readyAll();
        rig.exitDraining();
      }
      assertThat(rig.stateOf(slot + 1)).isEqualTo(WorkerState.EJECTED);
      assertThat(rig.fleet.worker(slot + 1).orElseThrow().generation()).isEqualTo(1);
      assertThat(rig.serving()).hasSize(2);
      assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
      assertThat(rig.answers(8)).containsExactly("DONE generation 2 serves");
      assertThat(rig.log())
          .contains(
              "Worker %d (pid %d) stays set aside, and another serves in its slot; arbiterctl eject %d"
                      .formatted(slot, slot + 1001, slot)
                  + " lets it go");

      rig.ask(Request.EJECT, slot, 9);
      assertThat(rig.answers(9))
          .singleElement()
          .asString()
          .endsWith("leaves: another has its slot");
      assertThat(rig.stateOf(slot + 1)).isEqualTo(WorkerState.DRAINING);
      rig.exitDraining();
      assertThat(rig.serving()).hasSize(2);
    }
  }

  @Test
  void a_reload_is_not_over_before_the_slot_of_a_worker_that_is_set_aside_is_served() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.EJECT, 1, 7);
    rig.ask(Request.RELOAD, 0, 8);
    rig.resolve(2);
    rig.ready(rig.booting());
    rig.exitDraining();
    assertThat(rig.fleet.state()).isEqualTo(FleetState.RELOADING);
    assertThat(rig.answers(8)).isEmpty();
    rig.ready(rig.booting());
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void a_worker_that_is_set_aside_and_replaced_dies_and_nobody_boots_for_it() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.EJECT, 0, 7);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.readyAll();
    rig.exitDraining();
    rig.readyAll();
    rig.exitDraining();
    rig.killed(1, 11);
    assertThat(rig.log(Level.ERROR)).singleElement().asString().endsWith("signal 11 (SEGV)");
    assertThat(rig.fleet.deaths()).hasSize(1);
    assertThat(rig.in(WorkerState.SPAWNED)).isEmpty();
  }

  @Test
  void a_worker_that_is_set_aside_and_replaced_leaves_of_its_own_accord_and_nobody_boots_for_it() {
    Rig rig = Rig.begun(2);
    rig.readyAll();
    rig.ask(Request.EJECT, 0, 7);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.readyAll();
    rig.exitDraining();
    rig.readyAll();
    rig.exitDraining();
    rig.said(1, new Message.Draining(0, 0));
    assertThat(rig.log(Level.WARNING)).singleElement().asString().endsWith("(was it sent TERM?)");
    rig.exit(1);
    rig.killed(rig.serving().getFirst(), 9);
    assertThat(rig.log(Level.ERROR)).singleElement().asString().endsWith("next try in 1.5 s");
  }

  @Test
  void who_is_set_aside_while_its_replacement_boots_stays_and_is_not_replaced_again() {
    Rig rig = Rig.steady(2);
    rig.said(1, new Message.RecycleMe("max-requests"));
    rig.ask(Request.EJECT, 0, 7);
    rig.ready(3);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.EJECTED);
    assertThat(rig.serving()).containsExactly(2, 3);
    rig.killed(3, 9);
    rig.pass(2);
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(2, 4);
  }

  @Test
  void no_more_stay_set_aside_beside_others_than_may_boot_beside_them() {
    Rig rig = Rig.steady(3);
    for (int generation = 2; generation < 5; generation++) {
      rig.ask(Request.EJECT, generation - 2, 7);
      rig.ask(Request.RELOAD);
      rig.resolve(generation);
      for (int i = 0; i < 4; i++) {
        rig.readyAll();
        rig.exitDraining();
      }
      assertThat(rig.in(WorkerState.EJECTED)).hasSize(1);
      assertThat(rig.serving()).hasSize(3);
    }
  }

  @Test
  void without_surge_a_worker_that_is_set_aside_makes_room_for_a_reload() {
    for (int slot : new int[] {0, 1}) {
      Rig rig =
          Rig.steady(TestPolicy.of(2).change(new Change(0, 1, Duration.ZERO, 1, "", SOON)).build());
      rig.ask(Request.EJECT, slot, 7);
      int other = 2 - slot;
      rig.ask(Request.RELOAD, 0, 8);
      rig.resolve(2);
      assertThat(rig.in(WorkerState.DRAINING)).containsExactly(slot + 1);
      assertThat(rig.serving()).as("the only one that serves").containsExactly(other);
      for (int i = 0; i < 4; i++) {
        rig.exitDraining();
        rig.readyAll();
      }
      assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
      assertThat(rig.serving()).containsExactly(3, 4);
      assertThat(rig.answers(8)).containsExactly("DONE generation 2 serves");
    }
  }

  @Test
  void workers_that_are_set_aside_leave_with_all_others() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.EJECT, 0, 7);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    for (int i = 0; i < 4; i++) {
      rig.readyAll();
      rig.exitDraining();
    }
    rig.ask(Request.STOP_WORKERS);
    assertThat(rig.in(WorkerState.DRAINING)).hasSize(3).contains(1);
  }
}
