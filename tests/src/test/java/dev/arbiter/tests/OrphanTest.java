package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ConnectException;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The arbiter is gone, by SIGKILL: its workers must not outlive it. */
@Tag("slow")
final class OrphanTest {
  private static final Duration GRACEFUL = Duration.ofSeconds(4);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void idleWorkersLeaveWithinTwoSecondsWithConnectionsOrWithout(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(4).faulty().start();
    Set<Long> workers = arbiter.awaitServing(4);

    try (RawClient one = arbiter.connect();
        RawClient two = arbiter.connect()) {
      assertThat(workers).contains(one.pid(), two.pid());
      arbiter.kill9();
      awaitGone(workers, Duration.ofSeconds(2));
    }
  }

  @EachKind
  void requestUnderWayIsFinishedButNothingNewAccepted(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).gracefulTimeout("40").faulty().start();
    int port = arbiter.port();
    Set<Long> workers = arbiter.awaitServing(2);

    try (RawClient busy = arbiter.connect()) {
      long holder = busy.pid();
      busy.beginUpload();
      arbiter.kill9();
      Await.until("the port is closed", Limits.ANSWER, () -> refused(port));
      assertThat(Proc.alive(holder)).as("still busy").isTrue();

      Answer answer = busy.finishUpload().answer();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.close()).isTrue();
    }
    awaitGone(workers, Limits.ANSWER);
  }

  @EachKind
  void busyWorkersLeaveWhenTheGracefulTimeoutEnds(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).gracefulTimeout("4").faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);

    try (RawClient busy = arbiter.connect()) {
      busy.pid();
      busy.request("/sleep?ms=600000");
      arbiter.kill9();
      awaitGone(workers, GRACEFUL.plusSeconds(2));
    }
  }

  @EachKind
  void workersLeaveEvenWithEveryLoopBlocked(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).threads(2).gracefulTimeout("4").faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);

    try (Held held = Held.each(arbiter, workers, 6)) {
      held.request("/block?ms=600000");
      arbiter.kill9();
      awaitGone(workers, GRACEFUL.plusSeconds(2));
    }
  }

  @EachKind
  void anotherStartAtOnceSucceeds(String kind) throws Exception {
    int port = Ports.free();
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).bind("127.0.0.1:" + port).faulty().start();
    Set<Long> old = arbiter.awaitServing(2);
    arbiter.kill9();

    ArbiterProcess next =
        arbiters.command().kind(kind).workers(2).bind("127.0.0.1:" + port).faulty().start();

    assertThat(next.awaitServing(2)).doesNotContainAnyElementsOf(old);
  }

  private static boolean refused(int port) throws Exception {
    try (RawClient client = RawClient.tcp(port)) {
      return client.localPort() < 0;
    } catch (ConnectException e) {
      return true;
    }
  }

  private static void awaitGone(Set<Long> workers, Duration limit) throws InterruptedException {
    Await.until(
        "workers " + workers + " are gone", limit, () -> workers.stream().noneMatch(Proc::alive));
  }
}
