package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.extension.RegisterExtension;

/** HTTP/1.1 end to end; the workers' own tests go into every corner of it. */
final class HttpTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void bodiesGoBothWays(String kind) throws Exception {
    try (RawClient client = start(kind).connect()) {
      client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello");
      assertThat(client.answer().body()).isEqualTo("hello");

      client.head("POST /echo HTTP/1.1", "Host: test", "Transfer-Encoding: chunked");
      client.send("5\r\nhello\r\n6;ext=1\r\n again\r\n0\r\nX-Check: x\r\n\r\n");
      assertThat(client.answer().body()).isEqualTo("hello again");

      Answer big = client.get("/big?bytes=3000000");
      assertThat(big.body()).hasSize(3_000_000);
      assertThat(big.close()).isFalse();
      assertThat(client.get("/").status()).as("the connection is still in step").isEqualTo(200);
    }
  }

  @EachKind
  void headHasTheHeadersOfGetAndNoBody(String kind) throws Exception {
    try (RawClient client = start(kind).connect()) {
      client.send("HEAD /big?bytes=1000 HTTP/1.1\r\nHost: test\r\n\r\n");
      Answer head = client.answerToHead();
      assertThat(head.status()).isEqualTo(200);
      Answer get = client.get("/big?bytes=1000");
      assertThat(get.body()).hasSize(1000);
      assertThat(head.headers().get("content-length"))
          .isEqualTo(get.headers().get("content-length"));
    }
  }

  /** Not by way of temporary files, which a worker that is killed would leave behind. */
  @EachKind
  void compressionLoadsItsLibrariesFromTheInstallation(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).args("--compress", "--log-level", "debug").faulty().start();
    long worker = arbiter.awaitServing(1).iterator().next();
    List<String> mapped = Files.readAllLines(Path.of("/proc/" + worker + "/maps"));
    String folder = Command.HOME.toRealPath().resolve("lib/worker-http/native") + "/";
    for (String library : new String[] {"libbrotli", "libzstd-jni"}) {
      assertThat(mapped)
          .filteredOn(line -> line.contains(library))
          .isNotEmpty()
          .allMatch(line -> line.contains(folder));
    }
    assertThat(mapped).noneMatch(line -> line.contains(".so (deleted)"));
    assertThat(arbiter.log().text()).doesNotContain("cannot be had here");
  }

  @EachKind
  void continueIsSentWhenTheAppFirstReads(String kind) throws Exception {
    try (RawClient client = start(kind).connect()) {
      String head = " HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
      client.send("POST /echo" + head);
      assertThat(client.nextAnswer().status()).isEqualTo(100);
      client.send("body");
      assertThat(client.nextAnswer().body()).isEqualTo("body");
    }
  }

  @EachKind
  void continueIsNotSentIfTheAppDoesNotRead(String kind) throws Exception {
    try (RawClient client = start(kind).connect()) {
      client.send(
          "POST /pid HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
      assertThat(client.nextAnswer().status()).isEqualTo(200);
    }
  }

  @EachKind
  void pipelinedRequestsAreAnsweredInOrder(String kind) throws Exception {
    try (RawClient client = start(kind).connect()) {
      StringBuilder all = new StringBuilder();
      for (int i = 1; i <= 20; i++) {
        all.append("GET /big?bytes=").append(i).append(" HTTP/1.1\r\nHost: test\r\n\r\n");
      }
      client.send(all.toString());
      for (int i = 1; i <= 20; i++) {
        assertThat(client.answer().body()).hasSize(i);
      }
    }
  }

  @EachKind
  void connectionLastsAsTheClientWishes(String kind) throws Exception {
    ArbiterProcess arbiter = start(kind);
    try (RawClient client = arbiter.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
      assertThat(client.answer().close()).isTrue();
      assertThat(client.closedWithin(Limits.ANSWER)).isTrue();
    }
    try (RawClient client = arbiter.connect()) {
      client.send("GET / HTTP/1.0\r\n\r\n");
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(client.closedWithin(Limits.ANSWER)).isTrue();
    }
  }

  @EachKind
  void bytesMayArriveOneByOne(String kind) throws Exception {
    try (RawClient client = start(kind).connect()) {
      String request = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc";
      for (int i = 0; i < request.length(); i++) {
        client.send(request.substring(i, i + 1));
      }
      assertThat(client.answer().body()).isEqualTo("abc");
    }
  }

  @EachKind
  void malformedRequestGetsItsStatusAndNothingElseSuffers(String kind) throws Exception {
    ArbiterProcess arbiter = start(kind);
    Map<String, Integer> table = new LinkedHashMap<>();
    table.put("NONSENSE\r\n\r\n", 400);
    table.put("GET / HTTP/1.1\r\n\r\n", 400);
    table.put("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
    table.put("GET / HTTP/1.1\nHost: a\n\n", 400);
    table.put("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400);
    table.put("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400);
    table.put("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400);
    table.put("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    table.put("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400);
    table.put("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400);
    table.put(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400);
    table.put("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400);
    table.put("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
    table.put("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    table.put("GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414);
    table.put("GET / HTTP/1.1\r\nHost: a\r\nX: " + "a".repeat(40_000) + "\r\n\r\n", 431);
    table.put("GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n".repeat(500) + "\r\n", 431);

    SoftAssertions softly = new SoftAssertions();
    try (RawClient witness = arbiter.connect()) {
      table.forEach(
          (request, status) ->
              softly
                  .assertThat(statusAndClose(arbiter, request))
                  .as(request.substring(0, Math.min(60, request.length())))
                  .isEqualTo(status));
      softly.assertThat(witness.get("/").status()).isEqualTo(200);
    }
    softly.assertAll();
  }

  @EachKind
  void failureOfTheAppIsA500AndTheConnectionGoesOn(String kind) throws Exception {
    arbiters.expectError(".");
    ArbiterProcess arbiter = start(kind);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/throw").status()).isEqualTo(500);
    }
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @EachKind
  void idleConnectionIsClosedAfterTheKeepAliveTime(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).args("--keep-alive", "1").faulty().start();
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").close()).isFalse();
      assertThat(client.closedWithin(Duration.ofSeconds(8))).isTrue();
    }
  }

  @EachKind
  void clientThatReadsNothingStopsTheAppNotTheWorker(String kind) throws Exception {
    ArbiterProcess arbiter = start(kind);
    try (RawClient slow = arbiter.connect()) {
      slow.request("/big?bytes=50000000");
      try (RawClient other = arbiter.connect()) {
        assertThat(other.get("/").status()).isEqualTo(200);
      }
      assertThat(slow.answer().body()).hasSize(50_000_000);
    }
  }

  @EachKind
  void clientThatVanishesHarmsNobody(String kind) throws Exception {
    ArbiterProcess arbiter = start(kind);
    for (int i = 0; i < 20; i++) {
      RawClient vanishing = arbiter.connect();
      vanishing.request("/big?bytes=5000000");
      vanishing.reset();
      vanishing.close();
    }
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @EachKind
  void halfARequestIsNotAnswered(String kind) throws Exception {
    try (RawClient client = start(kind).connect()) {
      client.send("GET / HTTP/1.1\r\nHost: te");
      client.readLimit(Duration.ofMillis(500));
      assertThatThrownBy(client::answer).isInstanceOf(SocketTimeoutException.class);
    }
  }

  private ArbiterProcess start(String kind) throws IOException, InterruptedException {
    return arbiters.command().kind(kind).faulty().start();
  }

  private static int statusAndClose(ArbiterProcess arbiter, String request) {
    try (RawClient client = arbiter.connect()) {
      int status = client.send(request).answer().status();
      return client.closedWithin(Limits.ANSWER) ? status : -status;
    } catch (IOException e) {
      return -1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }
}
