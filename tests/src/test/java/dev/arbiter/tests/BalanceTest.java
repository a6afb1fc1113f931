package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How evenly workers share what arrives. */
final class BalanceTest {
  private static final int CONNECTIONS = 2000;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void idleConnectionsAreSpreadEvenly(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(4)
            .args("--header-timeout", "60", "--keep-alive", "60")
            .faulty()
            .start();
    int port = arbiter.port();
    Set<Long> workers = arbiter.awaitServing(4);
    Await.until(
        "the connections of the warm-up are closed",
        Limits.ANSWER,
        () -> total(Proc.connections(workers, port)) == 0);

    List<Socket> clients = new ArrayList<>();
    try {
      InetAddress host = InetAddress.ofLiteral("127.0.0.1");
      for (int i = 0; i < CONNECTIONS; i++) {
        clients.add(new Socket(host, port));
        LockSupport.parkNanos(1_000_000); // the arrival rate under test
      }
      Await.until(
          "all are accepted",
          Limits.ANSWER,
          () -> total(Proc.connections(workers, port)) == CONNECTIONS);
      Map<Long, Integer> counts = Proc.connections(workers, port);

      double ratio = (double) Collections.max(counts.values()) / Collections.min(counts.values());
      assertThat(ratio).as("max/min of %s", counts).isLessThanOrEqualTo(1.15);
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  private static int total(Map<Long, Integer> counts) {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }
}
