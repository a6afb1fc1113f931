package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.http.RawClient.Answer;
import dev.arbiter.worker.Health;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every kind of worker makes of proxies in front of it, of its limits, and of clients that are
 * late, whichever version of HTTP they speak. Each kind's own test serves it.
 */
@Timeout(30)
public abstract class FrontContract {
  static final String CONNECTION = "The connection";

  private static final String TAIL = " HTTP/1.1\r\nHost: a\r\n\r\n";

  @TempDir Path folder;

  /** A worker that serves an app. */
  public interface Server extends AutoCloseable {
    /** A client whose connection the worker has been given. */
    RawClient connect() throws IOException;

    /** What the worker said in the arbiter's log. */
    List<String> said();

    /** Asks the worker about its own app. */
    Health probe(String path) throws Exception;

    /** The requests that are under way, a line each. */
    List<String> inFlight();

    /** The time of the requests that are under way is over, and the worker's too. */
    void giveUp();

    @Override
    void close();
  }

  /**
   * Starts a worker.
   *
   * @param unix where its Unix socket is; null for TCP
   */
  protected abstract Server serve(@Nullable Path unix, BlockingApp app, String... settings)
      throws Exception;

  /** What a response that refuses a request says of its connection. */
  protected String refusedConnection() {
    return "close";
  }

  /** What a limit of one request ends, in the words of the log. */
  protected String exchange() {
    return CONNECTION;
  }

  /** That the client is told that what it has is not all. */
  protected void assertCut(RawClient client) throws IOException {
    assertThatThrownBy(client::rest).as("a reset, no end").isInstanceOf(IOException.class);
  }

  /** Tells who it takes for its client. */
  static Response tell(Request request) {
    String client =
        request
            .client()
            .map(InetSocketAddress.class::cast)
            .map(inet -> inet.getAddress().getHostAddress())
            .orElse("-");
    return Response.text(
        String.join(" ", client, request.scheme(), request.host(), request.rootPath()).strip());
  }

  static String get(String... fields) {
    String more = fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n";
    return "GET / HTTP/1.1\r\nHost: a\r\n" + more + "\r\n";
  }

  static String ask(Server server, String request) throws IOException {
    try (RawClient client = server.connect()) {
      return client.send(request).answer().body();
    }
  }

  // ---- forwarding fields

  @Test
  void whatATrustedProxySaysIsWhatTheAppSees() throws Exception {
    try (Server server =
        serve(null, FrontContract::tell, "forwarded-allow-ips", "127.0.0.1,10.0.0.0/8")) {
      assertThat(ask(server, get())).isEqualTo("127.0.0.1 http a");
      assertThat(
              ask(
                  server,
                  get(
                      "X-Forwarded-For: 9.9.9.9, 1.2.3.4, 10.0.0.1",
                      "X-Forwarded-Proto: https",
                      "X-Forwarded-Host: shop.example",
                      "X-Forwarded-Port: 8443",
                      "X-Forwarded-Prefix: /evil")))
          .isEqualTo("1.2.3.4 https shop.example:8443");
      assertThat(ask(server, get("Forwarded: for=1.2.3.4;proto=https;host=shop.example")))
          .isEqualTo("1.2.3.4 https shop.example");
      assertThat(ask(server, get("X-Forwarded-For: garbage"))).isEqualTo("- http a");
      try (RawClient client = server.connect()) {
        assertThat(client.send(get("X-Forwarded-For: 1.2.3.4")).answer().body())
            .startsWith("1.2.3.4 ");
        assertThat(client.send(get()).answer().body())
            .as("the next request on the connection is another client's")
            .startsWith("127.0.0.1 ");
      }
    }
  }

  @Test
  void whereTheAppIsMountedTheOperatorSaysAndNobodyElse() throws Exception {
    String[] settings = {"root-path", "/shop", "forwarded-allow-ips", "127.0.0.1"};
    try (Server server = serve(null, FrontContract::tell, settings)) {
      assertThat(ask(server, get())).isEqualTo("127.0.0.1 http a /shop");
      assertThat(ask(server, get("X-Forwarded-Prefix: /evil"))).isEqualTo("127.0.0.1 http a /shop");
    }
  }

