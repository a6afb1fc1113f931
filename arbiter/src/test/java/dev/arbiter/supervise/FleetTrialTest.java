package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.FleetPolicy.Change;
import dev.arbiter.wire.Message;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A new generation proves itself before it takes over: health, probation, canaries, rollback. */
final class FleetTrialTest {
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final Change PROBATION = new Change(1, 0, Duration.ofSeconds(10), 1, "", SOON);
  private static final Change HEALTH = new Change(1, 0, Duration.ZERO, 1, "/health", SOON);

  private static Rig steady(int workers, Change change) {
    FleetPolicy policy = TestPolicy.of(workers).change(change).build();
    Rig rig = Rig.begun(policy);
    while (rig.serving().size() < workers) {
      rig.in(WorkerState.SPAWNED).forEach(rig::ready);
      rig.in(WorkerState.READY)
          .forEach(worker -> rig.said(worker, new Message.Probed(worker, 200, 3, "")));
    }
    rig.pass(6);
    rig.actions.clear();
    return rig;
  }

  @Test
  void on_probation_a_new_worker_serves_beside_all_the_old_ones() {
    Rig rig = steady(2, PROBATION);
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.ready(3);
    assertThat(rig.serving()).containsExactly(1, 2, 3);
    assertThat(rig.told(1)).isEmpty();
    assertThat(rig.fleet.state()).isEqualTo(FleetState.PROBATION);
    assertThat(rig.log())
        .contains(
            "Reload: generation 2 is on probation for 10 s: 1 worker of it beside 2 of the others");
    rig.pass(9);
    assertThat(rig.serving()).containsExactly(1, 2, 3);
    assertThat(rig.answers(7)).isEmpty();
    rig.pass(2);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(1);
    rig.readyAll();
    assertThat(rig.serving()).containsExactly(3, 4);
    assertThat(rig.answers(7))
        .containsExactly("DONE generation 2 serves; not judged: 0 requests reached it");
  }

