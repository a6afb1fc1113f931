package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.FleetPolicy.Room;
import dev.arbiter.supervise.FleetPolicy.Size;
import dev.arbiter.wire.Message;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Spares, a number of workers that follows the load, and what an operator asks of single ones. */
final class FleetSizeTest {

  private static Rig withSpares(int workers, int spares) {
    Rig rig = Rig.begun(TestPolicy.of(workers).size(new Size(spares, 0, 0)).build());
    rig.readyAll();
    rig.pass(6);
    rig.actions.clear();
    return rig;
  }

  @Test
  void spares_boot_after_everybody_serves_and_accept_nothing() {
    Rig rig = Rig.begun(TestPolicy.of(2).size(new Size(1, 0, 0)).build());
    assertThat(rig.in(WorkerState.SPAWNED)).containsExactly(1, 2);
    rig.ready(1);
    rig.ready(2);
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(1, 2);
    assertThat(rig.in(WorkerState.READY)).containsExactly(3);
    assertThat(rig.told(3)).isEmpty();
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void a_spare_takes_the_place_of_a_worker_that_dies_at_once() {
    Rig rig = withSpares(2, 1);
    rig.killed(1, 9);
    assertThat(rig.serving()).containsExactly(2, 3);
    assertThat(rig.fleet.worker(3).orElseThrow().slot()).isEqualTo(0);
    rig.ready(rig.booting());
    assertThat(rig.in(WorkerState.READY)).containsExactly(4);
  }

  @Test
  void a_spare_does_not_wait_for_the_back_off_of_a_slot_that_failed_once() {
    Rig rig = Rig.begun(TestPolicy.of(1).size(new Size(2, 0, 0)).build());
    rig.readyAll();
    assertThat(rig.serving()).containsExactly(1);

    rig.killed(1, 9); // before it has lived for long enough
    assertThat(rig.serving()).containsExactly(2);

    rig.killed(2, 9);
    assertThat(rig.serving()).as("twice in a row is no accident").isEmpty();
    rig.pass(2.5);
    assertThat(rig.serving()).containsExactly(3);
  }

  @Test
  void a_spare_takes_the_place_of_a_worker_that_is_recycled() {
    Rig rig = withSpares(1, 1);
    rig.said(1, new Message.RecycleMe("max-requests"));
    assertThat(rig.serving()).containsExactly(2);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(1);
  }

  @Test
  void a_reload_replaces_spares_too() {
    Rig rig = withSpares(1, 1);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(3);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactlyInAnyOrder(1, 2);
    rig.exitDraining();
    rig.ready(rig.booting());
    assertThat(rig.fleet.workers()).extracting(WorkerView::generation).containsOnly(2L);
  }

  @Test
  void a_silent_spare_is_replaced_and_no_slot_notices() {
    Rig rig = withSpares(1, 1);
    rig.pass(26);
    assertThat(rig.stateOf(2)).isEqualTo(WorkerState.EJECTED);
    rig.evidence(2, Outcome.NO_ANSWER);
    rig.exit(2);
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void a_spare_that_dies_as_soon_as_it_is_ready_is_waited_with_like_any_other() {
    Rig rig = withSpares(1, 1);
    for (int i = 0; i < 50; i++) {
      rig.in(WorkerState.READY).forEach(spare -> rig.killed(spare, 9));
      rig.readyAll();
      rig.pass(1);
    }
    assertThat(rig.log(Level.ERROR))
        .filteredOn(line -> line.startsWith("Spare"))
        .extracting(line -> line.substring(line.lastIndexOf("; ") + 2))
        .containsExactly(
            "replacing it", // that one had lasted
            "next try in 1.5 s",
            "next try in 2.2 s",
            "next try in 3.3 s",
            "next try in 5 s",
            "next try in 7.5 s",
            "next try in 11 s",
            "next try in 17 s");
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void more_workers_than_there_is_memory_for_are_refused_with_the_arithmetic() {
    Room room = new Room(3, "at most 3 do: 3 workers of 200M each make 600M of 640M", true);
    Rig rig = Rig.steady(TestPolicy.of(2).room(room).build());
    String why =
        " do not fit: at most 3 do: 3 workers of 200M each make 600M of 640M;"
            + " a reload with that number of workers divides anew";
    rig.ask(Request.SCALE, 4, 7);
    assertThat(rig.answers(7)).containsExactly("REFUSED 4 workers" + why);
    rig.ask(Request.MORE);
    rig.readyAll();
    rig.ask(Request.MORE);
    assertThat(rig.log(Level.WARNING))
        .containsExactly(
            "arbiterctl scale: refused, 4 workers" + why, "TTIN: refused, 4 workers" + why);
    assertThat(rig.serving()).hasSize(3);
    rig.ask(Request.STOP_WORKERS);
    rig.exitDraining();
    rig.ask(Request.SCALE, 4, 8);
    assertThat(rig.answers(8)).containsExactly("REFUSED 4 workers" + why);
    assertThat(rig.fleet.workers()).isEmpty();
  }

  @Test
  void more_workers_than_the_machine_has_memory_for_are_warned_of_where_nobody_has_set_a_limit() {
    Rig rig = Rig.steady(TestPolicy.of(2).room(new Room(2, "at most 2 do", false)).build());
    rig.ask(Request.SCALE, 3, 7);
    assertThat(rig.answers(7)).containsExactly("DONE 3 workers, not 2");
    assertThat(rig.log(Level.WARNING))
        .containsExactly(
            "arbiterctl scale: 3 workers do not fit: at most 2 do; nobody has set a limit");
  }

  @Test
  void a_release_with_room_for_fewer_takes_over_with_fewer() {
    Rig rig = Rig.steady(4);
    rig.ask(Request.RELOAD);
    rig.policy = TestPolicy.of(2).room(new Room(3, "", true)).build();
    rig.resolve(2);
    rig.ask(Request.SCALE, 4, 7);
    rig.ask(Request.SCALE, 5, 8);
    for (int i = 0; i < 6; i++) {
      rig.readyAll();
      rig.exitDraining();
    }
    assertThat(rig.fleet.generation()).isEqualTo(2);
    assertThat(rig.serving()).hasSize(3);
  }

  @Test
  void stopping_ends_spares_as_well() {
    Rig rig = withSpares(1, 2);
    rig.ask(Request.STOP);
    rig.exitDraining();
    assertThat(rig.exits()).containsExactly(0);
  }

  @Test
  void connections_that_wait_bring_another_worker_and_quiet_takes_it_away() {
    Rig rig = Rig.steady(TestPolicy.of(1).size(new Size(0, 1, 2)).build());
    rig.on(new Event.Load(5));
    assertThat(rig.in(WorkerState.SPAWNED)).isEmpty();
    rig.on(new Event.Load(5));
    rig.ready(rig.booting());
    assertThat(rig.serving()).hasSize(2);
    for (int i = 0; i < 10; i++) {
      rig.on(new Event.Load(9));
    }
    assertThat(rig.serving()).as("no more than the most").hasSize(2);
    rig.busy(1, 10);
    rig.busy(2, 10);
    for (int i = 0; i < Elastic.IDLE_FOR + 5; i++) {
      rig.on(new Event.Load(0));
    }
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void busy_workers_bring_another_before_anybody_waits() {
    Rig rig = Rig.steady(TestPolicy.of(2).size(new Size(0, 2, 4)).build());
    rig.busy(1, 95);
    rig.busy(2, 90);
    for (int i = 0; i < Elastic.BUSY_FOR; i++) {
      assertThat(rig.in(WorkerState.SPAWNED)).isEmpty();
      rig.on(new Event.Load(0));
    }
    assertThat(rig.in(WorkerState.SPAWNED)).hasSize(1);
  }

  @Test
  void a_worker_with_too_much_memory_leaves_at_once() {
    Rig rig = Rig.steady(TestPolicy.of(2).maxRss(100 << 20).build());
    rig.weighs(1, 99 << 20);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.SERVING);
    rig.weighs(1, 101 << 20);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.DRAINING);
    assertThat(rig.log(Level.ERROR)).hasSize(1).first().asString().contains("101 MiB", "100 MiB");
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(2, 3);
  }

  @Test
  void a_worker_with_a_request_over_its_time_is_ejected_and_replaced_and_not_killed() {
    Rig rig = Rig.steady(2);
    rig.stuck(1, 1);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.EJECTED);
    assertThat(rig.told(1)).containsExactly(new Message.Eject());
    assertThat(rig.taken(Action.CollectEvidence.class)).hasSize(1);
    rig.ready(rig.booting());
    rig.stuck(1, 1);
    rig.evidence(1, Outcome.ANSWERED);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.DRAINING);
    assertThat(rig.signals(1)).doesNotContain(Action.Sig.KILL);
    assertThat(rig.serving()).containsExactly(2, 3);
  }

