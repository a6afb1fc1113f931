package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The arbiter is stopped, or the machine slept: its own lateness is nobody's silence. */
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
    stopUnderLoad(kind, Duration.ofSeconds(8));
  }

  @Tag("slow")
  @Timeout(240)
  @EachKind
  void noRequestWaitsWhileTheArbiterIsStoppedForAMinute(String kind) throws Exception {
    stopUnderLoad(kind, Duration.ofSeconds(60));
  }

  private void stopUnderLoad(String kind, Duration time) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).args("--access-logfile", "-").faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);

    try (LoadClients load = LoadClients.start(arbiter.port(), 8, 2, "/pid", Duration.ofMillis(2))) {
      load.awaitMore(200, Limits.ANSWER);
      arbiter.signal(Os.Signal.STOP);
      TimeUnit.MILLISECONDS.sleep(time.toMillis()); // the suspension itself
      load.awaitMore(200, NO_WAIT);
      arbiter.signal(Os.Signal.CONT);
      load.awaitMore(200, Limits.ANSWER);

      assertThat(load.stop()).isEmpty();
      assertThat(load.slowest()).isLessThan(NO_WAIT);
    }
    assertThat(arbiter.workers()).isEqualTo(workers);
  }
}
