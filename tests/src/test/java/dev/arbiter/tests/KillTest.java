package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.tests.Load.Failure;
import dev.arbiter.tests.Load.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workers that die at once, by SIGKILL. */
@Tag("slow")
final class KillTest {
  private static final int WORKERS = 4;
  private static final int KILLS = 10;
  private static final int QUICK = 3;
  private static final int CLIENTS = 64;
  private static final Duration PACE = Duration.ofMillis(10);

  /** The worst that a client may see of a worker that was killed. */
  private static final EnumSet<Outcome> CUT =
      EnumSet.of(Outcome.RESET, Outcome.EOF_BEFORE_RESPONSE);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  /**
   * Three of them a second apart, so that one dies while another boots; then, from a whole fleet
   * on, one every three seconds.
   */
  @Timeout(180)
  @EachKind
  void tenKilledWorkersCostOnlyTheConnectionsTheyHeld(String kind) throws Exception {
    arbiters.expectError("The fleet is degraded"); // that many deaths within a minute
    arbiters.expectError("Worker ");
    Random random = new Random(20);
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(WORKERS).faulty().start();
    int port = arbiter.port();
    arbiter.awaitServing(WORKERS);
    int descriptors = Proc.settledDescriptors(arbiter.pid());
    Set<Long> killed = new HashSet<>();
    Set<Integer> heldPorts = new HashSet<>();
    int held = 0;

    List<Failure> failures;
    try (LoadClients load = LoadClients.start(port, CLIENTS, 0, "/pid", PACE)) {
      load.awaitMore(1000, Limits.ANSWER);
      for (int i = 0; i < KILLS; i++) {
        List<Long> serving = serving(arbiter, port);
        long victim = serving.get(random.nextInt(serving.size()));
        Set<Integer> cut = killAndListConnections(victim, port);
        heldPorts.addAll(cut);
        held += cut.size(); // not the size of the set: a port that was reset may be used again
        killed.add(victim);
        if (i == QUICK - 1) {
          arbiter.awaitServing(WORKERS); // or none might be left at the next
        }
        if (i < KILLS - 1) {
          TimeUnit.SECONDS.sleep(i < QUICK ? 1 : 3); // the scenario's own rhythm
        }
      }
      long lastKill = System.nanoTime();
      arbiter.awaitServing(WORKERS);
      assertThat(Duration.ofNanos(System.nanoTime() - lastKill))
          .as("whole again after the last kill")
          .isLessThan(Duration.ofSeconds(10));
      load.awaitMore(1000, Limits.ANSWER);
      failures = load.stop();
    }

    areOfConnectionsHeld(failures, killed, heldPorts);
    assertThat(failures).as("at most one for each connection").hasSizeLessThanOrEqualTo(held);
    assertThat(arbiter.awaitWorkers(WORKERS)).doesNotContainAnyElementsOf(killed);
    assertThat(Proc.settledDescriptors(arbiter.pid()))
        .as("the arbiter's descriptors")
        .isEqualTo(descriptors);
  }

  /** Two of them before another is ready, and one when the fleet is whole again. */
  @EachKind
  void killedWorkersCostOnlyTheirOwnStreamsAndWebSockets(String kind) throws Exception {
    arbiters.expectError("Worker ");
    Random random = new Random(8441);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(WORKERS)
            .args(KeptConnections.arguments(kind))
            .faulty()
            .start();
    int port = arbiter.port();
    arbiter.awaitServing(WORKERS);
    Set<Long> killed = new HashSet<>();
    Set<Integer> heldPorts = new HashSet<>();
    int held = 0;

    try (KeptConnections kept = KeptConnections.start(kind, arbiter)) {
      for (int kills : new int[] {2, 1}) {
        kept.awaitMore();
        for (int i = 0; i < kills; i++) {
          List<Long> serving = serving(arbiter, port);
          long victim = serving.get(random.nextInt(serving.size()));
          Set<Integer> cut = killAndListConnections(victim, port);
          heldPorts.addAll(cut);
          held += cut.size();
          killed.add(victim);
          Await.until("it is dead", Limits.ANSWER, () -> !Proc.alive(victim));
        }
        arbiter.awaitServing(WORKERS);
      }
      kept.awaitMore();
      List<Failure> failures = kept.stop();
      areOfConnectionsHeld(failures, killed, heldPorts);
      assertThat(failures)
          .as("at least one for each worker, at most one for each connection")
          .hasSizeBetween(killed.size(), held);
      assertThat(kept.told()).as("told to go").containsOnly(0);
    }
    assertThat(arbiter.awaitWorkers(WORKERS)).doesNotContainAnyElementsOf(killed);
  }

  private static void areOfConnectionsHeld(
      List<Failure> failures, Set<Long> killed, Set<Integer> heldPorts) {
    assertThat(failures)
        .allSatisfy(
            failure -> {
              assertThat(failure.outcome()).isIn(CUT);
              assertThat(
                      killed.contains(failure.worker()) || heldPorts.contains(failure.localPort()))
                  .as("%s was on a connection of one of %s", failure, killed)
                  .isTrue();
            });
  }

