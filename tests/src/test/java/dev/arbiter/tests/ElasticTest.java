package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code --max-workers}: the number of workers follows the load. */
final class ElasticTest {
  /** More than a worker without a free thread takes from the listener's queue. */
  private static final int WAITING = 64;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void connectionsThatWaitBringAnotherWorkerThatAnswersThem() throws Exception {
    arbiters.expectError("Worker "); // the blocked one does not leave at the stop
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("sync")
            .workers(1)
            .args("--max-workers", "2", "--threads", "1", "--graceful-timeout", "2")
            .faulty()
            .start();
    Set<Long> first = arbiter.awaitServing(1);

    List<RawClient> clients = new ArrayList<>();
    try (RawClient blocker = arbiter.connect()) {
      blocker.request("/block?ms=600000");
      for (int i = 0; i < WAITING; i++) {
        clients.add(arbiter.connect().request("/pid"));
      }
      arbiter.log().await(Pattern.compile("Load: 2 workers, not 1"), Limits.CHANGE);
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
