package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.wire.Message;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Deaths, silence, lag, recycling. */
final class FleetLifeTest {

  @Test
  void a_worker_that_dies_is_replaced_at_once_in_its_slot() {
    Rig rig = Rig.steady(3);
    rig.killed(2, 9);
    assertThat(rig.log(Level.ERROR))
        .containsExactly(
            "Worker 1 (pid 1002) died 6 s after its start: killed by signal 9 (KILL); replacing"
                + " it");
    assertThat(rig.actions)
        .contains(new Action.ShowOutput(2), new Action.Forget(2), new Action.Spawn(4, 1, 1));
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    rig.ready(4);
    assertThat(rig.serving()).containsExactly(1, 3, 4);
  }

  @Test
  void early_deaths_back_off_longer_each_time_and_other_slots_do_not_wait() {
    Rig rig = Rig.steady(2);
    rig.killed(1, 11);
    rig.ready(rig.booting());
    rig.killed(3, 11);
    assertThat(rig.log().getLast()).contains("died 0 ms after its start");
    assertThat(rig.log().getLast()).endsWith("next try in 1.5 s");
    rig.killed(2, 9);
    assertThat(rig.booting()).isEqualTo(4);
    rig.ready(4);
    rig.pass(1.5);
    rig.ready(rig.booting());
    rig.killed(5, 11);
    assertThat(rig.log().getLast()).endsWith("next try in 2.2 s");
    assertThat(rig.serving()).containsExactly(4);
  }

  @Test
  void back_off_ends_when_a_worker_has_stayed() {
    Rig rig = Rig.steady(2);
    rig.killed(1, 9);
    rig.ready(3);
    rig.killed(3, 9);
    rig.pass(2);
    rig.ready(4);
    rig.pass(6);
    rig.killed(4, 9);
    assertThat(rig.booting()).isEqualTo(5);
  }

