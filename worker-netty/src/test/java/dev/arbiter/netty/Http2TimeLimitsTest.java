package dev.arbiter.netty;

import static dev.arbiter.netty.H2Client.CONTINUATION;
import static dev.arbiter.netty.H2Client.END_HEADERS;
import static dev.arbiter.netty.H2Client.END_STREAM;
import static dev.arbiter.netty.H2Client.GOAWAY;
import static dev.arbiter.netty.H2Client.HEADERS;
import static dev.arbiter.netty.H2Client.RST_STREAM;
import static dev.arbiter.netty.H2Client.SETTINGS;
import static dev.arbiter.netty.H2Client.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.netty.H2Client.Frame;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The time limits over HTTP/2: the answer that each has, and its word in the log. */
@Timeout(30)
class Http2TimeLimitsTest {
  private static final int NO_ERROR = 0;
  private static final int CANCEL = 8;
  private static final BlockingApp LARGE = _ -> Response.text("x".repeat(64 << 20));

  private static Fixture impatient(App app, String limit, String... more) throws Exception {
    String[] settings = {
      "h2c", "prior-knowledge", "log-level", "debug", "stream-drain-timeout", "100", limit, "200"
    };
    String[] all = Arrays.copyOf(settings, settings.length + more.length);
    System.arraycopy(more, 0, all, settings.length, more.length);
    return Fixture.serving(app, all);
  }

  private static void awaitSaid(Fixture fixture, String what, String why) {
    Fixture.await(() -> fixture.said(why));
    assertThat(fixture.context.said)
        .filteredOn(line -> line.contains(" is ended: "))
        .singleElement()
        .asString()
        .startsWith("debug: " + what + " from 127.0.0.1:")
        .endsWith(" is ended: " + why + ".");
  }

  private static void assertToldToGo(H2Client client, int lastStream) throws Exception {
    Frame first = client.next(GOAWAY);
    assertThat(first.number(0)).isEqualTo(Integer.MAX_VALUE);
    assertThat(first.number(4)).isEqualTo(NO_ERROR);
    Frame last = client.next(GOAWAY);
    assertThat(last.number(0)).isEqualTo(lastStream);
    assertThat(last.number(4)).isEqualTo(NO_ERROR);
    assertThat(client.ended()).isTrue();
  }

  @Test
  void aClientThatAsksForNothing() throws Exception {
    try (Fixture fixture = impatient(Apps.PATH, "header-timeout");
        H2Client client = H2Client.to(fixture)) {
      assertToldToGo(client, 0);
      awaitSaid(fixture, "The connection", "no request began within --header-timeout");
    }
  }

  /**
   * Half of its frame, or a frame that others are to continue: nothing else can come before the
   * rest of it (RFC 9113 section 6.10). The limit is the same as in HTTP/1.1 for a later one.
   */
  @ParameterizedTest
  @CsvSource({"frame,0", "frame,1", "block,0", "block,1"})
  void aClientThatSaysHalfAHead(String half, int before) throws Exception {
    try (Fixture fixture = impatient(Apps.PATH, "header-timeout", "keep-alive", "60000");
        H2Client client = H2Client.to(fixture)) {
      if (before > 0) {
        client.get(1, "/").answer(1);
      }
      int stream = 2 * before + 1;
      byte[] block = client.block(":method", "GET", ":scheme", "http");
      byte[] frame = H2Client.bytes(HEADERS, 0, stream, block);
      client.raw().send(half.equals("frame") ? Arrays.copyOf(frame, frame.length - 1) : frame);
      assertToldToGo(client, before);
      awaitSaid(
          fixture, "The connection", "a request's head was not complete within --header-timeout");
    }
  }

  @Test
  void aHeadThatBecomesCompleteInTimeIsAnsweredHoweverShortTheKeepAlive() throws Exception {
    try (Fixture fixture = impatient(Apps.PATH, "keep-alive", "header-timeout", "60000");
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/").answer(1);
      client.frame(HEADERS, END_STREAM, 3, client.block(":method", "GET", ":scheme", "http"));
      long half = System.nanoTime();
      Fixture.await(() -> System.nanoTime() - half > Duration.ofMillis(600).toNanos());
      byte[] rest = client.block(":authority", "a", ":path", "/late");
      assertThat(client.frame(CONTINUATION, END_HEADERS, 3, rest).answer(3).status())
          .isEqualTo(200);
    }
  }

  @Test
  void aClientThatAsksForNoMore() throws Exception {
    try (Fixture fixture = impatient(Apps.PATH, "keep-alive");
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/").answer(1);
      assertToldToGo(client, 1);
      awaitSaid(fixture, "The connection", "no further request within --keep-alive");
    }
  }