  @Test
  void aFieldTheOperatorHasNamedTellsTheScheme() throws Exception {
    try (Server server =
        serve(
            null, FrontContract::tell, "secure-scheme-headers", "X-Forwarded-Ssl=on\nX-Https=1")) {
      assertThat(ask(server, get("X-Forwarded-Ssl: on"))).isEqualTo("127.0.0.1 http a");
    }
    String[] settings = {
      "forwarded-allow-ips", "127.0.0.1", "secure-scheme-headers", "X-Forwarded-Ssl=on\nX-Https=1"
    };
    try (Server server = serve(null, FrontContract::tell, settings)) {
      assertThat(ask(server, get("X-Forwarded-Ssl: on"))).isEqualTo("127.0.0.1 https a");
      assertThat(ask(server, get("X-Https: 1", "X-Forwarded-Proto: http")))
          .isEqualTo("127.0.0.1 https a");
      assertThat(ask(server, get("X-Https: 0", "X-Forwarded-Proto: https")))
          .isEqualTo("127.0.0.1 http a");
      try (RawClient client = server.connect()) {
        assertThat(client.send(get("X-Forwarded-Ssl: on", "X-Https: 0")).answer().status())
            .isEqualTo(400);
      }
    }
  }

  @Test
  void whatAnyoneElseSaysIsNot() throws Exception {
    String[] claims = {"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "Forwarded: for=x"};
    try (Server server = serve(null, FrontContract::tell, "forwarded-allow-ips", "10.0.0.1")) {
      assertThat(ask(server, get(claims))).isEqualTo("127.0.0.1 http a");
    }
    try (Server server =
        serve(null, FrontContract::tell, "forwarded-allow-ips", "*", "proxy-headers", "false")) {
      assertThat(ask(server, get(claims))).isEqualTo("127.0.0.1 http a");
    }
  }

  @Test
  void aProxyOnAUnixSocketIsTrusted() throws Exception {
    try (Server server =
        serve(folder.resolve("s"), FrontContract::tell, "forwarded-allow-ips", "10.0.0.1")) {
      assertThat(ask(server, get())).isEqualTo("- http a");
      assertThat(ask(server, get("X-Forwarded-For: 1.2.3.4"))).isEqualTo("1.2.3.4 http a");
    }
  }

  @Test
  void theAccessLogNamesTheClientThatTheAppSees() throws Exception {
    Path log = folder.resolve("access.log");
    try (Server server =
        serve(
            null,
            FrontContract::tell,
            "forwarded-allow-ips",
            "127.0.0.1",
            "access-log",
            "true",
            "access-logfile",
            log.toString(),
            "access-logformat",
            "%(h)s %(s)s")) {
      ask(server, get("X-Forwarded-For: 1.2.3.4"));
      ask(server, get("X-Forwarded-For: unknown"));
      ask(server, get());
      ask(server, get("X-Forwarded-For: 5.6.7.8", "Expect: the unexpected"));
      // A line is written once its response has gone out.
      Await.until(10, () -> Files.readAllLines(log).size() >= 4);
    }
    assertThat(Files.readAllLines(log))
        .containsExactlyInAnyOrder("1.2.3.4 200", "- 200", "127.0.0.1 200", "5.6.7.8 417");
  }

  @Test
  void namesWithAnUnderscoreAreLeftOutUnlessATrustedProxySendsThem() throws Exception {
    BlockingApp app = request -> Response.text(request.headers().first("Script_Name").orElse("-"));
    String[] settings = {"forwarder-headers", "SCRIPT_NAME", "forwarded-allow-ips"};
    try (Server server = serve(null, app, settings[0], settings[1], settings[2], "127.0.0.1")) {
      assertThat(ask(server, get("Script_Name: /x"))).isEqualTo("/x");
    }
    try (Server server = serve(null, app, settings[0], settings[1], settings[2], "10.0.0.1")) {
      assertThat(ask(server, get("Script_Name: /x"))).isEqualTo("-");
    }
    try (Server server = serve(null, app, "header-map", "dangerous")) {
      assertThat(ask(server, get("Script_Name: /x"))).isEqualTo("/x");
    }
    try (Server server = serve(null, app, "header-map", "refuse");
        RawClient client = server.connect()) {
      assertThat(client.send(get("Script_Name: /x")).answer().status()).isEqualTo(400);
    }
  }

  // ---- limits

  @Test
  void whatComesBeyondTheLimitIsAnswered503AndTheNextIsServedAgain() throws Exception {
    CountDownLatch inside = new CountDownLatch(2);
    CountDownLatch leave = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    BlockingApp app =
        request -> {
          calls.incrementAndGet();
          if (request.path().equals("/wait")) {
            inside.countDown();
            leave.await();
          }
          return Response.text("served");
        };
    try (Server server = serve(null, app, "limit-concurrency", "2", "threads", "4");
        RawClient first = server.connect();
        RawClient second = server.connect();
        RawClient idle = server.connect()) {
      assertThat(idle.get("/").body()).as("an idle connection counts nothing").isEqualTo("served");
      Await.until(10, () -> server.inFlight().isEmpty()); // a client has its answer a moment before
      first.send("GET /wait" + TAIL);
      second.send("GET /wait" + TAIL);
      assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
      for (int i = 0; i < 3; i++) {
        try (RawClient third = server.connect()) {
          Answer refused = third.get("/");
          assertThat(refused.status()).isEqualTo(503);
          assertThat(refused.field("retry-after")).isEqualTo("1");
          assertThat(refused.field("connection")).isEqualTo(refusedConnection());
          third.shutdownOutput();
          assertThat(third.ended()).isTrue();
        }
      }
      leave.countDown();
      assertThat(first.answer().body()).isEqualTo("served");
      assertThat(second.answer().body()).isEqualTo("served");
      assertThat(first.get("/").body()).isEqualTo("served");
      assertThat(server.said())
          .filteredOn(line -> line.contains("limit-concurrency"))
          .as("one line for all of them")
          .singleElement()
          .asString()
          .startsWith("warning: 2 requests are under way");
      assertThat(server.probe("/").status()).isEqualTo(200);
    }
    assertThat(calls).hasValue(5);
  }

  @Test
  void defaultHeadersAreAddedWhereTheAppHasNone() throws Exception {
    BlockingApp app =
        request ->
            request.path().equals("/own")
                ? new Response(
                    200,
                    dev.arbiter.app.Headers.of("x-frame-options", "SAMEORIGIN"),
                    new Response.Body.Bytes(new byte[0]))
                : Response.text("x");
    try (Server server = serve(null, app, "header", "X-Frame-Options:DENY\nServer:mine\nX-Empty:");
        RawClient client = server.connect()) {
      Answer added = client.get("/");
      assertThat(added.field("x-frame-options")).isEqualTo("DENY");
      assertThat(added.field("server")).isEqualTo("mine");
      assertThat(added.fields()).containsKeys("x-empty", "date");
      assertThat(client.get("/own").field("x-frame-options")).isEqualTo("SAMEORIGIN");
      Answer refused = client.send(get("Expect: the unexpected")).answer();
      assertThat(refused.status()).isEqualTo(417);
      assertThat(refused.field("x-frame-options")).isEqualTo("DENY");
    }
  }

  // ---- time limits, each with its word in the log

  Server impatient(BlockingApp app, String limit) throws Exception {
    return serve(null, app, limit, "200", "log-level", "debug");
  }

  final void awaitSaid(Server server, String what, String text) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (server.said().stream().noneMatch(line -> line.contains(text))) {
      assertThat(System.nanoTime()).as(text).isLessThan(end);
      Thread.onSpinWait();
    }
    assertThat(server.said())
        .filteredOn(line -> line.contains(" is ended: "))
        .singleElement()
        .asString()
        .startsWith("debug: " + what + " from 127.0.0.1:");
  }

