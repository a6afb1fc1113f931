package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One line for each request, in the format people's tools already read. */
final class AccessLogTest {
  /** Groups: status, bytes, referer, agent. */
  static Pattern lineFor(String target) {
    return Pattern.compile(
        "^127\\.0\\.0\\.1 - - \\[\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}\\] "
            + "\"[A-Z]+ "
            + Pattern.quote(target)
            + " HTTP/1\\.[01]\" (\\d{3}) (\\d+|-) \"([^\"]*)\" \"([^\"]*)\"$");
  }

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void defaultFormatIsGunicorns(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).args("--access-logfile", "-").faulty().start();

    try (RawClient client = arbiter.connect()) {
      client.head(
          "GET /big?bytes=12345 HTTP/1.1",
          "Host: test",
          "User-Agent: probe/1.0",
          "Referer: http://from.example/");
      assertThat(client.answer().body()).hasSize(12345);
    }

    MatchResult line = arbiter.log().await(lineFor("/big?bytes=12345"), Limits.ANSWER);
    assertThat(line.group(1)).isEqualTo("200");
    assertThat(line.group(2)).isEqualTo("12345");
    assertThat(line.group(3)).isEqualTo("http://from.example/");
    assertThat(line.group(4)).isEqualTo("probe/1.0");
    assertThat(arbiter.log().lines())
        .filteredOn(l -> l.text().contains("/big?bytes"))
        .as("on standard output, apart from the log")
        .allMatch(l -> l.source() == Journal.Source.OUT);
  }

  @EachKind
  void whatClientsSendCannotForgeALine(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).args("--access-logfile", "-").faulty().start();

    try (RawClient client = arbiter.connect()) {
      client.head(
          "GET /?forged HTTP/1.1", "Host: test", "User-Agent: a\" 200 1 \"x\t\u001b[31m\u0085");
      client.answer();
      client.get("/?after");
    } catch (IOException refused) {
      // A worker may also refuse such a value; then there is nothing to log it in.
      try (RawClient client = arbiter.connect()) {
        client.get("/?after");
      }
    }

    arbiter.log().await(lineFor("/?after"), Limits.ANSWER);
    assertThat(arbiter.log().text()).doesNotContain("\u001b").doesNotContain("a\" 200 1 \"x");
  }

  @EachKind
  void chosenAtomsArePrinted(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .args("--access-logfile", "-")
            .args(
                "--access-logformat",
                "%(m)s|%(U)s|%(q)s|%(s)s|%(B)s|%(p)s|%(D)s|%({x-id}i)s|%({content-type}o)s")
            .faulty()
            .start();

    try (RawClient client = arbiter.connect()) {
      client.send("GET /sleep?ms=30 HTTP/1.1\r\nHost: test\r\nX-Id: 42\r\n\r\n");
      assertThat(client.answer().status()).isEqualTo(200);
    }

    MatchResult line =
        arbiter
            .log()
            .await(
                Pattern.compile(
                    "^GET\\|/sleep\\|ms=30\\|200\\|\\d+\\|<?(\\d+)>?\\|(\\d+)\\|42\\|text/plain.*$"),
                Limits.ANSWER);
    assertThat(arbiter.workers()).contains(Long.parseLong(line.group(1)));
    assertThat(Long.parseLong(line.group(2)))
        .as("microseconds")
        .isBetween(30_000L, Duration.ofSeconds(10).toNanos() / 1000);
  }

  @EachKind
  void everyAnsweredRequestIsLoggedBeforeTheStopEnds(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).args("--access-logfile", "-").faulty().start();

    for (int i = 0; i < 50; i++) {
      try (RawClient client = arbiter.connect()) {
        client.get("/?nr=" + i);
      }
    }
    assertThat(arbiter.stop()).isZero();
    arbiter.awaitOutputEnd(Limits.ANSWER);

    for (int i = 0; i < 50; i++) {
      assertThat(arbiter.log().all(lineFor("/?nr=" + i))).as("request %s", i).hasSize(1);
    }
  }

  @Test
  void thereIsNoAccessLogUnlessAskedFor() throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind("netty").faulty().start();

    try (RawClient client = arbiter.connect()) {
      client.get("/?quiet");
    }
    assertThat(arbiter.stop()).isZero();
    arbiter.awaitOutputEnd(Limits.ANSWER);

    assertThat(arbiter.log().text()).doesNotContain("/?quiet");
  }
}
