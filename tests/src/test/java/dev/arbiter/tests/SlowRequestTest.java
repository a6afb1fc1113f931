package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests that take longer than they may: explained, and past a second limit acted upon. */
final class SlowRequestTest {
  private static final Pattern SLOW =
      Pattern.compile(
          "slow request \\(--slow-request-timeout\\): \\d+\\.\\d+s GET /block\\?ms=1500 from 127");

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void slowRequestIsLoggedOnceWithItsStackAndIsAnswered(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).args("--slow-request-timeout", "300ms").faulty().start();
    Set<Long> workers = arbiter.awaitServing(1);

    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/block?ms=1500").status()).isEqualTo(200);
      arbiter.log().await(SLOW, Limits.CHANGE);
      arbiter
          .log()
          .await(Pattern.compile("^ +at (?:app//)?app\\.App\\.blockTheLoop"), Limits.CHANGE);
      int mark = arbiter.log().mark();
      assertThat(client.get("/block?ms=1501").status()).isEqualTo(200);
      arbiter.log().awaitAfter(mark, Pattern.compile("GET /block\\?ms=1501"), Limits.CHANGE);
    }
    assertThat(arbiter.log().all(SLOW)).hasSize(1);
    assertThat(arbiter.awaitServing(1)).isEqualTo(workers);
  }

  @EachKind
  void requestOverItsTimeCostsItsWorkerThePlaceAndWhatIsInFlightIsAnswered(String kind)
      throws Exception {
    arbiters.expectError("over --request-timeout");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .gracefulTimeout("20")
            .args("--request-timeout", "1s")
            .faulty()
            .start();
    long old = arbiter.awaitServing(1).iterator().next();

    try (RawClient stuck = arbiter.connect();
        RawClient healthy = arbiter.connect()) {
      assertThat(healthy.pid()).isEqualTo(old);
      stuck.request("/sleep?ms=8000");
      arbiter
          .log()
          .await(
              Pattern.compile("\\(pid " + old + "\\) has been found with 1 request over"),
              Limits.CHANGE);
      assertThat(healthy.get("/pid").number()).as("still served where it was").isEqualTo(old);
      assertThat(stuck.answer().status()).isEqualTo(200);
    }
    Await.until("the worker is replaced", Limits.CHANGE, () -> !Proc.alive(old));
    assertThat(arbiter.awaitServing(1)).doesNotContain(old);
  }

  private static final String PATIENT =
      """
      package app;

      import dev.arbiter.app.BlockingApp;
      import dev.arbiter.app.Request;
      import dev.arbiter.app.Response;
      import java.time.Duration;

      public final class App implements BlockingApp {
        @Override
        public Response handle(Request request) throws InterruptedException {
          switch (request.path()) {
            case "/long" -> {
              request.extendDeadline(Duration.ofMinutes(1));
              Thread.sleep(2500);
            }
            case "/never" -> Thread.sleep(600_000);
            default -> {}
          }
          return Response.text(Long.toString(ProcessHandle.current().pid()));
        }
      }
      """;

  /** It must not take what the worker says at its end for an answer of the app. */
  @EachKind
  void whoAsksForMoreTimeHasItAndWhoNeverAnswersEndsWithItsWorker(String kind) throws Exception {
    arbiters.expectError("over --request-timeout|exceeded the graceful timeout");
    Pattern found = Pattern.compile("has been found with 1 request over --request-timeout");
    Path classes = SourceApp.compile(arbiters.folder(), PATIENT);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .gracefulTimeout("5")
            .args("--request-timeout", "1s")
            .app("--chdir", classes.toString(), "app:App")
            .start();
    long old = arbiter.awaitServing(1).iterator().next();
    try (RawClient client = arbiter.connect();
        RawClient never = arbiter.connect()) {
      client.readLimit(Limits.CHANGE);
      assertThat(client.get("/long").number()).isEqualTo(old);
      assertThat(arbiter.log().contains(found)).isFalse();

      never.readLimit(Limits.CHANGE);
      never.request("/never");
      Answer last = never.answer();
      assertThat(last.status()).isEqualTo(503);
      assertThat(last.header("connection")).contains("close");
    }
    assertThat(arbiter.log().contains(found)).isTrue();
    Await.until("the worker is replaced", Limits.CHANGE, () -> !Proc.alive(old));
    assertThat(arbiter.awaitServing(1)).doesNotContain(old);
  }
}
