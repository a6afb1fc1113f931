package dev.arbiter.netty;

import static dev.arbiter.netty.H2Client.DATA;
import static dev.arbiter.netty.H2Client.END_HEADERS;
import static dev.arbiter.netty.H2Client.END_STREAM;
import static dev.arbiter.netty.H2Client.GOAWAY;
import static dev.arbiter.netty.H2Client.HEADERS;
import static dev.arbiter.netty.H2Client.PRIORITY;
import static dev.arbiter.netty.H2Client.RST_STREAM;
import static dev.arbiter.netty.H2Client.SETTINGS;
import static dev.arbiter.netty.H2Client.WINDOW_UPDATE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Response;
import dev.arbiter.http.RawClient;
import dev.arbiter.netty.H2Client.Answer;
import dev.arbiter.netty.H2Client.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2, frame by frame. */
class Http2Test {
  private static final int PROTOCOL_ERROR = 1;
  private static final int REFUSED_STREAM = 7;
  private static final int WINDOW = 65_535;

  /** RFC 7540 section 3.2. */
  static final String UPGRADE =
      """
      GET /up HTTP/1.1\r
      Host: a\r
      Connection: Upgrade, HTTP2-Settings\r
      Upgrade: h2c\r
      HTTP2-Settings: AAMAAABkAAQAAP__\r
      \r
      """;

  private static final BlockingApp SEEN =
      request ->
          Response.text(
              String.join(
                  " ",
                  request.method(),
                  request.target(),
                  request.httpVersion(),
                  request.host(),
                  request.headers().all("cookie").toString()));

  private final CompletableFuture<Void> release = new CompletableFuture<>();

  private static Fixture serving(App app, String... settings) throws Exception {
    List<String> all = new ArrayList<>(List.of("h2c", "both"));
    all.addAll(List.of(settings));
    return Fixture.serving(app, all.toArray(String[]::new));
  }

  @Test
  void theClientIsToldWhatTheSettingsSay() throws Exception {
    try (Fixture fixture =
            serving(SEEN, "h2-initial-window-size", "131072", "h2-max-frame-size", "32768");
        H2Client client = H2Client.to(fixture)) {
      Frame frame = client.any();
      while (frame.type() != SETTINGS) {
        frame = client.any();
      }
      ByteBuffer pairs = ByteBuffer.wrap(frame.payload());
      Map<Integer, Integer> told = new HashMap<>();
      while (pairs.hasRemaining()) {
        told.put((int) pairs.getShort(), pairs.getInt());
      }
      // RFC 9113 section 6.5.2: SETTINGS_INITIAL_WINDOW_SIZE and SETTINGS_MAX_FRAME_SIZE.
      assertThat(told).containsEntry(4, 131_072).containsEntry(5, 32_768);
    }
  }

  @Test
  void aRequestIsSeenAndAnsweredAsInHttp1() throws Exception {
    try (Fixture fixture = serving(SEEN);
        H2Client client = H2Client.to(fixture)) {
      Answer answer = client.get(1, "/x?y=1", "cookie", "a=1", "cookie", "b=2").answer(1);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("GET /x?y=1 HTTP/2 a [a=1; b=2]");
      assertThat(answer.field("content-length"))
          .isEqualTo(Integer.toString(answer.body().length()));
      assertThat(answer.field("server")).isEqualTo("arbiter");
      assertThat(answer.fields())
          .noneMatch(line -> line.startsWith("connection") || line.startsWith("transfer-encoding"));
      assertThat(client.get(3, "/again").answer(3).body()).contains("/again");
    }
  }

  @Test
  void aBodyIsReadToItsTrailers() throws Exception {
    try (Fixture fixture = serving(Apps.ASYNC_READER);
        H2Client client = H2Client.to(fixture)) {
      client.post(1, "/").data(1, "abc", false).data(1, "def", false);
      client.frame(HEADERS, END_HEADERS | END_STREAM, 1, client.block("x-sum", "6"));
      assertThat(client.answer(1).body()).isEqualTo("POST 6");
      client.post(3, "/", "content-length", "3").data(3, "abc", true);
      assertThat(client.answer(3).body()).isEqualTo("POST 3");
    }
  }

