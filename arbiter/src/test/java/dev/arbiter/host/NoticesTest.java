package dev.arbiter.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.FleetState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class NoticesTest {
  private static final Duration BOOT = Duration.ofSeconds(60);
  private static final String EXTENSION = "EXTEND_TIMEOUT_USEC=30000000";

  private final Notices notices = new Notices(false, Duration.ZERO, BOOT, true, seconds(0));

  @Test
  void ready_is_said_once_the_fleet_is_whole() {
    assertThat(notices.look(standing(FleetState.STARTING, 0), seconds(0)))
        .containsExactly("STATUS=Starting: 0 of 2 workers ready", EXTENSION);
    assertThat(notices.look(standing(FleetState.STARTING, 1), seconds(1)))
        .containsExactly("STATUS=Starting: 1 of 2 workers ready");
    assertThat(notices.look(standing(FleetState.STEADY, 2), seconds(2)))
        .containsExactly("READY=1\nSTATUS=Serving: 2 of 2 workers, generation 1");
    assertThat(notices.look(standing(FleetState.STEADY, 2), seconds(500))).isEmpty();
  }

  @Test
  void ready_is_said_with_one_worker_where_the_others_do_not_come_up_in_time() {
    notices.look(standing(FleetState.STARTING, 1), seconds(59));
    assertThat(notices.restNanos(seconds(59))).isEqualTo(seconds(1));
    assertThat(notices.look(standing(FleetState.STARTING, 1), seconds(60))).contains("READY=1");
  }

  @Test
  void nobody_who_serves_is_not_ready_however_long_it_takes() {
    assertThat(notices.look(standing(FleetState.STARTING, 0), seconds(900)))
        .noneMatch(text -> text.startsWith("READY"));
  }

  @Test
  void a_change_is_announced_with_its_time_and_its_end() {
    notices.look(standing(FleetState.STEADY, 2), seconds(1));
    assertThat(notices.look(standing(FleetState.RELOADING, 2), seconds(7)))
        .containsExactly(
            "RELOADING=1\nMONOTONIC_USEC=7000000\n"
                + "STATUS=Reloading: 2 workers serving, 0 booting or leaving, generation 1",
            EXTENSION);
    assertThat(notices.look(standing(FleetState.PROBATION, 2), seconds(8)))
        .as("one change, whatever its step")
        .noneMatch(text -> text.startsWith("RELOADING"));
    assertThat(notices.look(standing(FleetState.ROLLING_BACK, 2), seconds(9)))
        .noneMatch(text -> text.startsWith("RELOADING"));
    assertThat(notices.look(standing(FleetState.STEADY, 2), seconds(10)))
        .containsExactly("READY=1\nSTATUS=Serving: 2 of 2 workers, generation 1");
  }

  @Test
  void a_reload_that_changes_nothing_is_announced_and_over() {
    assertThat(notices.reloaded(seconds(1))).as("nobody is ready yet").isEmpty();
    notices.look(standing(FleetState.STEADY, 2), seconds(1));
    assertThat(notices.reloaded(seconds(7)))
        .containsExactly("RELOADING=1\nMONOTONIC_USEC=7000000", "READY=1");
    notices.look(standing(FleetState.RELOADING, 2), seconds(8));
    assertThat(notices.reloaded(seconds(9))).as("that of the change follows").isEmpty();
  }

  @Test
  void more_time_is_asked_for_while_a_change_lasts() {
    notices.look(standing(FleetState.STEADY, 2), seconds(1));
    notices.look(standing(FleetState.RELOADING, 2), seconds(2));
    assertThat(notices.restNanos(seconds(2))).isEqualTo(seconds(10));
    assertThat(notices.look(standing(FleetState.RELOADING, 2), seconds(11))).isEmpty();
    assertThat(notices.look(standing(FleetState.RELOADING, 2), seconds(12)))
        .containsExactly(EXTENSION);
    notices.look(standing(FleetState.STEADY, 2), seconds(13));
    assertThat(notices.restNanos(seconds(13))).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void a_stop_is_announced_once_and_extended() {
    notices.look(standing(FleetState.STEADY, 2), seconds(1));
    assertThat(notices.look(standing(FleetState.STOPPING, 2), seconds(2)))
        .containsExactly("STOPPING=1\nSTATUS=Stopping: 2 workers left", EXTENSION);
    assertThat(notices.look(standing(FleetState.STOPPING, 1), seconds(12)))
        .containsExactly("STATUS=Stopping: 1 worker left", EXTENSION);
  }

  @Test
  void a_stop_that_nothing_here_limits_keeps_to_the_managers_limit() {
    Notices unlimited = new Notices(false, Duration.ZERO, BOOT, false, seconds(0));
    unlimited.look(standing(FleetState.STEADY, 2), seconds(1));
    assertThat(unlimited.look(standing(FleetState.STOPPING, 2), seconds(2)))
        .containsExactly("STOPPING=1\nSTATUS=Stopping: 2 workers left");
    assertThat(unlimited.restNanos(seconds(2))).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void a_start_that_is_stopped_is_never_ready() {
    assertThat(notices.look(standing(FleetState.STOPPING, 0), seconds(1)))
        .containsExactly("STOPPING=1\nSTATUS=Stopping: 0 workers left", EXTENSION);
    assertThat(notices.look(standing(FleetState.STOPPING, 0), seconds(900)))
        .noneMatch(text -> text.startsWith("READY"));
  }

  @Test
  void the_watchdog_is_petted_three_times_in_its_patience() {
    Notices watched = new Notices(false, Duration.ofSeconds(3), BOOT, true, seconds(0));
    List<String> first = watched.look(standing(FleetState.STEADY, 2), seconds(0));
    assertThat(first).endsWith("WATCHDOG=1");
    assertThat(watched.restNanos(seconds(0))).isEqualTo(seconds(1));
    assertThat(watched.look(standing(FleetState.STEADY, 2), seconds(1) - 1)).isEmpty();
    assertThat(watched.look(standing(FleetState.STEADY, 2), seconds(1)))
        .containsExactly("WATCHDOG=1");
  }

  @Test
  void an_arbiter_that_takes_over_in_an_upgrade_goes_on_with_the_change() {
    Notices resumed = new Notices(true, Duration.ZERO, BOOT, true, seconds(0));
    assertThat(resumed.look(standing(FleetState.UPGRADING, 2), seconds(1)))
        .first()
        .asString()
        .startsWith("RELOADING=1\nMONOTONIC_USEC=1000000\nSTATUS=Upgrading");
    assertThat(resumed.look(standing(FleetState.STEADY, 2), seconds(2)))
        .first()
        .asString()
        .startsWith("READY=1\n");
  }

  @Test
  void a_fleet_that_is_paused_or_degraded_says_so() {
    assertThat(new Standing(FleetState.STEADY, false, 0, 0, 0, 3).line())
        .isEqualTo("Paused: no worker is wanted");
    assertThat(new Standing(FleetState.STEADY, true, 4, 3, 1, 3).line())
        .isEqualTo("Serving: 3 of 4 workers, generation 3, degraded");
  }

  private static Standing standing(FleetState state, int serving) {
    return new Standing(state, false, 2, serving, 0, 1);
  }

  private static long seconds(long seconds) {
    return TimeUnit.SECONDS.toNanos(seconds);
  }
}
