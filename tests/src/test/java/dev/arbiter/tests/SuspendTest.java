package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The arbiter is stopped, or the machine slept: its own lateness is nobody's silence. */
@Tag("slow")
final class SuspendTest {
  private static final Duration SILENCE = Duration.ofSeconds(4);

  /**
   * Far below what a request waits that depends on the arbiter, far above a busy machine's jitter.
   */
  private static final Duration NO_WAIT = Duration.ofSeconds(3);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void arbiterStoppedForLongerThanTheTimeoutEndsNobody(String kind) throws Exception {
    arbiters.expectError("(?i)worker|silent");
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).args("--timeout", "4").faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);

    arbiter.signal(Os.Signal.STOP);
    TimeUnit.MILLISECONDS.sleep(SILENCE.plusSeconds(3).toMillis()); // the suspension itself
    arbiter.signal(Os.Signal.CONT);
    Await.throughout(
        "the same workers", SILENCE.plusSeconds(1), () -> arbiter.workers().equals(workers));
    assertThat(arbiter.awaitServing(2)).isEqualTo(workers);

    // It was excused once; a worker that is silent now is still found.
    long silent = workers.iterator().next();
    Os.kill(silent, Os.Signal.STOP);
    Await.until("the silent one is ended", Limits.CHANGE, () -> !Proc.alive(silent));
    assertThat(arbiter.awaitServing(2)).doesNotContain(silent);
  }

  @EachKind
  void noRequestWaitsWhileTheArbiterIsStopped(String kind) throws Exception {
    stopUnderLoad(Duration.ofSeconds(8), Duration.ofMillis(2), kind);
  }

  /** Both kinds beside each other, for it is a minute of waiting. */
  @Tag("waits")
  @Timeout(240)
  @Test
  void noRequestWaitsWhileTheArbiterIsStoppedForAMinute() throws Exception {
    stopUnderLoad(Duration.ofSeconds(60), Duration.ofMillis(20), "netty", "sync");
  }

  private void stopUnderLoad(Duration time, Duration pause, String... kinds) throws Exception {
    List<ArbiterProcess> started = new ArrayList<>();
    List<LoadClients> loads = new ArrayList<>();
    try {
      for (String kind : kinds) {
        ArbiterProcess arbiter =
            arbiters
                .command()
                .kind(kind)
                .workers(2)
                .args("--access-logfile", "-", "--no-control-socket")
                .faulty()
                .start();
        started.add(arbiter);
        loads.add(LoadClients.start(arbiter.port(), 8, 2, "/pid", pause));
      }
      Map<ArbiterProcess, Set<Long>> workers = new HashMap<>();
      for (ArbiterProcess arbiter : started) {
        workers.put(arbiter, arbiter.awaitServing(2));
      }
      awaitAll(loads, Limits.ANSWER);
      started.forEach(arbiter -> arbiter.signal(Os.Signal.STOP));
      TimeUnit.MILLISECONDS.sleep(time.toMillis()); // the suspension itself
      awaitAll(loads, NO_WAIT);
      started.forEach(arbiter -> arbiter.signal(Os.Signal.CONT));
      awaitAll(loads, Limits.ANSWER);

      for (LoadClients load : loads) {
        assertThat(load.stop()).isEmpty();
        assertThat(load.slowest()).isLessThan(NO_WAIT);
      }
      workers.forEach((arbiter, before) -> assertThat(arbiter.workers()).isEqualTo(before));
    } finally {
      loads.forEach(LoadClients::close);
    }
  }

  private static void awaitAll(List<LoadClients> loads, Duration limit) throws Exception {
    for (LoadClients load : loads) {
      load.awaitMore(200, limit);
    }
  }
}