  @EachKind
  void connectionsWaitInTheQueueWhileNoWorkerLives(String kind) throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(2).faulty().start();
    Set<Long> first = arbiter.awaitServing(2);

    first.forEach(worker -> Os.kill(worker, Os.Signal.KILL));
    Await.until("both are dead", Limits.ANSWER, () -> first.stream().noneMatch(Proc::alive));
    List<RawClient> waiting = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      waiting.add(RawClient.tcp(arbiter.address(), Limits.CHANGE).request("/pid"));
    }

    for (RawClient client : waiting) {
      assertThat(client.answer().number()).isNotIn(first);
      client.close();
    }
    assertThat(arbiter.awaitServing(2)).doesNotContainAnyElementsOf(first);
  }

  @EachKind
  void workerThatExitsOrHasNoMemoryLeftIsReplacedAndTheCauseKept(String kind) throws Exception {
    arbiters.expectError("(?i)worker|memory");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args("--java-opts", "-Xmx64m") // is full soon
            .args("--heap-dump-on-oom", "--incident-size", "1M")
            .faulty()
            .start();
    Set<Long> before = arbiter.awaitServing(2);

    long exits;
    try (RawClient client = arbiter.connect()) {
      exits = client.pid();
      client.request("/exit?code=37");
      assertThat(client.closedWithin(Limits.ANSWER)).isTrue();
    }
    arbiter.log().await(Pattern.compile(exits + ".*\\b37\\b"), Limits.CHANGE);
    Incident.await(arbiters.incidents(), exits, Limits.CHANGE).concludes("dead", "exit code 37");
    Await.until("it is replaced", Limits.CHANGE, () -> arbiter.workers().size() == 2);
    assertThat(arbiter.awaitServing(2)).doesNotContain(exits).containsAnyElementsOf(before);

    long fills;
    try (RawClient client = RawClient.tcp(arbiter.address(), Duration.ofSeconds(60))) {
      fills = client.pid();
      client.request("/oom");
      assertThat(client.closedWithin(Duration.ofSeconds(60))).isTrue();
    }
    Await.until("it has left", Limits.CHANGE, () -> !Proc.alive(fills));
    assertThat(arbiter.awaitServing(2)).doesNotContain(exits, fills);
    Incident.await(arbiters.incidents(), fills, Limits.CHANGE)
        .concludes("out-of-memory", "Java heap space");
    Await.until(
        "its heap leaves no room for the older incident",
        Limits.ANSWER,
        () -> Incident.find(arbiters.incidents(), exits).isEmpty());
  }

  @Test
  void workerThatDiesAgainAndAgainIsHeldBackButTheOthersServe() throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("--status-bind", "127.0.0.1:0", "--incident-keep", "2")
            .faulty()
            .start();
    // A worker says that it is ready a moment before the fleet counts it.
    Await.until(
        "all serve",
        Limits.START,
        () -> arbiter.probe("/ready").body().equals("ready: 2 serving, steady\n"));
    Set<Long> before = arbiter.awaitServing(2);
    long steady = before.iterator().next();
    Set<Long> seen = new HashSet<>(before);
    long killed = before.stream().filter(pid -> pid != steady).findFirst().orElseThrow();

    // Each replacement is killed as soon as it is there; the delay must grow, the other must serve.
    List<Long> delays = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Os.kill(killed, Os.Signal.KILL);
      long begin = System.nanoTime();
      killed =
          Await.value(
              "another replacement",
              Limits.CHANGE,
              () -> arbiter.workers().stream().filter(pid -> !seen.contains(pid)).findFirst());
      seen.add(killed);
      assertThat(arbiter.probe("/ready").body()).isEqualTo("ready: 1 serving, steady, degraded\n");
      assertThat(arbiter.probe("/status.json").body()).contains("\"degraded\" : true");
      delays.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
      try (RawClient client = arbiter.connectTo(steady)) {
        assertThat(client.get("/").status()).isEqualTo(200);
      }
    }

    assertThat(delays.getLast())
        .as("back-off after deaths before ready: %s", delays)
        .isGreaterThan(1000);
    assertThat(arbiter.awaitServing(2)).contains(steady);
    Await.until(
        "two incidents of four are left",
        Limits.ANSWER,
        () -> arbiters.incidents().toFile().list().length == 2);
  }

  private static List<Long> serving(ArbiterProcess arbiter, int port) throws Exception {
    List<Long> holding = new ArrayList<>();
    Proc.connections(arbiter.workers(), port)
        .forEach(
            (pid, connections) -> {
              if (connections > 0) {
                holding.add(pid);
              }
            });
    holding.sort(null);
    assertThat(holding).as("workers that serve").isNotEmpty();
    return holding;
  }

  /**
   * Stops the worker for the moment it takes to list the connections it holds, then kills it: what
   * it held at that moment is then known exactly.
   */
  private static Set<Integer> killAndListConnections(long victim, int port) throws Exception {
    Os.kill(victim, Os.Signal.STOP);
    Await.until("worker " + victim + " is stopped", Limits.ANSWER, () -> Proc.stopped(victim));
    Set<Integer> ports = Proc.clientPorts(victim, port);
    Os.kill(victim, Os.Signal.KILL);
    return ports;
  }
}
