package dev.arbiter.http.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.http.FixtureContext;
import dev.arbiter.http.RawClient;
import dev.arbiter.http.RawClient.Answer;
import dev.arbiter.worker.Traffic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a WebSocket's client may count on, whichever worker and whichever contract serves it. */
public abstract class WebSocketContract {
  private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";
  private static final String AGREED =
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

  /** Messages that may wait for an app. */
  private static final int QUEUE = 2;

  /** A worker with an app. */
  public interface Server extends AutoCloseable {
    RawClient connect() throws IOException;

    FixtureContext context();

    /** Connections the worker has not reported closed. */
    int open();

    Traffic traffic();

    void drain();

    @Override
    void close();
  }

  protected abstract Server serve(App app, String... settings) throws Exception;

  /** The most bytes that are read from a connection before it is known that it is enough. */
  protected int readAtOnce() {
    return 64 * 1024;
  }

  /** What the log calls that which carries a WebSocket. */
  protected String named() {
    return "The connection";
  }

  /** Of the tables, whose rows need no server of their own. */
  private static final WebSocketApps SHARED_APPS = new WebSocketApps();

  private static @Nullable Server shared;

  final WebSocketApps apps = new WebSocketApps();

  Server shared() throws Exception {
    Server running = shared;
    if (running == null) {
      running = serve(SHARED_APPS.app(true), "ws-max-size", "1000");
      shared = running;
    }
    return running;
  }

  @AfterAll
  static void closeShared() {
    if (shared != null) {
      shared.close();
      shared = null;
    }
  }

  Server serving(boolean blocking, String... settings) throws Exception {
    return serve(apps.app(blocking), settings);
  }

  static WebSocketClient client(Server server) throws IOException {
    return new WebSocketClient(server.connect());
  }

