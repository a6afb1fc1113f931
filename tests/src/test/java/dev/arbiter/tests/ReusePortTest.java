package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code --reuse-port}: a queue for each slot, and nobody waits in the queue of a lost worker. */
@Tag("slow")
final class ReusePortTest {
  private static final int IDLE = 800;
  private static final int WAITING = 400;

  /**
   * The arbiter itself finds a stopped worker after --timeout, 30 s: neighbours must be quicker.
   */
  private static final Duration NEIGHBOURS = Duration.ofSeconds(5);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void queuesAreEvenAndThoseOfLostWorkersAreServedByNeighbours(String kind) throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(4)
            .args("--reuse-port", "--header-timeout", "60", "--keep-alive", "60")
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(4);

    spreadsEvenly(arbiter, workers);

    long stopped = workers.iterator().next();
    Os.kill(stopped, Os.Signal.STOP);
    Await.until("one is stopped", Limits.ANSWER, () -> Proc.stopped(stopped));
    List<RawClient> clients = ask(arbiter, WAITING);
    assertThat(answers(clients)).hasSize(3).doesNotContain(stopped);
    Os.kill(stopped, Os.Signal.CONT);

    // While all are stopped, connections pile up in all four queues; then one worker is dead.
    for (long worker : workers) {
      Os.kill(worker, Os.Signal.STOP);
      Await.until("it is stopped", Limits.ANSWER, () -> Proc.stopped(worker));
    }
    clients = ask(arbiter, WAITING);
    Os.kill(stopped, Os.Signal.KILL);
    workers.remove(stopped);
    workers.forEach(worker -> Os.kill(worker, Os.Signal.CONT));
    assertThat(answers(clients)).doesNotContain(stopped);

    // Its slot is taken over with its queue.
    Set<Long> whole = arbiter.awaitServing(4);
    arbiter.signal(Os.Signal.HUP);
    arbiter.awaitReplaced(whole, 4);
  }

  private static void spreadsEvenly(ArbiterProcess arbiter, Set<Long> workers) throws Exception {
    int port = arbiter.port();
    Await.until(
        "the connections of the warm-up are closed",
        Limits.ANSWER,
        () -> total(Proc.connections(workers, port)) == 0);
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < IDLE; i++) {
        idle.add(new Socket(InetAddress.ofLiteral("127.0.0.1"), port));
      }
      Await.until(
          "all are accepted", Limits.ANSWER, () -> total(Proc.connections(workers, port)) == IDLE);
      Map<Long, Integer> counts = Proc.connections(workers, port);
      // The kernel deals by a hash of the addresses: 200 each, and 5 deviations of 12 around it.
      assertThat(Collections.min(counts.values())).as("least of %s", counts).isGreaterThan(130);
      assertThat(Collections.max(counts.values())).as("most of %s", counts).isLessThan(270);
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }

  private static List<RawClient> ask(ArbiterProcess arbiter, int count) throws Exception {
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      clients.add(arbiter.connect().request("/pid"));
    }
    return clients;
  }

  /** The workers that answered; every client is answered, and soon. */
  private static Set<Long> answers(List<RawClient> clients) throws Exception {
    long start = System.nanoTime();
    Set<Long> pids = new HashSet<>();
    for (RawClient client : clients) {
      pids.add(client.answer().number());
      client.close();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).as("the last").isLessThan(NEIGHBOURS);
    return pids;
  }

  private static int total(Map<Long, Integer> counts) {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }
}
