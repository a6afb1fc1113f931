package dev.arbiter.netty;

import static dev.arbiter.netty.H2Client.ACK;
import static dev.arbiter.netty.H2Client.CONTINUATION;
import static dev.arbiter.netty.H2Client.DATA;
import static dev.arbiter.netty.H2Client.END_HEADERS;
import static dev.arbiter.netty.H2Client.END_STREAM;
import static dev.arbiter.netty.H2Client.GOAWAY;
import static dev.arbiter.netty.H2Client.HEADERS;
import static dev.arbiter.netty.H2Client.PING;
import static dev.arbiter.netty.H2Client.PRIORITY;
import static dev.arbiter.netty.H2Client.RST_STREAM;
import static dev.arbiter.netty.H2Client.SETTINGS;
import static dev.arbiter.netty.H2Client.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that only keep the server busy are sent away, and told of once; those that do as much as
 * is free are not. A row for each kind of frame that docs/http2.md names.
 */
@Timeout(60)
class Http2FloodTest {
  private static final int ENHANCE_YOUR_CALM = 11;
  private static final int PROTOCOL_ERROR = 1;

  /** The most that a frame may hold, as nobody has agreed on more. */
  private static final int FRAME = 16_384;

  private static final int NO_WINDOW = 0x7fffffff;
  private static final byte[] ALIVE = {'a', 'l', 'i', 'v', 'e', '?', 0, 0};
  private static final byte[] NOTHING = {};

  /** Of {@link FloodGuard#IDLE_FRAMES}: the client's first SETTINGS, and the PING of the test. */
  private static final int FREE = FloodGuard.IDLE_FRAMES - 2;

  /** The same where a request has paid for the SETTINGS. */
  private static final int FREE_AFTER_REQUEST = FloodGuard.IDLE_FRAMES - 1;

