package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A worker that lives but does not run: found, explained, replaced; and no other is. */
@Tag("slow")
final class SilenceTest {
  private static final String TIMEOUT = "4";

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void oneBlockedLoopOfTwoIsReportedAndEndsNobody() throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").threads(2).args("--timeout", TIMEOUT).faulty().start();
    Set<Long> workers = arbiter.awaitServing(1);
    long worker = workers.iterator().next();

    try (Held held = Held.each(arbiter, workers, 8)) {
      RawClient blocker = held.of(worker).getFirst();
      blocker.request("/block?ms=9000");

      arbiter.log().await(Says.LAG, Limits.CHANGE);
      int answered = 0;
      for (RawClient client : held.of(worker).subList(1, 8)) {
        answered += answersWithin(client, arbiter) ? 1 : 0;
      }
      assertThat(answered).as("connections of the other loop").isPositive();
      assertThat(blocker.answer().status()).as("it was only slow").isEqualTo(200);
    }
    assertThat(arbiter.awaitServing(1)).isEqualTo(workers);
    assertThat(arbiter.log().contains(Says.SILENT)).isFalse();
  }

  @Test
  void workerWithAllLoopsBlockedIsDumpedAndReplaced() throws Exception {
    arbiters.expectError(".");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .threads(2)
            .args("--timeout", TIMEOUT, "--java-opts=-XX:StartFlightRecording")
            // Whoever is cut short leaves it behind.
            .args("--java-opts=-XX:FlightRecorderOptions:repository=" + arbiters.folder())
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(2);
    long stuck = workers.iterator().next();

    try (Held held = Held.each(arbiter, Set.of(stuck), 8)) {
      held.request("/block?ms=600000");
      arbiter.log().await(Says.silent(stuck), Limits.CHANGE);
      arbiter.log().await(Pattern.compile("\\bApp\\b.*\\bblock"), Limits.CHANGE);
      Incident incident =
          Incident.await(arbiters.incidents(), stuck, Limits.CHANGE)
              .concludes("event-loop-blocked", "app.App.blockTheLoop", "/block?ms=600000");
      // Each step is limited in time; the summary says which were answered within it.
      if (incident.text("summary.md").contains("recording: answered")) {
        assertThat(incident.folder().resolve("recording-1.jfr")).isNotEmptyFile();
      }
      Await.until("it is ended", Limits.CHANGE, () -> !Proc.alive(stuck));
    }
    assertThat(arbiter.awaitServing(2)).doesNotContain(stuck).containsAnyElementsOf(workers);
  }

  @EachKind
  void spinningVirtualThreadsThatStarveTheOthersAreNamed(String kind) throws Exception {
    arbiters.expectError(".");
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).args("--timeout", TIMEOUT).faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);
    long stuck = workers.iterator().next();

    // More than the scheduler can have carrier threads.
    int spinners = 2 * Runtime.getRuntime().availableProcessors() + 2;
    try (Held held = Held.each(arbiter, Set.of(stuck), 1)) {
      held.request("/spin?ms=120000&n=" + spinners);
      arbiter.log().await(Says.silent(stuck), Limits.CHANGE);
      arbiter.log().await(Pattern.compile("\\bApp\\b.*\\bspin"), Limits.CHANGE);
      Incident.await(arbiters.incidents(), stuck, Limits.CHANGE)
          .concludes("event-loop-blocked", "app.App.spinWithoutYielding");
      Await.until("it is ended", Limits.CHANGE, () -> !Proc.alive(stuck));
    }
    assertThat(arbiter.awaitServing(2)).doesNotContain(stuck);
  }

  @Test
  void requestLongerThanTheTimeoutIsNoSilence() throws Exception {
    longRequest(Duration.ofSeconds(10), TIMEOUT);
  }

  @Tag("waits")
  @Timeout(180)
  @Test
  void requestOfAMinuteIsNoSilence() throws Exception {
    longRequest(Duration.ofSeconds(60), "30");
  }

  private void longRequest(Duration time, String timeout) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind("sync").threads(1).args("--timeout", timeout).faulty().start();
    Set<Long> workers = arbiter.awaitServing(1);

    try (RawClient client = RawClient.tcp(arbiter.address(), time.plus(Limits.ANSWER))) {
      assertThat(client.get("/block?ms=" + time.toMillis()).status()).isEqualTo(200);
    }
    assertThat(arbiter.awaitServing(1)).isEqualTo(workers);
    assertThat(arbiter.log().contains(Says.SILENT)).isFalse();
  }

  @EachKind
  void stoppedWorkerIsReplacedAndItIsSaidThatNoDumpIsPossible(String kind) throws Exception {
    arbiters.expectError(".");
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).args("--timeout", TIMEOUT).faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);
    long stopped = workers.iterator().next();

    Os.kill(stopped, Os.Signal.STOP);

    arbiter.log().await(Says.STOPPED_NO_DUMP, Limits.CHANGE);
    Await.until("it is ended", Limits.CHANGE, () -> !Proc.alive(stopped));
    assertThat(arbiter.awaitServing(2)).doesNotContain(stopped).containsAnyElementsOf(workers);
  }

  @Test
  void frozenWorkerIsReplacedAndItsCgroupNamed() throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").args("--timeout", TIMEOUT).faulty().start();
    long frozen = arbiter.awaitServing(1).iterator().next();

    try (Freezer freezer = Freezer.create("arbiter-test-" + arbiter.pid())) {
      freezer.freeze(frozen);
      Incident.await(arbiters.incidents(), frozen, Limits.CHANGE)
          .concludes("stopped", "frozen", freezer.name(), "no dump was tried");
      arbiter.log().await(Says.STOPPED_NO_DUMP, Limits.CHANGE);
      assertThat(arbiter.awaitServing(1)).doesNotContain(frozen);
      // In version 1 not even KILL reaches a process that is frozen.
      freezer.thaw();
      Await.until("it is ended", Limits.CHANGE, () -> !Proc.alive(frozen));
    }
  }

  @Test
  void workerStoppedForLessThanTheTimeoutIsLeftAlone() throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").args("--timeout", "8").faulty().start();
    Set<Long> workers = arbiter.awaitServing(1);
    long worker = workers.iterator().next();

    Os.kill(worker, Os.Signal.STOP);
    Await.until("it is stopped", Limits.ANSWER, () -> Proc.stopped(worker));
    Await.throughout("it is not ended", Duration.ofSeconds(3), () -> Proc.alive(worker));
    Os.kill(worker, Os.Signal.CONT);

    assertThat(arbiter.awaitServing(1)).isEqualTo(workers);
  }

  private static boolean answersWithin(RawClient client, ArbiterProcess arbiter)
      throws IOException {
    client.request("/pid").readLimit(Duration.ofMillis(500));
    try {
      return arbiter.workers().contains(client.answer().number());
    } catch (SocketTimeoutException behindTheBlockedLoop) {
      return false;
    }
  }
}