  @Test
  void a_worker_that_leaves_of_its_own_accord_is_replaced_meanwhile() {
    Rig rig = Rig.steady(1);
    rig.said(1, new Message.Draining(3, 1));
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.DRAINING);
    assertThat(rig.booting()).isEqualTo(2);
    rig.jump(0.5);
    rig.exit(1);
    assertThat(rig.log())
        .contains(
            "Worker 0 (pid 1001) leaves of its own accord (was it sent TERM?); replacing it",
            "Worker 0 (pid 1001) left: of its own accord, after 500 ms");
  }

  @Test
  void a_silent_worker_is_ejected_replaced_asked_and_ended() {
    Rig rig = Rig.steady(2);
    rig.silent.add(1);
    rig.pass(29);
    assertThat(rig.serving()).containsExactly(1, 2);
    rig.pass(1);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.EJECTED);
    assertThat(rig.told(1)).containsExactly(new Message.Eject());
    assertThat(rig.actions).contains(new Action.CollectEvidence(1, "silent for 30 s"));
    rig.ready(rig.booting());
    rig.evidence(1, Outcome.DUMPED);
    assertThat(rig.signals(1)).containsExactly(Sig.TERM);
    assertThat(rig.told(1)).contains(new Message.Drain("silent for 30 s", 30_000, 5_000));
    assertThat(rig.log(Level.WARNING))
        .contains("Worker 0 (pid 1001): it did not answer, its JVM wrote a thread dump: dump.txt");
    rig.pass(29);
    assertThat(rig.signals(1)).containsExactly(Sig.TERM);
    rig.pass(1);
    assertThat(rig.signals(1)).containsExactly(Sig.TERM, Sig.QUIT);
    rig.pass(2);
    assertThat(rig.signals(1)).containsExactly(Sig.TERM, Sig.QUIT, Sig.KILL);
    rig.killed(1, 9);
    assertThat(rig.log().getLast())
        .isEqualTo(
            "Worker 0 (pid 1001) left: silent for 30 s, after 32 s: killed by signal 9 (KILL)");
    assertThat(rig.serving()).containsExactly(2, 3);
  }

  @Test
  void a_worker_the_kernel_has_stopped_is_killed_and_the_log_says_why_there_is_no_dump() {
    Rig rig = Rig.steady(1);
    rig.silent.add(1);
    rig.pass(30);
    rig.evidence(1, Outcome.STOPPED_STATE_T);
    assertThat(rig.log()).contains("Worker 0 (pid 1001) is stopped, no dump possible");
    assertThat(rig.signals(1)).containsExactly(Sig.KILL);
  }

  @Test
  void a_silent_worker_is_ended_even_without_a_graceful_timeout() {
    FleetPolicy policy = TestPolicy.of(1).gracefulTimeout(Duration.ZERO).build();
    Rig rig = Rig.steady(policy);
    rig.silent.add(1);
    rig.pass(30);
    rig.evidence(1, Outcome.NO_ANSWER);
    rig.pass(33);
    assertThat(rig.signals(1)).containsExactly(Sig.TERM, Sig.QUIT, Sig.KILL);
  }

  @Test
  void a_timeout_of_zero_never_takes_anybody_for_silent() {
    FleetPolicy policy = TestPolicy.of(1).timeout(Duration.ZERO).build();
    Rig rig = Rig.steady(policy);
    rig.silent.add(1);
    rig.pass(3_600);
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void an_arbiter_that_was_stopped_excuses_late_beats_once() {
    Rig rig = Rig.steady(2);
    rig.jump(60);
    rig.on(new Event.Tick());
    assertThat(rig.serving()).containsExactly(1, 2);
    assertThat(rig.log(Level.WARNING).getLast())
        .isEqualTo(
            "The arbiter itself has not run for 1 min (stopped, suspended or starved): late beats"
                + " are excused");
    rig.silent.add(1);
    rig.pass(29);
    assertThat(rig.serving()).containsExactly(1, 2);
    rig.pass(1);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.EJECTED);
    assertThat(rig.serving()).containsExactly(2);
  }

  @Test
  void an_arbiter_that_was_stopped_for_little_more_than_the_timeout_ends_nobody() {
    Rig rig = Rig.steady(2);
    rig.jump(30.5);
    rig.on(new Event.Tick());
    assertThat(rig.serving()).containsExactly(1, 2);
  }

  @Test
  void an_arbiter_that_was_stopped_gives_boots_and_drains_their_time_back() {
    Rig rig = Rig.steady(2);
    rig.killed(1, 9);
    rig.ask(Request.FEWER);
    rig.jump(100);
    rig.on(new Event.Tick());
    assertThat(rig.signals(2)).isEmpty();
    assertThat(rig.in(WorkerState.SPAWNED)).containsExactly(3);
    rig.pass(30);
    assertThat(rig.signals(2)).containsExactly(Sig.QUIT);
  }

  @Test
  void a_blocked_loop_is_reported_once_when_it_begins_and_once_when_it_ends() {
    Rig rig = Rig.steady(1);
    rig.said(1, Rig.beat(List.of(6_000_000L, 10L), 10));
    rig.said(1, Rig.beat(List.of(7_000_000L, 10L), 10));
    rig.said(1, Rig.beat(List.of(10L, 10L), 6_500_000));
    rig.said(1, Rig.beat(List.of(10L, 10L), 10));
    assertThat(rig.log())
        .containsExactly(
            "Worker 0 (pid 1001): event loop 1 of 2 has not run for 6 s; the other does",
            "Worker 0 (pid 1001): event loop 1 of 2 runs again",
            "Worker 0 (pid 1001): blocking apps have waited 6.5 s for a thread to run on",
            "Worker 0 (pid 1001): blocking apps get threads to run on again");
    assertThat(rig.serving()).containsExactly(1);
  }

  @Test
  void a_worker_that_asks_is_replaced_before_it_leaves() {
    Rig rig = Rig.steady(2);
    rig.said(1, new Message.RecycleMe("served 53 requests (max-requests 50)"));
    rig.said(1, new Message.RecycleMe("again"));
    assertThat(rig.booting()).isEqualTo(3);
    assertThat(rig.told(1)).isEmpty();
    rig.ready(3);
    assertThat(rig.told(1))
        .containsExactly(
            new Message.Drain("recycle: served 53 requests (max-requests 50)", 30_000, 5_000));
    assertThat(rig.serving()).containsExactly(2, 3);
    assertThat(rig.signals(1)).isEmpty();
    rig.jump(3);
    rig.exit(1);
    assertThat(rig.log().getLast())
        .isEqualTo(
            "Worker 0 (pid 1001) left: recycle: served 53 requests (max-requests 50), after 3 s");
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
  }

  @Test
  void workers_that_ask_together_are_replaced_one_at_a_time_in_their_order() {
    Rig rig = Rig.steady(3);
    for (int worker : List.of(3, 1, 2)) {
      rig.said(worker, new Message.RecycleMe("max-requests"));
    }
    for (int worker : List.of(3, 1, 2)) {
      int replacement = rig.booting();
      assertThat(rig.told(worker)).isEmpty();
      rig.ready(replacement);
      assertThat(rig.told(worker)).hasSize(1);
    }
    assertThat(rig.serving()).containsExactly(4, 5, 6);
  }

  @Test
  void a_replacement_that_fails_leaves_the_old_worker_serving_and_is_tried_again() {
    Rig rig = Rig.steady(1);
    rig.said(1, new Message.RecycleMe("max-requests"));
    rig.on(new Event.Exited(2, new ExitStatus.Code(1)));
    assertThat(rig.serving()).containsExactly(1);
    rig.pass(2);
    rig.ready(rig.booting());
    assertThat(rig.serving()).containsExactly(3);
    assertThat(rig.stateOf(1)).isEqualTo(WorkerState.DRAINING);
  }

  @Test
  void what_a_worker_says_is_logged_with_its_name() {
    Rig rig = Rig.steady(1);
    rig.said(1, new Message.Say("warning", "no disk left"));
    assertThat(rig.log(Level.WARNING)).containsExactly("Worker 0 (pid 1001): no disk left");
  }

  @Test
  void nothing_is_done_about_a_worker_that_is_gone() {
    Rig rig = Rig.steady(1);
    rig.killed(1, 9);
    assertThat(rig.said(1, new Message.RecycleMe("late"))).isEmpty();
    assertThat(rig.exit(1)).isEmpty();
    assertThat(rig.evidence(1, Outcome.ANSWERED)).isEmpty();
  }
}