  /** What is sent, again and again; how often it is free; and how the log names what there was. */
  enum Flood {
    PINGS(FREE, "the last PING") {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(PING, 0, 0, new byte[8]);
      }
    },
    ANSWERS_TO_NO_PING(FREE, "the last PING") {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(PING, ACK, 0, new byte[8]);
      }
    },
    SETTINGS_WITHOUT_END(FREE, "the last SETTINGS") {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(SETTINGS, 0, 0);
      }
    },
    ANSWERS_TO_NO_SETTINGS(FREE, "the last SETTINGS") {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(SETTINGS, ACK, 0);
      }
    },
    PRIORITIES(FREE, "the last PRIORITY") {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(PRIORITY, 0, 9, new byte[] {0, 0, 0, 0, 16});
      }
    },
    WINDOW_OF_THE_CONNECTION(FREE, "the last WINDOW_UPDATE") {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(WINDOW_UPDATE, 0, 0, H2Client.number(1));
      }
    },
    WINDOW_OF_A_STREAM(FREE_AFTER_REQUEST, "the last WINDOW_UPDATE") {
      @Override
      byte[] first(H2Client client) throws Exception {
        return request(client, 1, END_STREAM);
      }

      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(WINDOW_UPDATE, 0, 1, H2Client.number(1));
      }
    },
    GOAWAYS(FREE, "the last GOAWAY") {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(GOAWAY, 0, 0, new byte[8]);
      }
    },
    UNKNOWN_TYPES(FREE, "the last of unknown type") {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(0x10 + i % 0xe0, 0, 0);
      }
    },
    EMPTY_DATA(FREE_AFTER_REQUEST, "the last DATA") {
      @Override
      byte[] first(H2Client client) throws Exception {
        return request(client, 1, 0);
      }

      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(DATA, 0, 1);
      }
    },
    /** RFC 9113 section 6.1: there is nothing in it but what is to be thrown away. */
    PADDING(FREE_AFTER_REQUEST, "the last DATA") {
      @Override
      byte[] first(H2Client client) throws Exception {
        return request(client, 1, 0);
      }

      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(DATA, PADDED, 1, new byte[] {3, 0, 0, 0});
      }
    },
    /** The second has its stream reset, the others are for that. */
    TRAILERS_AGAIN_AND_AGAIN(FREE_AFTER_REQUEST, "the last for streams that were reset") {
      @Override
      byte[] first(H2Client client) throws Exception {
        byte[] trailers = next(client, 0);
        return join(request(client, 1, 0), trailers, trailers);
      }

      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(HEADERS, END_HEADERS | END_STREAM, 1);
      }
    },
    /** CVE-2019-9518: each on a stream of its own. */
    EMPTY_HEADERS(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1);
      }
    },
    DATA_FOR_A_RESET_STREAM(FREE_AFTER_REQUEST - 1, "the last for streams that were reset") {
      @Override
      byte[] first(H2Client client) throws Exception {
        return join(request(client, 1, 0), noIncrement(1));
      }

      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(DATA, 0, 1, new byte[1]);
      }
    },
    RESETS_OF_A_RESET_STREAM(FREE_AFTER_REQUEST - 1, "the last RST_STREAM") {
      @Override
      byte[] first(H2Client client) throws Exception {
        return join(request(client, 1, 0), noIncrement(1));
      }

      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(RST_STREAM, 0, 1, H2Client.number(8));
      }
    },
    REFUSED_STREAMS(FREE_AFTER_REQUEST, "the last for more streams than are allowed") {
      @Override
      byte[] first(H2Client client) throws Exception {
        return request(client, 1, 0);
      }

      @Override
      byte[] next(H2Client client, int i) throws Exception {
        return request(client, 2 * i + 3, 0);
      }
    },
    DATA_FOR_A_REFUSED_STREAM(FREE_AFTER_REQUEST - 1, "the last for streams that were reset") {
      @Override
      byte[] first(H2Client client) throws Exception {
        return join(request(client, 1, 0), request(client, 3, 0));
      }

      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(DATA, 0, 3, new byte[1]);
      }
    },
    /** CVE-2023-44487. */
    RESET_BY_THE_CLIENT(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        int stream = 2 * i + 1;
        byte[] reset = H2Client.bytes(RST_STREAM, 0, stream, H2Client.number(8));
        return join(request(client, stream, END_STREAM), reset);
      }
    },
    // CVE-2025-8671: the client has the server reset them; all ways that there are.
    MADE_RESET_BY_A_WINDOW_OF_NOTHING(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        return join(request(client, 2 * i + 1, 0), noIncrement(2 * i + 1));
      }
    },
    MADE_RESET_BY_A_WINDOW_TOO_LARGE(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        int stream = 2 * i + 1;
        return join(
            request(client, stream, 0),
            H2Client.bytes(WINDOW_UPDATE, 0, stream, H2Client.number(NO_WINDOW)));
      }
    },
    MADE_RESET_BY_HEADERS_AFTER_THE_END(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        int stream = 2 * i + 1;
        return join(
            request(client, stream, END_STREAM),
            H2Client.bytes(HEADERS, END_HEADERS | END_STREAM, stream));
      }
    },
    MADE_RESET_BY_HEADERS_THAT_DO_NOT_END_IT(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        int stream = 2 * i + 1;
        return join(request(client, stream, 0), H2Client.bytes(HEADERS, END_HEADERS, stream));
      }
    },
    MADE_RESET_BY_DATA_AFTER_THE_END(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        int stream = 2 * i + 1;
        return join(
            request(client, stream, END_STREAM), H2Client.bytes(DATA, 0, stream, new byte[1]));
      }
    },
    MADE_RESET_BY_A_PRIORITY_OF_ITSELF(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        int stream = 2 * i + 1;
        byte[] itself = {0, 0, (byte) (stream >> 8), (byte) stream, 16};
        return join(request(client, stream, 0), H2Client.bytes(PRIORITY, 0, stream, itself));
      }
    },
    MADE_RESET_BY_A_PRIORITY_TOO_SHORT(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        int stream = 2 * i + 1;
        return join(request(client, stream, 0), H2Client.bytes(PRIORITY, 0, stream, new byte[4]));
      }
    },
    MADE_RESET_BY_A_BODY_TOO_LONG(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        int stream = 2 * i + 1;
        return join(
            request(client, stream, 0, "content-length", "1"),
            H2Client.bytes(DATA, 0, stream, new byte[2]));
      }
    },
    MADE_RESET_BY_A_MALFORMED_REQUEST(FloodGuard.RESETS, "streams were reset") {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        return request(client, 2 * i + 1, END_STREAM, "Capital", "1");
      }
    };

    private static final int PADDED = 8;

    private final int free;
    private final String told;

    Flood(int free, String told) {
      this.free = free;
      this.told = told;
    }

    byte[] first(H2Client client) throws Exception {
      return NOTHING;
    }

    abstract byte[] next(H2Client client, int i) throws Exception;

    static byte[] request(H2Client client, int stream, int flags, String... more) throws Exception {
      return H2Client.bytes(HEADERS, END_HEADERS | flags, stream, head(client, more));
    }

    static byte[] noIncrement(int stream) {
      return H2Client.bytes(WINDOW_UPDATE, 0, stream, H2Client.number(0));
    }

    static byte[] join(byte[]... frames) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (byte[] frame : frames) {
        all.writeBytes(frame);
      }
      return all.toByteArray();
    }
  }

  private static byte[] head(H2Client client, String... more) throws Exception {
    String[] fields = {":method", "POST", ":scheme", "http", ":authority", "a", ":path", "/"};
    return Flood.join(client.block(fields), client.block(more));
  }

  /** One stream at a time where streams are refused; else as many as a flood needs at once. */
  private static Fixture serving(Flood flood) throws Exception {
    CompletableFuture<Void> never = new CompletableFuture<>();
    AsyncApp app = (_, _, _) -> never;
    String streams = flood.name().contains("REFUSED") ? "1" : "100";
    return Fixture.serving(app, "h2c", "prior-knowledge", "h2-max-concurrent-streams", streams);
  }

  private static void assertAlive(H2Client client) throws Exception {
    client.frame(PING, 0, 0, ALIVE);
    while (true) {
      H2Client.Frame frame = client.any();
      assertThat(frame.type()).isNotEqualTo(GOAWAY);
      if (frame.type() == PING && frame.number(0) == 0x616c6976) {
        return;
      }
    }
  }

  private static void assertSentAway(Fixture fixture, H2Client client, String told)
      throws Exception {
    assertThat(client.next(GOAWAY).number(4)).isEqualTo(ENHANCE_YOUR_CALM);
    assertThat(client.ended()).isTrue();
    Fixture.await(() -> fixture.open.get() == 0);
    assertThat(fixture.context.said)
        .filteredOn(line -> line.contains("HTTP/2 connection"))
        .singleElement()
        .asString()
        .startsWith("warning: The HTTP/2 connection from 127.0.0.1:")
        .contains(" is ended: ", told);
  }

  @ParameterizedTest
  @EnumSource
  void whatIsFreeDoesNotEndTheConnectionAndAFloodDoes(Flood flood) throws Exception {
    try (Fixture fixture = serving(flood);
        H2Client client = H2Client.to(fixture)) {
      ByteArrayOutputStream free = new ByteArrayOutputStream();
      free.writeBytes(flood.first(client));
      for (int i = 0; i < flood.free; i++) {
        free.writeBytes(flood.next(client, i));
      }
      client.raw().send(free.toByteArray());
      assertAlive(client);
      assertThat(fixture.said(" is ended: ")).isFalse();
      ByteArrayOutputStream excess = new ByteArrayOutputStream();
      for (int i = 0; i < FloodGuard.IDLE_FRAMES; i++) {
        excess.writeBytes(flood.next(client, flood.free + i));
      }
      client.raw().send(excess.toByteArray());
      assertSentAway(fixture, client, flood.told);
    }
  }

  /** The count is of each head; its HEADERS is one of them, and so is the last, which ends it. */
  @Test
  void soManySmallContinuationsOfAHeadAreFreeAndMoreAreAFlood() throws Exception {
    try (Fixture fixture = serving(Flood.PINGS);
        H2Client client = H2Client.to(fixture)) {
      for (int stream = 1; stream <= 5; stream += 2) {
        client.raw().send(continued(client, stream, H2Parts.SMALL_CONTINUATIONS - 1, true));
      }
      assertAlive(client);
      assertThat(fixture.said(" is ended: ")).isFalse();
      client.raw().send(continued(client, 7, H2Parts.SMALL_CONTINUATIONS, false));
      assertSentAway(fixture, client, "small consecutive continuations");
    }
  }

  /** Those that hold nothing at all would never come to an end, and cost next to nothing. */
  @Test
  void soItIsOfEmptyOnes() throws Exception {
    try (Fixture fixture = serving(Flood.PINGS);
        H2Client client = H2Client.to(fixture)) {
      ByteArrayOutputStream frames = new ByteArrayOutputStream();
      frames.writeBytes(H2Client.bytes(HEADERS, END_STREAM, 1, head(client)));
      for (int i = 1; i < H2Parts.SMALL_CONTINUATIONS - 1; i++) {
        frames.writeBytes(H2Client.bytes(CONTINUATION, 0, 1));
      }
      client.raw().send(frames.toByteArray());
      // In the midst of a head no PING may be sent: that it is not over yet shows by its end.
      client.frame(CONTINUATION, END_HEADERS, 1);
      assertAlive(client);
      assertThat(fixture.said(" is ended: ")).isFalse();
      client.frame(HEADERS, END_STREAM, 3, head(client));
      for (int i = 0; i < H2Parts.SMALL_CONTINUATIONS; i++) {
        client.frame(CONTINUATION, 0, 3);
      }
      assertSentAway(fixture, client, "small consecutive continuations");
    }
  }

  /**
   * A head without an end (CVE-2024-27919 and its like), in frames that are as large as may be.
   * What has come of it is kept up to a quarter beyond what the list may have, and not judged.
   */
  @ParameterizedTest
  @ValueSource(ints = {16_384, 65_536})
  void aHeadThatGoesOnForEverEndsTheConnection(int limit) throws Exception {
    int most = limit + limit / 4;
    try (Fixture fixture = servingLists(limit);
        H2Client client = H2Client.to(fixture)) {
      client.raw().send(cut(1, block(client, most), true));
      assertThat(client.answer(1).status()).isEqualTo(431);
      client.untilNow();
      assertThat(client.get(3, "/next").answer(3).body()).isEqualTo("/next");

      client.raw().send(cut(5, block(client, most + 1), false));
      H2Client.Frame farewell = client.next();
      assertThat(farewell.type()).isEqualTo(GOAWAY);
      assertThat(farewell.number(4)).isEqualTo(PROTOCOL_ERROR);
      assertThat(client.ended()).isTrue();
      Fixture.await(() -> fixture.open.get() == 0);
      assertThat(fixture.worker.inFlight()).isEmpty();
    }
  }

  /** A request's fields, one of them so long that all are of that size. */
  private static byte[] block(H2Client client, int size) throws Exception {
    byte[] head = head(client);
    int length = size;
    byte[] block = Flood.join(head, H2Client.literals("x", "y".repeat(length)));
    while (block.length > size) {
      length -= block.length - size;
      block = Flood.join(head, H2Client.literals("x", "y".repeat(length)));
    }
    assertThat(block).hasSize(size);
    return block;
  }

  /** A block in HEADERS and CONTINUATIONs, all but the last of them full. */
  private static byte[] cut(int stream, byte[] block, boolean ends) {
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    for (int from = 0; from < block.length; from += FRAME) {
      byte[] part = Arrays.copyOfRange(block, from, Math.min(from + FRAME, block.length));
      int flags =
          (from == 0 ? END_STREAM : 0) | (ends && from + FRAME >= block.length ? END_HEADERS : 0);
      frames.writeBytes(H2Client.bytes(from == 0 ? HEADERS : CONTINUATION, flags, stream, part));
    }
    return frames.toByteArray();
  }

  private static Fixture servingLists(int limit) throws Exception {
    return Fixture.serving(
        Apps.PATH, "h2c", "prior-knowledge", "h2-max-header-list-size", Integer.toString(limit));
  }

  /** What is small on the wire is 431 however much it stands for, and the connection goes on. */
  @Test
  void aHeadThatIsLongOnlyWhenItIsReadIs431() throws Exception {
    try (Fixture fixture = servingLists(16_384);
        H2Client client = H2Client.to(fixture)) {
      // The first puts the field into the table of the connection, the others are a byte each.
      ByteArrayOutputStream head = new ByteArrayOutputStream();
      head.writeBytes(head(client, "x-long", "y".repeat(1000)));
      byte[] again = client.block("x-long", "y".repeat(1000));
      assertThat(again).hasSize(1);
      for (int i = 0; i < 10_000; i++) {
        head.writeBytes(again);
      }
      client.frame(HEADERS, END_HEADERS | END_STREAM, 1, head.toByteArray());
      assertThat(client.answer(1).status()).isEqualTo(431);
      client.untilNow();
      assertThat(client.get(3, "/next").answer(3).body()).isEqualTo("/next");
    }
  }

  private static byte[] continued(H2Client client, int stream, int count, boolean ends)
      throws Exception {
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    frames.writeBytes(H2Client.bytes(HEADERS, END_STREAM, stream, head(client)));
    for (int i = 1; i <= count; i++) {
      int flags = ends && i == count ? END_HEADERS : 0;
      frames.writeBytes(H2Client.bytes(CONTINUATION, flags, stream, client.block("x", "y")));
    }
    return frames.toByteArray();
  }

  /** CVE-2019-9511: a long answer, which the client has cut into frames of one byte. */
  @Test
  void aWindowThatIsOpenedByteByByteIsAFlood() throws Exception {
    BlockingApp app = _ -> Response.text("x".repeat(10_000));
    try (Fixture fixture = Fixture.serving(app, "h2c", "prior-knowledge");
        H2Client client = H2Client.to(fixture)) {
      ByteArrayOutputStream frames = new ByteArrayOutputStream();
      byte[] noWindow = {0, 4, 0, 0, 0, 0};
      frames.writeBytes(H2Client.bytes(SETTINGS, 0, 0, noWindow));
      frames.writeBytes(Flood.request(client, 1, END_STREAM));
      for (int i = 0; i < 2 * FloodGuard.IDLE_FRAMES; i++) {
        frames.writeBytes(H2Client.bytes(WINDOW_UPDATE, 0, 1, H2Client.number(1)));
      }
      client.raw().send(frames.toByteArray());
      assertSentAway(fixture, client, "the last WINDOW_UPDATE");
    }
  }
}