  @Test
  void anAnswerToHeadHasNoBody() throws Exception {
    try (Fixture fixture = serving(SEEN);
        H2Client client = H2Client.to(fixture)) {
      client.frame(
          HEADERS,
          END_HEADERS | END_STREAM,
          1,
          client.block(":method", "HEAD", ":scheme", "http", ":authority", "a", ":path", "/"));
      Answer answer = client.answer(1);
      assertThat(answer.body()).isEmpty();
      assertThat(answer.field("content-length")).isNotEmpty();
    }
  }

  @Test
  void oneStreamDoesNotWaitForAnother() throws Exception {
    AsyncApp app =
        (scope, _, send) -> {
          String path = ((HttpScope) scope).rawPath();
          return path.equals("/wait")
              ? release.thenCompose(_ -> Apps.respond(send, 200, path))
              : Apps.respond(send, 200, path);
        };
    try (Fixture fixture = serving(app);
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/wait").get(3, "/quick");
      assertThat(client.answer(3).body()).isEqualTo("/quick");
      release.complete(null);
      assertThat(client.answer(1).body()).isEqualTo("/wait");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {WINDOW, 200_000})
  void aResponseWaitsForTheClientsWindow(int size) throws Exception {
    BlockingApp app =
        _ -> Response.stream("text/plain", out -> out.write("x".repeat(size).getBytes(US_ASCII)));
    try (Fixture fixture = serving(app);
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/");
      client.next(HEADERS);
      int read = 0;
      while (read < WINDOW) {
        read += client.next(DATA).payload().length;
      }
      assertThat(read).isEqualTo(WINDOW);
      assertThat(client.untilNow()).allMatch(frame -> frame.payload().length == 0);
      if (size > WINDOW) {
        client.frame(WINDOW_UPDATE, 0, 1, H2Client.number(size));
        client.frame(WINDOW_UPDATE, 0, 0, H2Client.number(size));
        assertThat(client.answer(1).body()).hasSize(size - WINDOW);
      }
    }
  }

  @Test
  void aBodyThatNobodyReadsIsHeldBack() throws Exception {
    AsyncApp app =
        (scope, receive, send) ->
            release.thenCompose(_ -> Apps.ASYNC_READER.handle(scope, receive, send));
    try (Fixture fixture = serving(app);
        H2Client client = H2Client.to(fixture)) {
      client.post(1, "/");
      byte[] part = new byte[15_000];
      for (int i = 0; i < 4; i++) {
        client.frame(DATA, 0, 1, part);
      }
      assertThat(client.untilNow()).isEmpty();
      release.complete(null);
      Frame credit = client.next();
      assertThat(credit.type()).isEqualTo(WINDOW_UPDATE);
      assertThat(credit.stream()).isEqualTo(1);
      client.frame(DATA, END_STREAM, 1, part);
      client.next(HEADERS);
    }
  }

  @Test
  void aClientThatAsksWhetherItsBodyIsWantedIsTold() throws Exception {
    try (Fixture fixture = serving(Apps.READER);
        H2Client client = H2Client.to(fixture)) {
      client.post(1, "/", "expect", "100-continue");
      Frame interim = client.next();
      assertThat(interim.fields().status()).hasToString("100");
      assertThat(interim.ends()).isFalse();
      assertThat(client.data(1, "abc", true).answer(1).body()).isEqualTo("POST 3");
    }
  }

  /** One that says what :authority says may be there, but Host is said once in any version. */
  @Test
  void aSecondHostIsRefusedThoughItSaysTheSame() throws Exception {
    try (Fixture fixture = serving(SEEN);
        H2Client client = H2Client.to(fixture)) {
      assertThat(client.get(1, "/", "host", "a", "host", "a").answer(1).status()).isEqualTo(400);
      assertThat(client.get(3, "/", "host", "a").answer(3).status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "400, GET, http://a/, a, x, y",
    "400, GET, *, a, x, y",
    "400, GET, a, a, x, y",
    "400, GET, /%zz, a, x, y",
    "400, get, /, a, x, y",
    "501, CONNECT, /, a, x, y",
    "400, GET, /, a@b, x, y",
    "400, GET, /, a, host, b",
    "417, GET, /, a, expect, more",
    "431, GET, /, a, x-long, LONG",
    "413, POST, /, a, content-length, 11",
    "200, GET, /, a, host, A",
    "200, GET, /, a, te, trailers",
    "200, OPTIONS, *, a, x, y",
  })
  void eachFaultHasItsStatus(
      int status, String method, String path, String authority, String name, String value)
      throws Exception {
    try (Fixture fixture = serving(SEEN, "limit-request-body", "10");
        H2Client client = H2Client.to(fixture)) {
      String shown = value.equals("LONG") ? "x".repeat(9000) : value;
      client.open(
          1,
          ":method",
          method,
          ":scheme",
          "http",
          ":authority",
          authority,
          ":path",
          path,
          name,
          shown);
      assertThat(client.answer(1).status()).isEqualTo(status);
      if (status == 200) {
        client.data(1, "", true);
      } else {
        // The client is told that its body is not wanted, and the connection goes on.
        Frame reset = client.next();
        assertThat(reset.type()).isEqualTo(RST_STREAM);
        assertThat(reset.number(0)).isZero();
      }
      assertThat(client.get(3, "/").answer(3).status()).isEqualTo(200);
    }
  }

  @Test
  void withoutAnAuthorityTheHostMustBeThere() throws Exception {
    try (Fixture fixture = serving(SEEN);
        H2Client client = H2Client.to(fixture)) {
      String[] none = {":method", "GET", ":scheme", "http", ":path", "/"};
      client.frame(HEADERS, END_HEADERS | END_STREAM, 1, client.block(none));
      assertThat(client.answer(1).status()).isEqualTo(400);
      String[] host = {":method", "GET", ":scheme", "http", ":path", "/", "host", "h"};
      client.frame(HEADERS, END_HEADERS | END_STREAM, 3, client.block(host));
      assertThat(client.answer(3).body()).contains(" h ");
    }
  }

  @Test
  void aBodyThatGrowsTooLongIsRefused() throws Exception {
    try (Fixture fixture = serving(Apps.READER, "limit-request-body", "10");
        H2Client client = H2Client.to(fixture)) {
      client.post(1, "/").data(1, "0123456789a", false);
      assertThat(client.answer(1).status()).isEqualTo(413);
      assertThat(client.next().type()).isEqualTo(RST_STREAM);
      client.data(1, "what was on its way", true);
      assertThat(client.get(3, "/").answer(3).status()).isEqualTo(200);
    }
  }

  @Test
  void aHeaderListThatIsTooLongIs431() throws Exception {
    try (Fixture fixture = serving(SEEN, "h2-max-header-list-size", "1000");
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/", "x", "y".repeat(1000));
      assertThat(client.answer(1).status()).isEqualTo(431);
      assertThat(client.next().type()).isEqualTo(RST_STREAM);
      assertThat(client.get(3, "/").answer(3).status()).isEqualTo(200);
    }
  }

  @Test
  void beyondTheConcurrencyIs503() throws Exception {
    AsyncApp app = (_, _, send) -> release.thenCompose(_ -> Apps.respond(send, 200, "late"));
    try (Fixture fixture = serving(app, "limit-concurrency", "1");
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/").get(3, "/");
      Answer refused = client.answer(3);
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.field("retry-after")).isEqualTo("1");
      release.complete(null);
      assertThat(client.answer(1).body()).isEqualTo("late");
    }
  }

  @Test
  void beyondTheStreamsAllowedEachIsRefusedAndMayBeTriedAgain() throws Exception {
    AsyncApp app = (_, _, send) -> release.thenCompose(_ -> Apps.respond(send, 200, "late"));
    try (Fixture fixture = serving(app, "h2-max-concurrent-streams", "1");
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/").post(3, "/").data(3, "was on its way", true);
      Frame refused = client.next();
      assertThat(refused.type()).isEqualTo(RST_STREAM);
      assertThat(refused.stream()).isEqualTo(3);
      assertThat(refused.number(0)).isEqualTo(REFUSED_STREAM);
      release.complete(null);
      assertThat(client.answer(1).body()).isEqualTo("late");
      assertThat(client.get(5, "/").answer(5).body()).isEqualTo("late");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAppSeesThatItsClientHasGone(boolean whole) throws Exception {
    CompletableFuture<ReceiveEvent> seen = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, send) ->
            receive
                .next()
                .thenCompose(_ -> receive.next())
                .thenAccept(seen::complete)
                .thenCompose(_ -> release);
    try (Fixture fixture = serving(app);
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/");
      Fixture.await(() -> fixture.worker.inFlight().size() == 1);
      if (whole) {
        client.raw().leave();
      } else {
        client.frame(RST_STREAM, 0, 1, H2Client.number(8));
      }
      assertThat(seen.get(10, TimeUnit.SECONDS)).isInstanceOf(ReceiveEvent.Disconnect.class);
      release.complete(null);
      Fixture.await(() -> fixture.worker.inFlight().isEmpty());
    }
  }

  /** What opens a window cannot come any more; a response that fits is sent to its end. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1000, 16_384, 32_768})
  void aClientThatEndsItsSideAndLeavesItsWindowShutIsNotWaitedFor(int window) throws Exception {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    BlockingApp app =
        request ->
            Response.stream(
                "text/plain",
                out -> {
                  try {
                    out.write(new byte[Integer.parseInt(request.query())]);
                  } finally {
                    ended.complete(null);
                  }
                });
    byte[] initial = {0, 4, 0, 0, (byte) (window >> 8), (byte) window};
    try (Fixture fixture = serving(app)) {
      for (int size : new int[] {window / 2, 100_000}) {
        try (H2Client client = new H2Client(fixture.connect())) {
          client.raw().send(H2Client.PREFACE);
          Frame last = client.frame(SETTINGS, 0, 0, initial).get(1, "/?" + size).next(HEADERS);
          client.raw().shutdownOutput();
          while (!last.ends() && last.type() != RST_STREAM) {
            last = client.next();
          }
          assertThat(last.type() == RST_STREAM).isEqualTo(size > window);
          assertThat(ended.get(10, TimeUnit.SECONDS)).isNull();
        }
      }
    }
  }

  @Test
  void anAppThatFailsMidwayResetsItsStreamAlone() throws Exception {
    AsyncApp app =
        (scope, _, send) ->
            ((HttpScope) scope).rawPath().equals("/fails")
                ? send.send(Apps.start())
                    .thenCompose(_ -> send.send(Apps.body("half", true)))
                    .thenRun(
                        () -> {
                          throw new IllegalStateException("on purpose");
                        })
                : Apps.respond(send, 200, "fine");
    try (Fixture fixture = serving(app);
        H2Client client = H2Client.to(fixture)) {
      Frame reset = client.get(1, "/fails").next(RST_STREAM);
      assertThat(reset.number(0)).isEqualTo(2);
      assertThat(client.get(3, "/").answer(3).body()).isEqualTo("fine");
      assertThat(fixture.said("on purpose")).isTrue();
    }
  }

  @Test
  void prioritiesHaveNoEffect() throws Exception {
    try (Fixture fixture = serving(SEEN);
        H2Client client = H2Client.to(fixture)) {
      client.frame(PRIORITY, 0, 7, new byte[] {0, 0, 0, 3, 16});
      assertThat(client.get(1, "/", "priority", "u=1, i").answer(1).status()).isEqualTo(200);
    }
  }

  @Test
  void aConnectionThatSaysNothingIsEnded() throws Exception {
    try (Fixture fixture = serving(SEEN, "header-timeout", "100");
        RawClient silent = fixture.connect()) {
      silent.send(H2Client.PREFACE.substring(0, 10));
      assertThat(silent.ended()).isTrue();
    }
  }

  @Test
  void aRequestInHttp1MayAskForHttp2() throws Exception {
    AsyncApp app =
        (scope, _, send) -> {
          HttpScope head = (HttpScope) scope;
          return Apps.respond(send, 200, head.target() + " " + head.httpVersion());
        };
    try (Fixture fixture = serving(app);
        RawClient raw = fixture.connect();
        H2Client client = new H2Client(raw)) {
      raw.send(UPGRADE + H2Client.PREFACE);
      client.frame(SETTINGS, 0, 0).get(3, "/next");
      assertThat(raw.head().status()).isEqualTo(101);
      assertThat(client.answer(1).body()).isEqualTo("/up HTTP/2");
      assertThat(client.answer(3).body()).isEqualTo("/next HTTP/2");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "400, GET /up HTTP/1.1, HTTP2-Settings: AAMA",
    "400, GET /up HTTP/1.1, X: y",
    "200, GET /up HTTP/1.0, HTTP2-Settings: AAMAAABk",
    "200, POST /up HTTP/1.1, Content-Length: 1",
  })
  void anUpgradeThatCannotBeIsRefusedOrLeftAlone(int status, String line, String field)
      throws Exception {
    try (Fixture fixture = serving(SEEN);
        RawClient client = fixture.connect()) {
      client.send(
          line + "\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n" + field + "\r\n\r\nx");
      assertThat(client.answer().status()).isEqualTo(status);
    }
  }

  /** One way to HTTP/2 does not open the other: what is not meant by the setting is HTTP/1.1. */
  @ParameterizedTest
  @CsvSource({
    "off, preface, 505",
    "upgrade, preface, 505",
    "off, upgrade, 200",
    "prior-knowledge, upgrade, 200",
  })
  void aWayThatIsNotOpenIsNoWay(String ways, String taken, int status) throws Exception {
    try (Fixture fixture = Fixture.serving(SEEN, "h2c", ways);
        RawClient client = fixture.connect()) {
      client.send(taken.equals("preface") ? H2Client.PREFACE : UPGRADE);
      RawClient.Answer answer = client.answer();
      assertThat(answer.status()).isEqualTo(status);
      if (status == 200) {
        assertThat(answer.body()).startsWith("GET /up HTTP/1.1 ");
        assertThat(client.get("/next").body()).startsWith("GET /next HTTP/1.1 ");
      } else {
        assertThat(client.ended()).isTrue();
      }
    }
  }

  @Test
  void thePrefaceMayComeByteByByte() throws Exception {
    try (Fixture fixture = serving(SEEN);
        RawClient raw = fixture.connect();
        H2Client client = new H2Client(raw)) {
      for (char c : H2Client.PREFACE.toCharArray()) {
        raw.send(String.valueOf(c));
      }
      assertThat(client.frame(SETTINGS, 0, 0).get(1, "/").answer(1).status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT / HTTP/1.1", "PRI / HTTP/1.1", "PROPFIND / HTTP/1.1"})
  void whatOnlyBeginsLikeThePrefaceIsHttp1(String line) throws Exception {
    try (Fixture fixture = serving(SEEN);
        RawClient client = fixture.connect()) {
      client.send(line.substring(0, 2)).send(line.substring(2) + "\r\nHost: a\r\n\r\n");
      assertThat(client.answer().body()).contains(" HTTP/1.1 a");
    }
  }

  @Test
  void whereNothingElseIsSpokenHttp1IsSentAway() throws Exception {
    try (Fixture fixture = serving(SEEN, "http", "2", "h2c", "off");
        H2Client client = new H2Client(fixture.connect())) {
      client.raw().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.next(GOAWAY).number(4)).isEqualTo(PROTOCOL_ERROR);
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void theWorkersOwnProbeIsAnsweredAllTheSame() throws Exception {
    try (Fixture fixture = serving(SEEN, "http", "2")) {
      assertThat(fixture.worker.probe("/").status()).isEqualTo(200);
    }
  }

  @Test
  void whatAnAppSaysOfItsConnectionIsLeftOut() throws Exception {
    BlockingApp app =
        _ ->
            new Response(
                200,
                Headers.of("Connection", "close", "X-Own", "1", "Transfer-Encoding", "chunked"),
                new Response.Body.Bytes(new byte[0]));
    try (Fixture fixture = serving(app);
        H2Client client = H2Client.to(fixture)) {
      assertThat(client.get(1, "/").answer(1).fields())
          .contains("x-own: 1")
          .noneMatch(line -> line.startsWith("connection") || line.startsWith("transfer"));
    }
  }
}
