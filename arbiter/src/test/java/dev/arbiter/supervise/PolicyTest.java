package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.FleetTable.Reaction;
import dev.arbiter.supervise.Tally.Cause;
import dev.arbiter.supervise.WorkerTable.Trigger;
import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The small policies, and the tables, one by one. */
final class PolicyTest {
  private static final long SECOND = 1_000_000_000;

  @Test
  void back_off_grows_by_half_each_time_up_to_30_seconds() {
    Backoff backoff = new Backoff();
    assertThat(backoff.open(0)).isTrue();
    assertThat(backoff.failed(0)).isEqualTo(SECOND * 3 / 2);
    assertThat(backoff.open(SECOND)).isFalse();
    assertThat(backoff.open(SECOND * 3 / 2)).isTrue();
    assertThat(backoff.failed(0)).isEqualTo(SECOND * 9 / 4);
    for (int i = 0; i < 1_000; i++) {
      backoff.failed(0);
    }
    assertThat(backoff.failed(0)).isEqualTo(30 * SECOND);
    backoff.clear();
    assertThat(backoff.open(0)).isTrue();
  }

  @Test
  void recycling_is_first_come_first_served_and_asked_once() {
    Recycle recycle = new Recycle();
    assertThat(recycle.ask(7, "age")).isTrue();
    assertThat(recycle.ask(3, "requests")).isTrue();
    assertThat(recycle.ask(7, "age again")).isFalse();
    assertThat(recycle.waiting()).containsExactly(7, 3);
    assertThat(recycle.reason(7)).isEqualTo("age");
    recycle.forget(7);
    recycle.forget(8);
    assertThat(recycle.waiting()).containsExactly(3);
    assertThat(recycle.reason(7)).isEmpty();
  }

  @Test
  void a_tally_gives_up_only_if_no_worker_ever_stayed() {
    Tally tally = new Tally();
    for (int i = 0; i < Tally.HOPELESS; i++) {
      assertThat(tally.hopeless()).isFalse();
      tally.count(i % 2 == 0 ? Cause.BOOT : Cause.EARLY);
    }
    assertThat(tally.hopeless()).isTrue();
    assertThat(tally.of(Cause.BOOT)).isEqualTo(Tally.HOPELESS / 2);
    tally.settled();
    for (int i = 0; i < 100; i++) {
      tally.count(Cause.BOOT);
    }
    assertThat(tally.hopeless()).isFalse();
  }

  @Test
  void a_short_timeout_is_excused_after_a_short_absence() {
    Lateness lateness = new Lateness();
    lateness.called(100 * SECOND, 100 * SECOND + SECOND / 2);
    assertThat(lateness.lost(102 * SECOND, Duration.ofMillis(500), Duration.ofSeconds(2)))
        .isEqualTo(2 * SECOND);
  }

  @Test
  void lateness_counts_from_the_time_asked_for_and_gives_back_all_since_the_last_call() {
    Lateness lateness = new Lateness();
    Duration heartbeat = Duration.ofSeconds(1);
    assertThat(lateness.lost(100 * SECOND, heartbeat, Duration.ofSeconds(30))).isZero();
    lateness.called(100 * SECOND, 101 * SECOND);
    assertThat(lateness.lost(103 * SECOND, heartbeat, Duration.ofSeconds(30))).isZero();
    assertThat(lateness.lost(104 * SECOND, heartbeat, Duration.ofSeconds(30)))
        .isEqualTo(4 * SECOND);
    assertThat(lateness.lost(104 * SECOND, Duration.ofSeconds(5), Duration.ofSeconds(30))).isZero();
    lateness.called(100 * SECOND, Long.MAX_VALUE);
    assertThat(lateness.lost(9_000 * SECOND, heartbeat, Duration.ofSeconds(30))).isZero();
  }

  @Test
  void a_rollout_resolves_one_release_at_a_time_and_tries_the_newest() {
    Rollout rollout = new Rollout(new Orders());
    FleetPolicy policy = Rig.policy(2);
    rollout.begin(new Release(1, policy));
    assertThat(rollout.resolve()).isEmpty();
    assertThat(rollout.ask(0)).isTrue();
    assertThat(rollout.resolve()).isEqualTo(OptionalLong.of(2));
    assertThat(rollout.ask(0)).isTrue();
    assertThat(rollout.ask(0)).isFalse();
    assertThat(rollout.resolve()).isEmpty();
    assertThat(rollout.resolved(new Release(2, policy))).isFalse();
    assertThat(rollout.retire(release -> false)).containsExactly(2L);
    assertThat(rollout.resolve()).isEqualTo(OptionalLong.of(3));
    Release third = new Release(3, policy);
    assertThat(rollout.resolved(third)).isTrue();
    assertThat(rollout.isCandidate(third)).isTrue();
    rollout.proven("");
    assertThat(rollout.good()).isSameAs(third);
    assertThat(rollout.busy()).isFalse();
    assertThat(rollout.retire(release -> false)).as("it may be wanted back").isEmpty();
  }

  @Test
  void scaling_is_kept_by_each_release_and_never_below_one() {
    Rollout rollout = new Rollout(new Orders());
    Release first = new Release(1, Rig.policy(2));
    rollout.begin(first);
    rollout.scale(-1);
    rollout.scale(-1);
    assertThat(first.wanted).isEqualTo(1);
    rollout.scale(1);
    assertThat(first.wanted).isEqualTo(2);
  }

  @Test
  void every_state_of_the_fleet_answers_every_request() {
    for (FleetState state : FleetState.values()) {
      for (Request request : Request.values()) {
        String row = "| %s | %s |".formatted(state, FleetTable.name(request));
        assertThat(FleetTable.render()).contains(row);
      }
      if (state != FleetState.STOPPING) {
        assertThat(FleetTable.reaction(state, Request.STOP)).isEqualTo(Reaction.STOP);
      }
    }
  }

  @Test
  void every_worker_that_is_reaped_is_gone_and_nobody_comes_back() {
    for (WorkerState state : WorkerState.values()) {
      for (Trigger trigger : Trigger.values()) {
        WorkerTable.step(state, trigger)
            .ifPresent(
                step -> {
                  if (trigger != Trigger.RESUME) { // the one way back
                    assertThat(step.next()).isGreaterThanOrEqualTo(state);
                  }
                  assertThat(step.next() == WorkerState.GONE).isEqualTo(trigger == Trigger.EXITED);
                });
      }
      if (state != WorkerState.GONE) {
        assertThat(WorkerTable.step(state, Trigger.EXITED)).isPresent();
      }
    }
    assertThat(WorkerTable.render()).contains("| SERVING | its time is up | EJECTED |");
  }

  @Test
  void times_read_well() {
    assertThat(Words.time(120_000_000)).isEqualTo("120 ms");
    assertThat(Words.time(2_540_000_000L)).isEqualTo("2.5 s");
    assertThat(Words.time(30 * SECOND)).isEqualTo("30 s");
    assertThat(Words.time(185 * SECOND)).isEqualTo("3 min 5 s");
    assertThat(Words.time(26 * 3_600 * SECOND)).isEqualTo("26 h");
  }

  @Test
  void exit_statuses_name_the_signal() {
    assertThat(new ExitStatus.Killed(9).text()).isEqualTo("killed by signal 9 (KILL)");
    assertThat(new ExitStatus.Code(143).text()).isEqualTo("exit code 143 (after signal TERM)");
    assertThat(new ExitStatus.Code(3).text()).isEqualTo("exit code 3");
  }
}
