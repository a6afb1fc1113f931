package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A pod that leaves, as Kubernetes does it: TERM comes at once, and those who send it connections
 * hear later that it is no endpoint any more. {@code --drain-delay} is for the time between.
 */
@Tag("slow")
final class EndpointRemovalTest {
  private static final String DRAIN_DELAY = "5s";

  /** From the probe that fails to the last node that has heard of it; within the drain delay. */
  private static final Duration LAG = Duration.ofSeconds(3);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void whoConnectsUntilTheEndpointIsGoneIsServed(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args("--drain-delay", DRAIN_DELAY, "--status-bind", "127.0.0.1:0")
            .faulty()
            .start();
    int status = arbiter.statusPort();
    assertThat(ready(status)).isTrue();

    try (LoadClients load = LoadClients.start(arbiter.port(), 8, 8, "/", Duration.ofMillis(10))) {
      load.awaitMore(100, Limits.ANSWER);
      arbiter.signal(Os.Signal.TERM);
      Await.until("/ready fails", Duration.ofSeconds(1), () -> !ready(status));

      long before = load.successes();
      Await.throughout("/ready fails and it serves", LAG, () -> !ready(status) && arbiter.alive());
      assertThat(load.stop()).isEmpty();
      assertThat(load.successes() - before).isGreaterThan(200);
    }
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
  }

  private static boolean ready(int statusPort) throws IOException {
    try (RawClient kubelet = RawClient.tcp(statusPort)) {
      return kubelet.get("/ready").status() == 200;
    }
  }
}
