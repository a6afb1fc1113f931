package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.RegisterExtension;

/** More reloads than anyone can want. */
final class HupStormTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void twentyFiveHupsLeaveOneGenerationAndKillNobody(String kind) throws Exception {
    Random random = new Random(25);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args(KeptConnections.arguments(kind))
            .faulty()
            .start();
    Set<Long> old = arbiter.awaitServing(2);
    int descriptors = Proc.settledDescriptors(arbiter.pid());

    try (LoadClients load = LoadClients.start(arbiter.port(), 4, 4, "/pid", Duration.ofMillis(10));
        KeptConnections kept = KeptConnections.start(kind, arbiter)) {
      load.awaitMore(50, Limits.ANSWER);
      kept.awaitMore();
      for (int i = 0; i < 25; i++) {
        arbiter.signal(Os.Signal.HUP);
        TimeUnit.MILLISECONDS.sleep(random.nextInt(26)); // the scenario's own rhythm
      }
      Set<Long> settled = settle(arbiter, old);

      assertThat(arbiter.alive()).isTrue();
      assertThat(arbiter.awaitServing(2)).isEqualTo(settled);
      load.awaitMore(50, Limits.ANSWER);
      kept.awaitMore();
      assertThat(load.stop()).isEmpty();
      assertThat(kept.stop()).isEmpty();
      assertThat(kept.told()).as("told to go").doesNotContain(0);
    }
    assertThat(arbiter.log().contains(Says.KILLED)).as("a worker needed KILL").isFalse();
    assertThat(Proc.settledDescriptors(arbiter.pid()))
        .as("the arbiter's descriptors")
        .isEqualTo(descriptors);
  }

  /**
   * Waits until two workers are left, none of the old, and the same two for three seconds. While
   * the app is compiled they are the same as well, but the fleet is not steady.
   */
  private static Set<Long> settle(ArbiterProcess arbiter, Set<Long> old) throws Exception {
    @Nullable AssertionError last = null;
    for (int attempt = 0; attempt < 30; attempt++) {
      arbiter.awaitReplaced(old, 2);
      Set<Long> workers = arbiter.awaitWorkers(2);
      try {
        Await.throughout(
            "the same two workers",
            Duration.ofSeconds(3),
            () -> arbiter.workers().equals(workers) && steady(arbiter));
        return workers;
      } catch (AssertionError stillChanging) {
        last = stillChanging;
      }
    }
    throw new AssertionError("The fleet does not settle", last);
  }

  private static boolean steady(ArbiterProcess arbiter) {
    return arbiter.log().all(Says.FLEET).getLast().group(1).equals("STEADY");
  }
}