  @Test
  void what_fails_more_requests_than_the_one_before_is_taken_back_at_once() {
    Rig rig = steady(2, PROBATION);
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.ready(3);
    for (int worker : new int[] {1, 2, 3}) {
      rig.served(worker, 0, 0);
    }
    rig.served(1, 500, 0);
    rig.served(2, 500, 1);
    rig.served(3, 60, 40);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.ROLLING_BACK);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(3);
    assertThat(rig.serving()).containsExactly(1, 2);
    assertThat(rig.log(Level.ERROR))
        .containsExactly(
            "Reload failed: generation 2: on probation: 40 of 100 requests failed (40.0 %), with"
                + " the generation before 0.1 %; generation 1 keeps serving");
    assertThat(rig.answers(7)).hasSize(1).first().asString().startsWith("FAILED generation 2: on");
    rig.exit(3);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    assertThat(rig.actions).contains(new Action.RetireRelease(2));
    assertThat(rig.fleet.generation()).isEqualTo(1);
  }

  @Test
  void errors_that_both_have_take_nothing_back() {
    Rig rig = steady(1, PROBATION);
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.ready(2);
    rig.served(1, 0, 0);
    rig.served(2, 0, 0);
    rig.served(1, 60, 40);
    rig.served(2, 55, 45);
    rig.on(new Event.Tick());
    rig.silent.addAll(java.util.List.of(1, 2));
    rig.pass(10.5);
    assertThat(rig.fleet.generation()).isEqualTo(2);
    assertThat(rig.answers(7))
        .containsExactly("DONE generation 2 serves; judged good by 100 requests: 45 failed");
  }

  @Test
  void a_worker_that_dies_on_probation_takes_its_generation_back() {
    Rig rig = steady(2, PROBATION);
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.ready(3);
    rig.killed(3, 11);
    assertThat(rig.fleet.generation()).isEqualTo(1);
    assertThat(rig.serving()).containsExactly(1, 2);
    assertThat(rig.answers(7)).hasSize(1).first().asString().contains("FAILED", "signal 11");
    rig.pass(60);
    assertThat(rig.in(WorkerState.SPAWNED)).isEmpty();
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void an_old_worker_that_dies_meanwhile_is_replaced_in_its_own_generation() {
    Rig rig = steady(2, PROBATION);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(3);
    rig.killed(1, 9);
    assertThat(rig.fleet.worker(rig.booting()).orElseThrow().generation()).isEqualTo(1);
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(2, 3, 4);
  }

  @Test
  void a_reload_asked_for_during_probation_supersedes_it() {
    Rig rig = steady(2, PROBATION);
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.ready(3);
    rig.ask(Request.RELOAD, 0, 8);
    rig.resolve(3);
    assertThat(rig.answers(7)).containsExactly("SUPERSEDED generation 3 took the place of 2");
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(3);
    assertThat(rig.serving()).containsExactly(1, 2);
    rig.exit(3);
    rig.ready(4);
    rig.pass(11);
    rig.readyAll();
    assertThat(rig.answers(8)).hasSize(1).first().asString().startsWith("DONE generation 3 serves");
  }

  @Test
  void canaries_serve_as_many_and_as_long_as_asked() {
    Rig rig = steady(3, new Change(1, 0, Duration.ofMinutes(5), 2, "", SOON));
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.readyAll();
    assertThat(rig.serving()).containsExactly(1, 2, 3, 4, 5);
    rig.pass(290);
    assertThat(rig.serving()).hasSize(5);
    rig.pass(11);
    rig.readyAll();
    assertThat(rig.serving()).hasSize(3);
    assertThat(rig.fleet.workers())
        .filteredOn(worker -> worker.state() == WorkerState.SERVING)
        .extracting(WorkerView::generation)
        .containsOnly(2L);
  }

  @Test
  void a_first_generation_has_no_probation_for_there_is_nothing_to_compare_with() {
    Rig rig = steady(2, PROBATION);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void a_new_worker_serves_only_when_it_is_healthy() {
    Rig rig = steady(1, HEALTH);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(2);
    assertThat(rig.stateOf(2)).isEqualTo(WorkerState.READY);
    assertThat(rig.told(2)).containsExactly(new Message.Probe(2, "/health"));
    rig.said(2, new Message.Probed(2, 204, 3, ""));
    assertThat(rig.serving()).containsExactly(2);
  }

  @Test
  void a_release_that_is_not_healthy_never_serves() {
    Rig rig = steady(1, HEALTH);
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.ready(2);
    rig.said(2, new Message.Probed(2, 503, 3, "no database"));
    assertThat(rig.told(2)).doesNotContain(new Message.Accept());
    assertThat(rig.signals(2)).containsExactly(Sig.TERM);
    assertThat(rig.answers(7))
        .containsExactly(
            "FAILED generation 2: Worker 0 (pid 1002) is not healthy: GET /health answered 503: no"
                + " database; generation 1 keeps serving");
    rig.exit(2);
    rig.pass(60);
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void a_health_check_without_an_answer_is_none() {
    Rig rig = steady(1, HEALTH);
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.ready(2);
    rig.pass(5.5);
    assertThat(rig.answers(7)).hasSize(1).first().asString().contains("did not answer within 5 s");
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void a_first_worker_that_is_not_healthy_ends_the_start() {
    Rig rig = Rig.begun(TestPolicy.of(1).change(HEALTH).build());
    rig.ready(1);
    rig.said(1, new Message.Probed(1, 500, 3, ""));
    rig.exit(1);
    assertThat(rig.exits()).containsExactly(3);
  }

  @Test
  void a_rollback_brings_the_release_before_back() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.readyAll();
    rig.exitDraining();
    rig.ask(Request.ROLLBACK, 0, 9);
    rig.readyAll();
    assertThat(rig.fleet.generation()).isEqualTo(1);
    assertThat(rig.fleet.workers())
        .filteredOn(worker -> worker.state() == WorkerState.SERVING)
        .extracting(WorkerView::generation)
        .containsExactly(1L, 1L);
    assertThat(rig.answers(9)).containsExactly("DONE generation 1 serves");
  }

  @Test
  void a_rollback_to_what_is_not_there_any_more_is_refused() {
    Rig rig = Rig.steady(2);
    rig.ask(Request.RELOAD);
    rig.on(new Event.ReleaseLost(1, "/srv/shop.jar changed on disk since"));
    rig.resolve(2);
    rig.readyAll();
    rig.exitDraining();
    rig.ask(Request.ROLLBACK, 0, 9);
    assertThat(rig.answers(9))
        .containsExactly(
            "REFUSED generation 1 cannot be gone back to: /srv/shop.jar changed on disk since");
    assertThat(rig.fleet.generation()).isEqualTo(2);
    assertThat(rig.fleet.snapshot(0).previousGeneration())
        .as("nor by the arbiter after this one")
        .isZero();
  }

  @Test
  void a_rollback_without_a_release_before_is_refused() {
    Rig rig = Rig.steady(1);
    rig.ask(Request.ROLLBACK, 0, 9);
    assertThat(rig.answers(9)).containsExactly("REFUSED there is no release before this one");
  }

  @Test
  void a_rollback_during_probation_takes_the_new_one_back() {
    Rig rig = steady(1, PROBATION);
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    rig.ready(2);
    rig.ask(Request.ROLLBACK, 0, 9);
    assertThat(rig.answers(9)).containsExactly("DONE generation 2 is taken back");
    assertThat(rig.answers(7)).containsExactly("FAILED generation 2 is taken back on request");
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(2);
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void two_may_be_replaced_at_a_time() {
    Rig rig = steady(4, new Change(2, 0, Duration.ZERO, 1, "", SOON));
    rig.ask(Request.RELOAD);
    rig.resolve(2);
    rig.ready(rig.booting());
    assertThat(rig.in(WorkerState.SPAWNED)).hasSize(2);
    assertThat(rig.serving()).hasSize(4);
  }

  @Test
  void with_nobody_allowed_beside_the_others_an_old_worker_leaves_first() {
    Rig rig = steady(2, new Change(0, 1, Duration.ofSeconds(10), 1, "", SOON));
    rig.ask(Request.RELOAD, 0, 7);
    rig.resolve(2);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(1);
    assertThat(rig.in(WorkerState.SPAWNED)).as("its memory is not free yet").isEmpty();
    rig.exit(1);
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(2, 3);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.PROBATION);
    rig.pass(11);
    assertThat(rig.in(WorkerState.DRAINING)).containsExactly(2);
    rig.exit(2);
    rig.ready(rig.booting());
    assertThat(rig.answers(7)).hasSize(1).first().asString().startsWith("DONE");
  }
}
