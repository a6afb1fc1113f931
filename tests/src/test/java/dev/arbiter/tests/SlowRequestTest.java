package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

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
}