  @Test
  void a_silent_worker_that_runs_again_before_there_is_evidence_serves_again() {
    Rig rig = Rig.steady(2);
    rig.silent.add(1);
    rig.pass(31);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.EJECTED);
    rig.beat(1);
    rig.evidence(1, Outcome.ANSWERED);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.SERVING);
    assertThat(rig.told(1)).endsWith(new Message.Accept());
    rig.silent.clear();
    rig.readyAll();
    assertThat(rig.serving()).as("its replacement was on its way").containsExactly(2, 3);
  }

  @Test
  void an_operator_replaces_one_worker_and_hears_of_it() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RECYCLE, 1, 7);
    assertThat(rig.answers(7)).isEmpty();
    rig.ready(rig.booting());
    assertThat(rig.answers(7)).containsExactly("DONE Worker 1 (pid 1003) serves");
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(2);
    rig.ask(Request.RECYCLE, 9, 8);
    assertThat(rig.answers(8)).containsExactly("REFUSED no worker serves in slot 9");
  }

  @Test
  void a_replacement_that_does_not_boot_is_told_to_whoever_asked_for_it() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RECYCLE, 1, 7);
    rig.on(new Event.Exited(rig.booting(), new ExitStatus.Code(1)));
    assertThat(rig.answers(7)).hasSize(1).first().asString().startsWith("FAILED Worker 1");
    assertThat(rig.serving()).containsExactly(1, 2);
  }

  @Test
  void an_operator_ejects_a_worker_which_keeps_its_slot_and_lets_it_again() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.EJECT, 0, 7);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.EJECTED);
    rig.pass(20);
    rig.beat(1);
    rig.pass(20);
    rig.beat(1);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.EJECTED);
    assertThat(rig.in(WorkerState.SPAWNED)).isEmpty();
    rig.ask(Request.EJECT, 1, 8);
    assertThat(rig.answers(8)).hasSize(1).first().asString().startsWith("REFUSED");
    rig.ask(Request.EJECT, 0, 9);
    assertThat(rig.serving()).containsExactly(1, 2);
    assertThat(rig.told(1)).containsExactly(new Message.Eject(), new Message.Accept());
  }

  @Test
  void an_ejected_worker_that_falls_silent_is_treated_as_one() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.EJECT, 0, 7);
    rig.pass(31);
    assertThat(rig.taken(Action.CollectEvidence.class)).hasSize(1);
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(2, 3);
  }

  @Test
  void a_dump_leaves_the_worker_as_it_is() {
    Rig rig = Rig.steady(1);
    rig.ask(Request.DUMP, 0, 7);
    rig.evidence(1, Outcome.ANSWERED);
    assertThat(rig.answers(7)).containsExactly("DONE dump.txt");
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void an_operator_sets_the_number_of_workers() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.SCALE, 4, 7);
    rig.readyAll();
    assertThat(rig.serving()).hasSize(4);
    assertThat(rig.answers(7)).containsExactly("DONE 4 workers, not 2");
    rig.ask(Request.SCALE, 0, 8);
    assertThat(rig.answers(8)).hasSize(1).first().asString().startsWith("REFUSED 0 workers");
  }

  @Test
  void after_a_term_workers_accept_until_the_drain_delay_is_over() {
    Rig rig = Rig.steady(TestPolicy.of(1).drainDelay(Duration.ofSeconds(8)).build());
    rig.ask(Request.STOP, 0, 7);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STOPPING);
    rig.pass(7);
    assertThat(rig.told(1)).isEmpty();
    assertThat(rig.actions).doesNotContain(new Action.CloseListeners());
    rig.pass(1.5);
    assertThat(rig.told(1)).hasSize(1);
    assertThat(rig.actions).contains(new Action.CloseListeners());
    rig.exit(1);
    assertThat(rig.answers(7)).containsExactly("DONE stopped, exit code 0");
  }

  @Test
  void an_interrupt_ends_the_drain_delay() {
    Rig rig = Rig.steady(TestPolicy.of(1).drainDelay(Duration.ofSeconds(60)).build());
    rig.ask(Request.STOP);
    rig.ask(Request.INTERRUPT);
    assertThat(rig.told(1)).hasSize(1);
    rig.exit(1);
    assertThat(rig.exits()).containsExactly(0);
  }

  @Test
  void stopping_now_kills() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.STOP_NOW, 0, 7);
    assertThat(rig.signals(1)).contains(Action.Sig.KILL);
    rig.killed(1, 9);
    rig.killed(2, 9);
    assertThat(rig.exits()).containsExactly(0);
    assertThat(rig.answers(7)).hasSize(1);
  }

  @Test
  void a_fleet_that_loses_workers_too_fast_says_that_it_is_degraded() {
    Rig rig = Rig.steady(1);
    for (int i = 0; i < 4; i++) {
      assertThat(rig.fleet.isDegraded()).isFalse();
      rig.killed(rig.serving().getFirst(), 9);
      assertThat(rig.fleet.isDegraded()).as("nobody serves").isTrue();
      rig.ready(rig.booting());
      rig.pass(6);
    }
    assertThat(rig.fleet.isDegraded()).isTrue();
    assertThat(rig.fleet.deaths()).hasSize(4).first().extracting(Tally.Death::slot).isEqualTo(0);
    rig.pass(61);
    assertThat(rig.fleet.isDegraded()).isFalse();
  }
}