  static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("It did not come to pass.");
      }
      Thread.onSpinWait();
    }
  }

  private void awaitEnd(String end) {
    await(() -> !apps.ends.isEmpty());
    assertThat(apps.ends).containsExactly(end);
  }

  // ---- the app's answer

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void subprotocolAndHeadersOfTheApp(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server)) {
      Answer answer = client.ask("/sub", "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b");
      assertThat(answer.field("sec-websocket-protocol")).isEqualTo("b");
      assertThat(answer.field("x-more")).isEqualTo("1");
      assertThat(client.text("hi").shown()).isEqualTo("text hi");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void appThatChoosesWhatWasNotOfferedHasFailed(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server)) {
      assertThat(client.ask("/unoffered", "Sec-WebSocket-Protocol: a").status()).isEqualTo(500);
      assertThat(server.context().said).anyMatch(line -> line.contains("did not offer: z"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true,/no,401,not you",
    "false,/no,401,not you",
    "false,/refuses,403,403 Forbidden",
    "false,/ignores,403,403 Forbidden",
    "true,/throws,500,500 Internal Server Error",
    "false,/throws,500,500 Internal Server Error",
  })
  void refusalIsAnOrdinaryResponse(boolean blocking, String path, int status, String body)
      throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server)) {
      Answer answer = client.ask(path);
      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.body().strip()).isEqualTo(body);
      assertThat(answer.field("connection")).isEqualTo("close");
      assertThat(client.ended()).isEqualTo("end");
      assertThat(server.context().said.stream().anyMatch(line -> line.contains("on purpose")))
          .isEqualTo(status == 500);
    }
  }

  // ---- messages

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void messagesOfEverySizeComeBack(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/")) {
      for (int size : new int[] {0, 1, 125, 126, 127, 65535, 65536, 300_000}) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        client.send(WebSocketClient.frame(0x82, bytes));
        WebSocketClient.Frame back = client.next();
        assertThat(back.first()).isEqualTo(0x82);
        assertThat(back.payload()).isEqualTo(bytes);
        String text = "é".repeat(size / 2);
        assertThat(client.text(text).next().text()).isEqualTo(text);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void fragmentsWithAPingBetweenSentByteByByte(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/")) {
      byte[] euro = {(byte) 0xe2, (byte) 0x82, (byte) 0xac};
      byte[][] frames = {
        WebSocketClient.frame(0x01, Arrays.copyOf(euro, 2)),
        WebSocketClient.frame(0x89, "now"),
        WebSocketClient.frame(0x00, ""),
        WebSocketClient.frame(0x80, new byte[] {euro[2]}),
        WebSocketClient.frame(0x82, new byte[200]),
      };
      for (byte[] frame : frames) {
        for (byte b : frame) {
          client.send(new byte[] {b});
        }
      }
      assertThat(client.shown()).isEqualTo("pong now");
      assertThat(client.shown()).isEqualTo("text €");
      assertThat(client.shown()).isEqualTo("binary 200");
      for (byte b : WebSocketClient.close(3001, "done")) {
        client.send(new byte[] {b});
      }
      assertThat(client.shown()).isEqualTo("close 3001 ");
      assertThat(client.ended()).isEqualTo("end");
      awaitEnd("3001 done");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void manyMessagesKeepTheirOrder(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/")) {
      int count = 5000;
      Thread reader =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      for (int i = 0; i < count; i++) {
                        assertThat(client.shown()).isEqualTo("text " + i);
                      }
                      apps.ends.add("all");
                    } catch (IOException cut) {
                      apps.ends.add(cut.toString());
                    }
                  });
      for (int i = 0; i < count; i++) {
        client.text(Integer.toString(i));
      }
      reader.join();
      assertThat(apps.ends).containsExactly("all");
    }
  }

  // ---- compression

  static Stream<Arguments> offers() {
    return Stream.of(
        Arguments.of("permessage-deflate", AGREED),
        Arguments.of("permessage-deflate; client_max_window_bits", AGREED),
        Arguments.of("permessage-deflate; client_max_window_bits=\"10\"", AGREED),
        Arguments.of(
            "permessage-deflate; server_max_window_bits=15",
            AGREED + "; server_max_window_bits=15"),
        Arguments.of("permessage-deflate; server_max_window_bits=10", ""),
        Arguments.of("permessage-deflate; server_max_window_bits=10, permessage-deflate", AGREED),
        Arguments.of("permessage-deflate; server_no_context_takeover=1", ""),
        Arguments.of("permessage-deflate; client_max_window_bits=16", ""),
        Arguments.of("permessage-deflate; what", ""),
        Arguments.of("x-webkit-deflate-frame", ""));
  }

  @ParameterizedTest
  @MethodSource("offers")
  void compressionIsAgreedOn(String offer, String answer) throws Exception {
    try (WebSocketClient client = client(shared())) {
      assertThat(
              client
                  .ask("/", "Sec-WebSocket-Extensions: " + offer)
                  .field("sec-websocket-extensions"))
          .isEqualTo(answer);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void compressedMessagesComeBackCompressed(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/", DEFLATE)) {
      byte[] text = "all work and no play ".repeat(5000).getBytes(ISO_8859_1);
      byte[] packed = WebSocketClient.deflated(text);
      for (int round = 0; round < 3; round++) {
        // In three fragments, of which only the first says that the message is compressed.
        client.send(WebSocketClient.frame(0x41, Arrays.copyOf(packed, 10)));
        client.send(WebSocketClient.frame(0x00, Arrays.copyOfRange(packed, 10, 20)));
        client.send(WebSocketClient.frame(0x80, Arrays.copyOfRange(packed, 20, packed.length)));
        WebSocketClient.Frame back = client.next();
        assertThat(back.first()).isEqualTo(0xc1);
        assertThat(back.payload().length).isLessThan(text.length / 10);
        assertThat(WebSocketClient.inflated(back.payload())).isEqualTo(text);
      }
      assertThat(client.text("short").next().first()).isEqualTo(0x81);
      byte[] noise = new byte[5000];
      new Random(1).nextBytes(noise);
      client.send(WebSocketClient.frame(0xc2, WebSocketClient.deflated(noise)));
      WebSocketClient.Frame back = client.next();
      assertThat(back.first()).isEqualTo(0x82);
      assertThat(back.payload()).isEqualTo(noise);
    }
  }

  @Test
  void compressedMessageMayEndItsStream() throws Exception {
    try (Server server = serving(true);
        WebSocketClient client = client(server).open("/", DEFLATE)) {
      // RFC 7692 section 7.2.3.4.
      byte[] hello = {(byte) 0xf3, 0x48, (byte) 0xcd, (byte) 0xc9, (byte) 0xc9, 0x07, 0x00, 0x00};
      client.send(WebSocketClient.frame(0xc1, hello));
      assertThat(client.shown()).isEqualTo("text Hello");
    }
  }

  // ---- what is wrong

  static Stream<Arguments> wrong() {
    byte[] unmasked = {(byte) 0x81, 1, 'a'};
    byte[] longControl = WebSocketClient.frame(0x89, new byte[126]);
    byte[] negative = new byte[14];
    negative[0] = (byte) 0x82;
    negative[1] = (byte) 0xff;
    negative[2] = (byte) 0x80;
    byte[] wasteful = new byte[14];
    wasteful[0] = (byte) 0x82;
    wasteful[1] = (byte) 0xfe;
    wasteful[3] = 5;
    byte[] huge = new byte[14];
    huge[0] = (byte) 0x82;
    huge[1] = (byte) 0xff;
    huge[7] = 1;
    return Stream.of(
        Arguments.of("RSV1 without an extension", 1002, WebSocketClient.frame(0xc1, "a")),
        Arguments.of("RSV2", 1002, WebSocketClient.frame(0xa1, "a")),
        Arguments.of("RSV3", 1002, WebSocketClient.frame(0x91, "a")),
        Arguments.of("RSV in a control frame", 1002, WebSocketClient.frame(0xc9, "")),
        Arguments.of("opcode 3", 1002, WebSocketClient.frame(0x83, "a")),
        Arguments.of("opcode 11", 1002, WebSocketClient.frame(0x8b, "a")),
        Arguments.of("no mask", 1002, unmasked),
        Arguments.of("fragmented ping", 1002, WebSocketClient.frame(0x09, "a")),
        Arguments.of("long ping", 1002, longControl),
        Arguments.of("continuation of nothing", 1002, WebSocketClient.frame(0x80, "a")),
        Arguments.of(
            "message within a message",
            1002,
            join(WebSocketClient.frame(0x01, "a"), WebSocketClient.frame(0x81, "b"))),
        Arguments.of("length with highest bit", 1002, negative),
        Arguments.of("length in too many bytes", 1002, wasteful),
        Arguments.of("half a close code", 1002, WebSocketClient.frame(0x88, "a")),
        Arguments.of("close 999", 1002, WebSocketClient.close(999, "")),
        Arguments.of("close 1004", 1002, WebSocketClient.close(1004, "")),
        Arguments.of("close 1005", 1002, WebSocketClient.close(1005, "")),
        Arguments.of("close 1006", 1002, WebSocketClient.close(1006, "")),
        Arguments.of("close 1015", 1002, WebSocketClient.close(1015, "")),
        Arguments.of("close 2999", 1002, WebSocketClient.close(2999, "")),
        Arguments.of("close 5000", 1002, WebSocketClient.close(5000, "")),
        Arguments.of(
            "close reason that is no text",
            1007,
            WebSocketClient.frame(0x88, new byte[] {3, (byte) 0xe8, (byte) 0xff})),
        Arguments.of("no text", 1007, WebSocketClient.frame(0x81, new byte[] {(byte) 0xc0})),
        Arguments.of(
            "surrogate in fragments",
            1007,
            join(
                WebSocketClient.frame(0x01, new byte[] {(byte) 0xed}),
                WebSocketClient.frame(0x00, new byte[] {(byte) 0xa0}))),
        Arguments.of(
            "unfinished character",
            1007,
            WebSocketClient.frame(0x81, new byte[] {'a', (byte) 0xe2, (byte) 0x82})),
        Arguments.of("announced longer than the limit", 1009, huge),
        Arguments.of("longer than the limit", 1009, WebSocketClient.frame(0x82, new byte[1001])),
        Arguments.of(
            "longer in fragments",
            1009,
            join(
                WebSocketClient.frame(0x02, new byte[900]),
                WebSocketClient.frame(0x00, new byte[101]))));
  }

  private static byte[] join(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  /** Whether one of its WebSockets ended so; each counts once. */
  private static boolean sharedAppSaw(String code) {
    return SHARED_APPS.ends.stream()
        .filter(end -> end.startsWith(code))
        .findFirst()
        .map(SHARED_APPS.ends::remove)
        .orElse(false);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("wrong")
  void wrongFramesCloseWithTheirCode(String what, int code, byte[] frames) throws Exception {
    Server server = shared();
    try (WebSocketClient client = client(server).open("/")) {
      client.text("before");
      assertThat(client.shown()).isEqualTo("text before");
      client.send(frames);
      assertThat(client.next().code()).as(what).isEqualTo(code);
      assertThat(client.ended()).isEqualTo("end");
      await(() -> sharedAppSaw(Integer.toString(code)));
      assertThat(server.context().said).noneMatch(line -> line.startsWith("error"));
    }
  }

  @Test
  void compressedMessageIsMeasuredAsItGrows() throws Exception {
    byte[] bomb = WebSocketClient.deflated(new byte[2_000_000]);
    assertThat(bomb.length).isLessThan(3000);
    for (int first : new int[] {0xc1, 0xc2}) {
      try (WebSocketClient client = client(shared()).open("/", DEFLATE)) {
        client.send(WebSocketClient.frame(first, bomb));
        assertThat(client.next().code()).isEqualTo(1009);
        assertThat(client.ended()).isEqualTo("end");
        await(() -> sharedAppSaw("1009"));
      }
    }
  }

  @Test
  void compressedNonsenseIsBadData() throws Exception {
    try (Server server = serving(true);
        WebSocketClient client = client(server).open("/", DEFLATE)) {
      client.send(WebSocketClient.frame(0xc1, new byte[] {-1, -1, -1, -1}));
      assertThat(client.next().code()).isEqualTo(1007);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void appThatFailsClosesWith1011(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/fails")) {
      assertThat(client.text("x").shown()).isEqualTo("close 1011 ");
      client.send(WebSocketClient.close(1011, ""));
      assertThat(client.ended()).isEqualTo("end");
      await(
          () ->
              server.context().said.stream()
                  .anyMatch(line -> line.startsWith("error") && line.contains("on purpose")));
    }
  }

  // ---- the end

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void appCloses(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/closes")) {
      assertThat(client.text("x").shown()).isEqualTo("text last");
      assertThat(client.shown()).isEqualTo("close 4000 enough");
      client.text("too late").send(WebSocketClient.close(4000, ""));
      assertThat(client.ended()).isEqualTo("end");
      awaitEnd("4000 enough");
      await(() -> server.open() == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void appThatReturnsCloses(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/returns")) {
      assertThat(client.shown()).isEqualTo("text only");
      assertThat(client.shown()).isEqualTo("close 1000 ");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clientCloses(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/")) {
      client.send(WebSocketClient.frame(0x88, ""));
      assertThat(client.shown()).isEqualTo("close");
      assertThat(client.ended()).isEqualTo("end");
      awaitEnd("1005");
      await(() -> server.open() == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clientThatVanishesIsGone(boolean blocking) throws Exception {
    try (Server server = serving(blocking)) {
      WebSocketClient client = client(server).open("/");
      assertThat(client.text("x").shown()).isEqualTo("text x");
      client.close();
      awaitEnd("1006");
      await(() -> server.open() == 0);
      assertThat(server.context().said).noneMatch(line -> line.startsWith("error"));
    }
  }

  /** Again and again: its connection becomes a WebSocket before or after the end is seen. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clientThatEndsItsSideBehindTheHandshakeIsGoneWithoutAWord(boolean blocking)
      throws Exception {
    int times = 50;
    try (Server server = serving(blocking)) {
      for (int i = 0; i < times; i++) {
        byte[] handshake = WebSocketClient.handshake("/listens").getBytes(ISO_8859_1);
        byte[] text = WebSocketClient.frame(0x81, "x");
        byte[] both = Arrays.copyOf(handshake, handshake.length + text.length);
        System.arraycopy(text, 0, both, handshake.length, text.length);
        try (WebSocketClient client = client(server)) {
          client.send(both).raw().shutdownOutput();
          client.raw().rest();
        }
      }
      await(() -> server.open() == 0 && apps.ends.size() == 2 * times);
      assertThat(apps.ends).containsOnly("x", "1006");
      assertThat(server.context().said)
          .noneMatch(line -> line.startsWith("error") || line.startsWith("warning"));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void workerThatLeavesClosesWith1012(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/")) {
      server.drain();
      assertThat(client.shown()).isEqualTo("close 1012 service restart");
      client.send(WebSocketClient.close(1012, ""));
      assertThat(client.ended()).isEqualTo("end");
      awaitEnd("1012 service restart");
      await(() -> server.open() == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clientThatDoesNotAnswerACloseIsCutAndNamed(boolean blocking) throws Exception {
    String[] settings = {"stream-drain-timeout", "1000", "log-level", "debug"};
    try (Server server = serving(blocking, settings);
        WebSocketClient client = client(server).open("/listens")) {
      server.drain();
      assertThat(client.shown()).isEqualTo("close 1012 service restart");
      client.text("what was on its way");
      assertThat(client.ended()).isEqualTo("end");
      await(() -> apps.ends.size() == 2);
      assertThat(apps.ends).containsExactly("what was on its way", "1012 service restart");
      await(() -> server.open() == 0);
      assertNamed(server, "no Close came back within --stream-drain-timeout");
    }
  }

  @Test
  void connectionLastsUntilItsHandlerHasTidiedUp() throws Exception {
    try (Server server = serving(true);
        WebSocketClient client = client(server).open("/tidies")) {
      server.drain();
      assertThat(client.shown()).isEqualTo("close 1012 service restart");
      client.send(WebSocketClient.close(1012, ""));
      assertThat(client.ended()).isEqualTo("end");
      awaitEnd("1012 service restart");
      assertThat(server.open()).isEqualTo(1);
      apps.release.countDown();
      await(() -> server.open() == 0);
    }
  }

  // ---- pings

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clientThatAnswersNoPingIsClosedWith1011AndNamed(boolean blocking) throws Exception {
    String[] settings = {"ws-ping-interval", "100", "ws-ping-timeout", "800", "log-level", "debug"};
    try (Server server = serving(blocking, settings);
        WebSocketClient client = client(server).open("/")) {
      for (int i = 0; i < 3; i++) {
        WebSocketClient.Frame ping = client.next();
        assertThat(ping.first()).isEqualTo(0x89);
        client.send(WebSocketClient.frame(0x8a, ping.payload()));
      }
      assertThat(client.next().first()).isEqualTo(0x89);
      client.send(WebSocketClient.frame(0x8a, "of its own accord"));
      assertThat(client.shown()).isEqualTo("close 1011 no pong in time");
      awaitEnd("1011 no pong in time");
      assertNamed(server, "no pong came within --ws-ping-timeout");
    }
  }

  private void assertNamed(Server server, String limit) {
    assertThat(server.context().said)
        .filteredOn(line -> line.contains(" is ended: "))
        .singleElement()
        .asString()
        .startsWith("debug: " + named() + " from 127.0.0.1:")
        .endsWith(" is ended: " + limit + ".");
  }

  // ---- limits that are those of requests

  /**
   * Other clients show that the time is over: each asks for nothing more, and is ended when its
   * keep-alive, as long as any of the limits, has passed.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itOutlivesTheLimitsOfARequest(boolean blocking) throws Exception {
    String[] settings = {
      "keep-alive", "200",
      "header-timeout", "200",
      "body-timeout", "200",
      "request-timeout", "200",
      "slow-request-timeout", "200",
      "ws-ping-interval", "0",
      "log-level", "debug"
    };
    int others = 3;
    try (Server server = serving(blocking, settings);
        WebSocketClient client = client(server).open("/")) {
      assertThat(client.text("before").shown()).isEqualTo("text before");
      for (int i = 0; i < others; i++) {
        try (RawClient other = server.connect()) {
          assertThat(other.get("/plain").status()).isEqualTo(200);
          assertThat(other.ended()).isTrue();
        }
      }
      assertThat(server.traffic().overdue()).isZero();
      assertThat(client.text("after").shown()).isEqualTo("text after");
      assertThat(server.context().slow).isEmpty();
      assertThat(server.context().said)
          .filteredOn(line -> !line.startsWith("phase: "))
          .hasSize(others)
          .allMatch(line -> line.endsWith(" is ended: no further request within --keep-alive."));
    }
  }

  // ---- what an app does wrong

  @Test
  void aMessageBeforeItHasAcceptedFailsItsStage() throws Exception {
    try (Server server = serving(false);
        WebSocketClient client = client(server).open("/early")) {
      assertThat(client.shown())
          .isEqualTo("text The app erred: it sent a message before it accepted");
      assertThat(client.shown()).isEqualTo("close 1000 ");
    }
  }

  // ---- back-pressure

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clientThatDoesNotReadIsCutAndNamed(boolean blocking) throws Exception {
    try (Server server = serving(blocking, "write-timeout", "200", "log-level", "debug");
        WebSocketClient client = client(server)) {
      client.open("/flood");
      await(
          () ->
              server.context().said.stream()
                  .anyMatch(line -> line.startsWith("debug") && line.contains("--write-timeout")));
      awaitEnd("flood failed");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clientThatLeavesInTheMidstOfAMessageIsNotWaitedFor(boolean blocking) throws Exception {
    try (Server server = serving(blocking)) {
      try (WebSocketClient client = client(server)) {
        client.open("/flood");
        awaitStill(apps.sent::get);
      }
      awaitEnd("flood failed");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void appWaitsForAClientThatDoesNotRead(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server).open("/flood")) {
      // What fits between the two: socket buffers and the worker's own, a few megabytes of sixteen.
      awaitStill(apps.sent::get);
      assertThat(apps.sent.get()).isLessThan(WebSocketApps.FLOOD - 4);
      for (int i = 0; i < WebSocketApps.FLOOD; i++) {
        assertThat(client.next().payload()).hasSize(WebSocketApps.BIG.length);
      }
      assertThat(client.shown()).isEqualTo("close 1000 ");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void anAsyncAppThatDoesNotWaitIsRefusedWhatIsTooMuch(int queue) throws Exception {
    try (Server server = serving(false, "ws-max-queue", "" + queue);
        WebSocketClient client = client(server).open("/hurries")) {
      assertThat(apps.refused.get(10, TimeUnit.SECONDS)).contains("did not wait for room");
      assertThat(apps.accepted.get()).isGreaterThanOrEqualTo(queue);
      // Beside those in the queue, one may be written in part.
      assertThat(apps.unsent.get()).isLessThanOrEqualTo(queue + 1);
      for (int i = 0; i < apps.accepted.get(); i++) {
        assertThat(client.next().payload()).hasSize(WebSocketApps.BIG.length);
      }
      assertThat(client.shown()).as("what was refused is not sent").isEqualTo("text all sent");
      assertThat(client.shown()).isEqualTo("close 1000 ");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void clientWaitsForAnAppThatDoesNotReceive(boolean blocking) throws Exception {
    try (Server server = serving(blocking, "ws-max-queue", "" + QUEUE);
        WebSocketClient client = client(server).open("/late")) {
      byte[] frame = WebSocketClient.frame(0x82, new byte[100_000]);
      long[] taken = {0};
      awaitStill(
          () -> {
            try {
              int left = frame.length - (int) (taken[0] % frame.length);
              taken[0] +=
                  client
                      .raw()
                      .trySend(Arrays.copyOfRange(frame, frame.length - left, frame.length));
              return taken[0];
            } catch (IOException cut) {
              throw new AssertionError(cut);
            }
          });
      // Of what was taken, all but that stays with the system: the messages that may wait for the
      // app, and what was read along with the end of the last of them.
      long full = (long) QUEUE * frame.length;
      AtomicLong held = new AtomicLong(); // looked at once: what moves is less for a moment
      await(() -> held.updateAndGet(_ -> taken[0] - queued(client.raw())) >= full);
      assertThat(held.get()).isBetween(full, full + readAtOnce());
      apps.release.countDown();
      apps.released.complete(null);
      for (long i = 0; i < taken[0] / frame.length; i++) {
        assertThat(client.shown()).isEqualTo("binary 100000");
      }
    }
  }

  /**
   * What the system keeps of a connection's bytes, unread or unsent, at both of its ends (proc(5)).
   * The sender's end is looked at first: what moves meanwhile counts twice rather than not at all.
   */
  private static long queued(RawClient client) {
    try {
      String end = String.format(":%04X", client.port());
      long bytes = 0;
      for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
        for (String line : Files.readAllLines(Path.of(table))) {
          String[] columns = line.strip().split("\\s+");
          if (columns[1].endsWith(end) || columns[2].endsWith(end)) {
            String[] queues = columns[4].split(":");
            bytes += Long.parseLong(queues[0], 16) + Long.parseLong(queues[1], 16);
          }
        }
      }
      return bytes;
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Waits until a number that only grows has not grown for 150 ms. */
  private static void awaitStill(java.util.function.LongSupplier number) {
    long last = number.getAsLong();
    long since = System.nanoTime();
    while (System.nanoTime() - since < TimeUnit.MILLISECONDS.toNanos(150)) {
      long now = number.getAsLong();
      if (now != last) {
        last = now;
        since = System.nanoTime();
      }
      Thread.onSpinWait();
    }
  }
}