  @Test
  void aClientThatSaysNoMore() throws Exception {
    try (Server server = impatient(FrontContract::tell, "keep-alive");
        RawClient client = server.connect()) {
      client.get("/");
      assertThat(client.ended()).isTrue();
      awaitSaid(server, CONNECTION, "no further request within --keep-alive");
    }
  }

  @Test
  void aClientThatStopsInABody() throws Exception {
    BlockingApp app = request -> Response.text("" + request.body().readAllBytes().length);
    try (Server server = impatient(app, "body-timeout");
        RawClient client = server.connect()) {
      Answer answer =
          client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf").answer();
      assertThat(answer.status()).isEqualTo(408);
      assertThat(answer.body()).contains("request body");
      awaitSaid(server, exchange(), "a request's body made no progress for --body-timeout");
    }
  }

  @Test
  void aClientThatDoesNotRead() throws Exception {
    byte[] part = new byte[1 << 20];
    BlockingApp app =
        request ->
            Response.stream(
                "text/plain",
                out -> {
                  for (int i = 0; i < 64; i++) {
                    out.write(part);
                  }
                });
    try (Server server = impatient(app, "write-timeout");
        RawClient client = server.connect()) {
      client.send(get());
      awaitSaid(server, exchange(), "the client read nothing of a response for --write-timeout");
      assertCut(client);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void aClientThatDoesNotReadAFile(String sendfile) throws Exception {
    Path file = folder.resolve("large");
    try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength(64 << 20);
    }
    BlockingApp app = _ -> Response.file("text/plain", file);
    try (Server server =
            serve(null, app, "write-timeout", "200", "log-level", "debug", "sendfile", sendfile);
        RawClient client = server.connect()) {
      client.send(get());
      awaitSaid(server, exchange(), "the client read nothing of a response for --write-timeout");
      assertCut(client);
    }
  }

  @Test
  void aRequestThatTheAppFailsIsNamedWithItsId() throws Exception {
    BlockingApp app =
        request -> {
          throw new IllegalStateException("broken on purpose");
        };
    try (Server server = serve(null, app);
        RawClient client = server.connect()) {
      String request = "GET /a?secret=1 HTTP/1.1\r\nHost: a\r\n";
      client.send(request + "\r\n" + request + "X-Request-Id: 4bf92f35\r\n\r\n");
      assertThat(client.answer().status()).isEqualTo(500);
      assertThat(client.answer().status()).isEqualTo(500);
      assertThat(server.said())
          .filteredOn(line -> line.contains("broken on purpose"))
          .satisfiesExactly(
              line ->
                  assertThat(line)
                      .startsWith(
                          "error: GET /a: the app failed: java.lang.IllegalStateException:"),
              line ->
                  assertThat(line)
                      .startsWith("error: GET /a, request 4bf92f35: the app failed: java.lang."));
    }
  }

  // ---- the end of the worker

  @Test
  void whoIsNotAnsweredWhenTheWorkerEndsIsToldSo() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch late = new CountDownLatch(1);
    BlockingApp app =
        request -> {
          asked.countDown();
          release.await();
          return Response.text("late").withBackground(late::countDown);
        };
    try (Server server = serve(null, app);
        RawClient client = server.connect()) {
      client.send(get());
      assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
      server.giveUp();
      Answer answer = client.answer();
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.field("connection")).isEqualTo(refusedConnection());
      assertThat(answer.body()).contains("not answered in time, and the worker ends");
      release.countDown();
      assertThat(late.await(10, TimeUnit.SECONDS)).as("the app has come to its end").isTrue();
      if (!refusedConnection().isEmpty()) {
        assertThat(client.ended()).as("and its answer goes nowhere").isTrue();
      }
      assertThat(server.said()).noneMatch(line -> line.startsWith("error"));
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void anAnswerThatHasBegunMayComeToItsEnd() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    BlockingApp app =
        request ->
            Response.stream(
                "text/plain",
                out -> {
                  out.write('a');
                  out.flush();
                  begun.countDown();
                  await(release);
                  out.write('b');
                });
    try (Server server = serve(null, app);
        RawClient client = server.connect()) {
      client.send(get());
      assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
      server.giveUp();
      release.countDown();
      assertThat(client.answer().body()).isEqualTo("ab");
    }
  }
}
