package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code --max-workers}: the number of workers follows the load. */
final class ElasticTest {
  /** More than a worker without a free thread takes from the listener's queue. */
  private static final int WAITING = 64;

  private static final Pattern LOAD = Pattern.compile("Load: 2 workers, not 1");
  private static final Pattern BLOCKED = Pattern.compile("slow request .* GET /block");

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  /** After a minute in which one would have been enough. */
  @Tag("slow")
  @Tag("waits")
  @Timeout(180)
  @Test
  void aWorkerThatIsNotNeededLeavesAndItsConnectionsAreServedToTheEnd() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("--min-workers", "1", "--max-workers", "2")
            .faulty()
            .start();
    Set<Long> before = arbiter.awaitServing(2);
    try (LoadClients load =
        LoadClients.start(arbiter.port(), 4, 1, "/pid", Duration.ofMillis(100))) {
      arbiter.log().await(Pattern.compile("Load: 1 worker, not 2"), Duration.ofSeconds(120));
      Await.until("one has left", Limits.CHANGE, () -> arbiter.workers().size() == 1);
      assertThat(load.stop()).isEmpty();
    }
    assertThat(before).containsAll(arbiter.workers());
  }

  @Tag("slow")
  @Test
  void thereAreNeverFewerThanTheFewestForLong() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(1)
            .args("--min-workers", "2", "--max-workers", "3")
            .faulty()
            .start();
    arbiter.log().await(LOAD, Limits.CHANGE);
    arbiter.awaitServing(2);

    int mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.TTOU);
    arbiter.log().awaitAfter(mark, LOAD, Limits.CHANGE);
    arbiter.awaitServing(2);
    arbiter.awaitWorkers(2);
  }

  @Test
  void connectionsThatWaitBringAnotherWorkerThatAnswersThem() throws Exception {
    arbiters.expectError("Worker "); // the blocked one does not leave at the stop
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("sync")
            .workers(1)
            .args("--max-workers", "2", "--threads", "1", "--graceful-timeout", "2")
            .args("--slow-request-timeout", "100ms")
            .faulty()
            .start();
    Set<Long> first = arbiter.awaitServing(1);

    List<RawClient> clients = new ArrayList<>();
    try (RawClient blocker = arbiter.connect()) {
      blocker.request("/block?ms=600000");
      // Requests of several connections are taken in no order: the thread must be gone before more
      // come, or a slow machine's worker answers those first.
      arbiter.log().await(BLOCKED, Limits.CHANGE);
      for (int i = 0; i < WAITING; i++) {
        clients.add(arbiter.connect().request("/pid"));
      }
      arbiter.log().await(LOAD, Limits.CHANGE);
      RawClient last = clients.getLast();
      last.readLimit(Limits.CHANGE); // a boot
      assertThat(last.answer().number()).isNotIn(first);
    } finally {
      for (RawClient client : clients) {
        client.close();
      }
    }
  }
}
