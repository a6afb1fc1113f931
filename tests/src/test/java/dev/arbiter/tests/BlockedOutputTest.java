package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Nobody reads what the arbiter and its workers write, and their pipes are full. */
final class BlockedOutputTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void workIsDoneWhileNobodyReadsTheOutput(String kind) throws Exception {
    blocked(kind, Duration.ofSeconds(7));
  }

  /** What differs between the kinds does not do so later than in the test above. */
  @Tag("slow")
  @Tag("waits")
  @Timeout(180)
  @Test
  void workIsDoneWhileNobodyReadsTheOutputForHalfAMinute() throws Exception {
    blocked("netty", Duration.ofSeconds(30));
  }

  private void blocked(String kind, Duration time) throws Exception {
    arbiters.expectError("Worker ");
    // Were beats not read, every worker would be silent long before the end.
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args("--timeout", "4", "--access-logfile", "-")
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(2);
    long survivor = workers.stream().max(Long::compare).orElseThrow();
    long killed = workers.stream().min(Long::compare).orElseThrow();

    arbiter.stopReading();
    for (Path output : arbiter.outputs()) {
      Os.fillPipe(output);
    }
    long begin = System.nanoTime();
    try (LoadClients load = LoadClients.start(arbiter.port(), 4, 0, "/pid", Duration.ofMillis(5))) {
      load.awaitMore(200, Limits.ANSWER);
      assertThat(load.stop()).isEmpty();
    }
    Os.kill(killed, Os.Signal.KILL);
    Await.until(
        "the killed worker is replaced",
        Limits.CHANGE,
        () -> {
          Set<Long> now = arbiter.workers();
          return now.size() == 2 && !now.contains(killed);
        });
    assertThat(arbiter.awaitServing(2)).contains(survivor).doesNotContain(killed);
    Await.throughout(
        "nobody else is ended",
        time.minusNanos(System.nanoTime() - begin),
        () -> Proc.alive(survivor) && arbiter.workers().size() == 2);
    try (LoadClients load = LoadClients.start(arbiter.port(), 4, 0, "/pid", Duration.ofMillis(5))) {
      load.awaitMore(200, Limits.ANSWER);
      assertThat(load.stop()).isEmpty();
    }

    int mark = arbiter.log().mark();
    arbiter.readAgain();
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/pid").status()).isEqualTo(200);
    }
    arbiter.log().awaitAfter(mark, AccessLogTest.lineFor("/pid"), Limits.CHANGE);
  }
}