  @Test
  void aBodyThatStops() throws Exception {
    try (Fixture fixture = impatient(Apps.READER, "body-timeout");
        H2Client client = H2Client.to(fixture)) {
      H2Client.Answer answer = client.post(1, "/").data(1, "half", false).answer(1);
      assertThat(answer.status()).isEqualTo(408);
      assertThat(answer.body()).contains("request body");
      Frame reset = client.next(RST_STREAM);
      assertThat(reset.stream()).isEqualTo(1);
      assertThat(reset.number(0)).isEqualTo(NO_ERROR);
      awaitSaid(
          fixture, "An HTTP/2 stream", "a request's body made no progress for --body-timeout");
      assertThat(client.post(3, "/").data(3, "all", true).answer(3).status())
          .as("another stream of the connection")
          .isEqualTo(200);
    }
  }

  @Test
  void aBodyThatNobodyReadsAndThatStops() throws Exception {
    try (Fixture fixture = impatient(Apps.PATH, "body-timeout");
        H2Client client = H2Client.to(fixture)) {
      assertThat(client.post(1, "/", "content-length", "9").answer(1).status()).isEqualTo(200);
      assertThat(client.next(RST_STREAM).number(0)).isEqualTo(NO_ERROR);
      awaitSaid(
          fixture, "An HTTP/2 stream", "a request's body made no progress for --body-timeout");
    }
  }

  @Test
  void aStreamThatIsNotRead() throws Exception {
    try (Fixture fixture = impatient(LARGE, "write-timeout");
        H2Client client = H2Client.to(fixture)) {
      Frame reset = client.get(1, "/").next(RST_STREAM);
      assertThat(reset.number(0)).isEqualTo(CANCEL);
      awaitSaid(
          fixture, "An HTTP/2 stream", "the client read nothing of a response for --write-timeout");
      assertThat(fixture.open.get()).as("the connection goes on").isEqualTo(1);
    }
  }

  /** What fits has gone out, and the app waits for room: nothing is queued that could be late. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1000, 16_384, 32_768})
  void aStreamWhoseWindowIsUsedUp(int window) throws Exception {
    try (Fixture fixture =
            impatient((BlockingApp) _ -> Response.text("x".repeat(100_000)), "write-timeout");
        H2Client client = H2Client.to(fixture)) {
      client.frame(SETTINGS, 0, 0, initialWindow(window));
      assertThat(client.get(1, "/").next(RST_STREAM).number(0)).isEqualTo(CANCEL);
      awaitSaid(
          fixture, "An HTTP/2 stream", "the client read nothing of a response for --write-timeout");
    }
  }

  /** However long the worker has been there. */
  @Test
  void aStreamThatWaitsFromItsBeginningHasAllOfItsTime() throws Exception {
    try (Fixture fixture =
            impatient((BlockingApp) _ -> Response.text("x".repeat(100_000)), "write-timeout");
        H2Client client = H2Client.to(fixture)) {
      client.frame(SETTINGS, 0, 0, initialWindow(0));
      client.get(1, "/").next(RST_STREAM);
      long asked = System.nanoTime();
      client.get(3, "/").next(RST_STREAM);
      assertThat(Duration.ofNanos(System.nanoTime() - asked)).isGreaterThan(Duration.ofMillis(190));
    }
  }

  private static byte[] initialWindow(int size) {
    return ByteBuffer.allocate(6).putShort((short) 4).putInt(size).array();
  }

  /** Its windows are wide open, and it does not read from its socket. */
  @Test
  void aConnectionThatIsNotRead() throws Exception {
    try (Fixture fixture = impatient(LARGE, "write-timeout");
        H2Client client = H2Client.to(fixture)) {
      client.frame(SETTINGS, 0, 0, initialWindow(Integer.MAX_VALUE));
      client.frame(WINDOW_UPDATE, 0, 0, H2Client.number(Integer.MAX_VALUE - 65_535));
      client.get(1, "/");
      Fixture.await(() -> fixture.open.get() == 0);
      awaitSaid(
          fixture, "The connection", "the client read nothing of a response for --write-timeout");
      assertThat(fixture.inFlightAtEnds).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1000, 65_535})
  void aWebSocketThatIsNotRead(int window) throws Exception {
    BlockingApp app =
        _ ->
            Response.webSocket(
                socket -> {
                  for (int i = 0; i < 64; i++) {
                    socket.sendBinary(ByteBuffer.allocate(1 << 20));
                  }
                });
    try (Fixture fixture = impatient(app, "write-timeout");
        H2Client client = H2Client.to(fixture)) {
      client.frame(SETTINGS, 0, 0, initialWindow(window));
      client.webSocket(1, "/");
      assertThat(client.next(RST_STREAM).number(0)).isEqualTo(CANCEL);
      awaitSaid(
          fixture, "An HTTP/2 stream", "the client read nothing of a response for --write-timeout");
    }
  }
}
