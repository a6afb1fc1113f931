package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Probation.Verdict;
import dev.arbiter.wire.Vitals;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The figures by which a new generation is judged. */
class ProbationTest {
  private static final int OLD = 1;
  private static final int NEW = 2;

  private final Probation probation = new Probation();

  ProbationTest() {
    // What they did before does not count.
    probation.beat(OLD, false, vitals(1000, 900, 12));
    probation.beat(NEW, true, vitals(10, 10, 12));
  }

  @ParameterizedTest(name = "2^{0} against 2^{1} times 100 microseconds: {2}")
  @CsvSource({
    "7, 0, GOOD", // 12.8 ms: the noise of a busy machine, however fast the others are
    "8, 7, GOOD",
    "8, 6, BAD", // 25.6 ms against 6.4 ms
    "9, 8, GOOD", // twice as slow: what a JVM makes of its first thousand requests
    "10, 8, BAD"
  })
  void slowIsFourTimesAsSlowAndMoreThanNoise(int fresh, int old, Verdict verdict) {
    probation.beat(OLD, false, vitals(1100, 900, old));
    probation.beat(NEW, true, vitals(110, 10, fresh));
    assertThat(probation.judge().verdict()).isEqualTo(verdict);
  }

  @Test
  void slowIsSaidWithBothFigures() {
    probation.beat(OLD, false, vitals(1100, 900, 5));
    probation.beat(NEW, true, vitals(110, 10, 10));
    assertThat(probation.judge().why())
        .isEqualTo(
            "it is slow: at most 102 ms for 95 % of requests, with the generation before 3 ms for"
                + " 95 % of requests");
  }

  @Test
  void whatTooFewRequestsHaveReachedIsNotJudged() {
    probation.beat(NEW, true, vitals(29, 29, 12));
    assertThat(probation.judge())
        .isEqualTo(
            new Probation.Judgement(Verdict.NOT_JUDGED, "not judged: 19 requests reached it"));
    probation.beat(NEW, true, vitals(30, 30, 12));
    assertThat(probation.judge().verdict()).isEqualTo(Verdict.BAD);
  }

  @ParameterizedTest(name = "{0} of 100 against {1} of 100: {2}")
  @CsvSource({
    "2, 0, GOOD", // a coincidence
    "3, 0, BAD",
    "3, 1, GOOD",
    "20, 10, GOOD", // the app's own errors, which both have
    "40, 10, BAD"
  })
  void errorsCountBesideThoseOfTheOthers(int fresh, int old, Verdict verdict) {
    probation.beat(OLD, false, vitals(1100, 900 + old, 1));
    probation.beat(NEW, true, vitals(110, 10 + fresh, 1));
    assertThat(probation.judge().verdict()).isEqualTo(verdict);
    assertThat(probation.isHopeless())
        .isEqualTo(fresh >= Probation.FEWEST && verdict == Verdict.BAD);
  }

  /** As many requests in all, of which so many failed, and those since the first beat this slow. */
  private static Vitals vitals(long done, long errors, int bucket) {
    List<Long> latency = new ArrayList<>(Collections.nCopies(14, 0L));
    long before = done >= 1000 ? 1000 : 10;
    latency.set(12, before);
    latency.set(bucket, latency.get(bucket) + done - before);
    return new Vitals(
        1,
        List.of(),
        0,
        done,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        List.of(0L, done - errors, 0L, 0L, errors),
        latency,
        0,
        0,
        0,
        0,
        0,
        0,
        0);
  }
}
