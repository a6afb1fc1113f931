package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.worker.Traffic;
import dev.arbiter.worker.WorkerSettings;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RequestBookTest {
  private final FixtureContext context = new FixtureContext(Map.of());

  private RequestBook book(Map<String, String> settings) {
    return new RequestBook(new WorkerSettings(settings), context);
  }

  @Test
  void countsWhatWasServedAndShowsWhatIsUnderWay() {
    RequestBook book = book(Map.of());
    RequestBook.Entry first = book.begin("GET", "/first", null);
    RequestBook.Entry second = book.begin("POST", "/second", null);
    RequestBook.Entry third = book.begin("PUT", "/third", null);
    assertThat(book.inFlight())
        .hasSize(3)
        .first()
        .asString()
        .endsWith("GET /first from an unnamed client");
    second.end(404, 10, 20);
    second.end(200, 1, 1);
    third.end(0, 1, 0);
    Traffic traffic = book.traffic();
    assertThat(traffic.done()).isEqualTo(1);
    assertThat(traffic.inFlight()).isEqualTo(1);
    assertThat(traffic.bytesIn()).isEqualTo(11);
    assertThat(traffic.bytesOut()).isEqualTo(20);
    assertThat(traffic.statusClasses()).containsExactly(0L, 0L, 0L, 1L, 0L);
    assertThat(traffic.latency().stream().mapToLong(n -> n).sum()).isEqualTo(1);
    first.end(200, 0, 0);
    assertThat(book.inFlight()).isEmpty();
  }

  @Test
  void aRequestUnderWayIsOneLineWhateverItsTarget() {
    RequestBook book = book(Map.of());
    book.begin("GET", "/a%0A%1b\n0.001s GET /forged\u001b[2J", null);
    assertThat(book.inFlight())
        .singleElement()
        .asString()
        .contains("GET /a%0A%1b\\n0.001s GET /forged\\x1b[2J from");
  }

  @Test
  void latencyBucketsDouble() {
    assertThat(RequestBook.bucket(0)).isEqualTo(0);
    assertThat(RequestBook.bucket(100_000)).isEqualTo(0);
    assertThat(RequestBook.bucket(100_001)).isEqualTo(1);
    assertThat(RequestBook.bucket(200_000)).isEqualTo(1);
    assertThat(RequestBook.bucket(200_001)).isEqualTo(2);
    assertThat(RequestBook.bucket(Long.MAX_VALUE)).isEqualTo(RequestBook.BUCKETS - 1);
  }

  @Test
  void asksForAReplacementOnce() {
    RequestBook book = book(Map.of("max-requests", "5"));
    for (int i = 0; i < 20; i++) {
      book.begin("GET", "/", null).end(200, 0, 0);
    }
    assertThat(context.recycled).containsExactly("served 5 requests (max-requests 5)");
  }

  @Test
  void whatIsRefusedTakesNoPlaceHoweverLongItIsBeingRefused() {
    RequestBook book = book(Map.of("limit-concurrency", "2"));
    for (int i = 0; i < 3; i++) {
      assertThat(book.beginRefused("", "malformed", null).excess()).isFalse();
    }
    assertThat(context.said).isEmpty();
    RequestBook.Entry first = book.begin("GET", "/", null);
    RequestBook.Entry second = book.begin("GET", "/", null);
    assertThat(first.excess() || second.excess()).isFalse();
    for (int i = 0; i < 5; i++) {
      assertThat(book.begin("GET", "/excess", null).excess()).isTrue();
    }
    first.end(200, 0, 0);
    first.end(200, 0, 0);
    RequestBook.Entry third = book.begin("GET", "/", null);
    assertThat(third.excess()).isFalse();
    RequestBook.Entry fourth = book.begin("GET", "/", null);
    assertThat(fourth.excess()).isTrue();
    fourth.end(503, 0, 0);
    assertThat(book.begin("GET", "/", null).excess()).isTrue();
    assertThat(context.said).singleElement().asString().startsWith("warning: 2 requests");
  }

  @Test
  void jitterSpreadsTheReplacements() {
    RequestBook book = book(Map.of("max-requests", "5", "max-requests-jitter", "3"));
    for (int i = 0; i < 4; i++) {
      book.begin("GET", "/", null).end(200, 0, 0);
    }
    assertThat(context.recycled).isEmpty();
    for (int i = 0; i < 4; i++) {
      book.begin("GET", "/", null).end(200, 0, 0);
    }
    assertThat(context.recycled).hasSize(1).first().asString().endsWith("(max-requests 5)");
  }

  @Test
  void withoutALimitNothingIsOverdue() {
    RequestBook book = book(Map.of());
    RequestBook.Entry entry = book.begin("GET", "/", null);
    entry.extend(Duration.ZERO);
    assertThat(book.traffic().overdue()).isZero();
    assertThat(book.inFlight().getFirst()).doesNotContain("deadline");
  }

  @Test
  void aRequestPastItsDeadlineIsOverdueUntilItEndsOrGetsMoreTime() {
    RequestBook book = book(Map.of("request-timeout", "1"));
    RequestBook.Entry first = book.begin("GET", "/first", null);
    RequestBook.Entry second = book.begin("GET", "/second", null);
    passed(Duration.ofMillis(20));
    assertThat(book.traffic().overdue()).isEqualTo(2);
    assertThat(book.traffic().overdueMillis()).isBetween(18L, 10_000L);
    assertThat(book.inFlight()).allSatisfy(line -> assertThat(line).contains("past its deadline"));

    first.extend(Duration.ofMinutes(5));
    assertThat(book.traffic().overdue()).isEqualTo(1);
    assertThat(book.inFlight().getFirst())
        .containsPattern("(29\\d|300)\\.\\d+s before its deadline");
    first.extend(Duration.ofMinutes(1));
    assertThat(book.inFlight().getFirst())
        .as("never shortened")
        .containsPattern("(29\\d|300)\\.\\d+s before its deadline");
    second.end(200, 0, 0);
    assertThat(book.traffic().overdue()).isZero();
    assertThat(book.traffic().overdueMillis()).isZero();
  }

  @Test
  void aSlowRequestIsSeenOnceTheOldestFirst() {
    RequestBook book = book(Map.of());
    RequestBook.Entry first = book.begin("GET", "/first", null);
    RequestBook.Entry second = book.begin("GET", "/second", null);
    passed(Duration.ofMillis(20));
    book.begin("GET", "/fresh", null);
    assertThat(book.newlySlow(Duration.ofMillis(15))).startsWith(first, second);
    assertThat(book.newlySlow(Duration.ofMillis(15))).doesNotContain(first, second);
  }

  @Test
  void theLineNamesTheThreadThatRunsTheApp() {
    RequestBook book = book(Map.of());
    RequestBook.Entry entry = book.begin("GET", "/", null);
    entry.enter(Thread.currentThread());
    assertThat(book.inFlight().getFirst())
        .endsWith(", on thread #" + Thread.currentThread().threadId());
    entry.leave();
    assertThat(book.inFlight().getFirst()).doesNotContain("thread");
  }

  private static void passed(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
  }
}
