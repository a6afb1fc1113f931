package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.app.WebSocket;
import dev.arbiter.app.WebSocket.Message;
import dev.arbiter.http.websocket.WebSocketContract;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** WebSockets over HTTP/2 (RFC 8441): all that holds over HTTP/1.1, and what is its own. */
final class Http2WebSocketTest extends WebSocketContract {
  private final Queue<String> ends = new ConcurrentLinkedQueue<>();

  @Override
  protected Server serve(App app, String... settings) throws Exception {
    return new WebSocketServer(fixture(app, settings));
  }

  /** A window of the stream, and what the gateway has read and may not send. */
  @Override
  protected int readAtOnce() {
    return H2Gateway.WINDOW + H2Gateway.PIECE;
  }

  @Override
  protected String named() {
    return "An HTTP/2 stream";
  }

  private static Fixture fixture(App app, String... settings) throws Exception {
    return Fixture.servingHttp2(app, null, settings);
  }

  private BlockingApp app() {
    return request ->
        switch (request.path()) {
          case "/plain" -> Response.text(request.method() + " " + request.httpVersion());
          case "/no" -> Response.text("no").withStatus(404);
          default -> {
            String seen = request.method() + " " + request.httpVersion();
            yield Response.webSocket(this::echo).withHeader("x-seen", seen);
          }
        };
  }

  private void echo(WebSocket socket) throws IOException {
    Message message = socket.receive();
    while (message instanceof Message.Text(String text)) {
      socket.sendText(text);
      message = socket.receive();
    }
    ends.add(message.toString());
  }

  private static H2Client text(H2Client client, int stream, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer frame = ByteBuffer.allocate(6 + bytes.length);
    frame.put((byte) 0x81).put((byte) (0x80 | bytes.length)).putInt(0).put(bytes);
    return client.frame(H2Client.DATA, 0, stream, frame.array());
  }

  private static String shown(H2Client.Frame frame) {
    return frame.stream() + " " + HexFormat.of().formatHex(frame.payload());
  }

  private void awaitEnd() {
    Fixture.await(() -> !ends.isEmpty());
  }

  @Test
  void itIsOfferedInTheSettings() throws Exception {
    try (Fixture fixture = fixture(app());
        H2Client client = H2Client.to(fixture)) {
      byte[] settings = client.next(H2Client.SETTINGS).payload();
      assertThat(HexFormat.of().formatHex(settings)).contains("000800000001");
    }
    try (Fixture fixture = fixture(app(), "ws", "none");
        H2Client client = H2Client.to(fixture)) {
      byte[] settings = client.next(H2Client.SETTINGS).payload();
      assertThat(HexFormat.of().formatHex(settings)).doesNotContain("000800000001");
      assertThat(client.webSocket(1, "/").next().type()).isEqualTo(H2Client.RST_STREAM);
    }
  }

  @Test
  void twoOfThemShareAConnectionWithRequests() throws Exception {
    try (Fixture fixture = fixture(app());
        H2Client client = H2Client.to(fixture)) {
      H2Client.Frame accepted = client.webSocket(1, "/").next();
      assertThat(accepted.fields().status()).hasToString("200");
      assertThat(accepted.fields().get("x-seen")).hasToString("GET HTTP/2");
      assertThat(accepted.fields().get("sec-websocket-accept")).isNull();
      assertThat(accepted.ends()).isFalse();
      assertThat(client.webSocket(3, "/").next().fields().status()).hasToString("200");
      assertThat(shown(text(client, 1, "a").next())).isEqualTo("1 810161");
      assertThat(shown(text(client, 3, "b").next())).isEqualTo("3 810162");
      assertThat(client.get(5, "/plain").answer(5).body()).isEqualTo("GET HTTP/2");

      // A Close of each side, and then the end of each side of the stream.
      client.frame(H2Client.DATA, 0, 1, HexFormat.of().parseHex("88820000000003e8"));
      H2Client.Frame closing = client.next();
      assertThat(shown(closing)).isEqualTo("1 880203e8");
      assertThat(closing.ends()).isTrue();
      client.frame(H2Client.DATA, H2Client.END_STREAM, 1);
      assertThat(client.untilNow()).isEmpty();
      awaitEnd();
      assertThat(ends).containsExactly("Close[code=1000, reason=]");
      assertThat(shown(text(client, 3, "c").next())).isEqualTo("3 810163");
      assertThat(client.get(7, "/plain").answer(7).status()).isEqualTo(200);
    }
  }

  @Test
  void anAppThatDeclinesMustNotLookAsIfItAccepted() throws Exception {
    try (Fixture fixture = fixture(app());
        H2Client client = H2Client.to(fixture)) {
      H2Client.Answer declined = client.webSocket(1, "/no").answer(1);
      assertThat(declined.status()).isEqualTo(404);
      assertThat(client.next(H2Client.RST_STREAM).number(0)).isZero(); // NO_ERROR
      // Any 2xx would say that there is a WebSocket.
      H2Client.Answer plain = client.webSocket(3, "/plain").answer(3);
      assertThat(plain.status()).isEqualTo(403);
      assertThat(plain.body()).isEqualTo("GET HTTP/2");
      assertThat(client.next(H2Client.RST_STREAM).stream()).isEqualTo(3);
      assertThat(client.get(5, "/plain").answer(5).status()).isEqualTo(200);
    }
  }

  /** Fields in place of the right ones; a status, or 0 for a reset with PROTOCOL_ERROR. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        ":method CONNECT :protocol websocket :scheme http :authority a :path / | 426",
        ":method CONNECT :protocol connect-udp :scheme http :authority a :path / | 501",
        ":method CONNECT :authority a | 501",
        ":method CONNECT :protocol websocket :authority a :path / | 0",
        ":method CONNECT :protocol websocket :scheme http :authority a | 0",
        ":method GET :protocol websocket :scheme http :authority a :path / | 0",
        ":method CONNECT :protocol websocket :protocol websocket :scheme http :path / | 0",
      })
  void handshakeIsJudged(String fields, int status) throws Exception {
    try (Fixture fixture = fixture(app());
        H2Client client = H2Client.to(fixture)) {
      client.open(1, fields.strip().split(" "));
      if (status == 0) {
        assertThat(client.next(H2Client.RST_STREAM).number(0)).isEqualTo(1);
      } else {
        assertThat(client.answer(1).status()).isEqualTo(status);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"reset", "half", "fields"})
  void aClientThatBreaksOffIsGone(String how) throws Exception {
    try (Fixture fixture = fixture(app());
        H2Client client = H2Client.to(fixture)) {
      client.webSocket(1, "/").next();
      assertThat(shown(text(client, 1, "a").next())).isEqualTo("1 810161");
      switch (how) {
        case "reset" -> client.frame(H2Client.RST_STREAM, 0, 1, H2Client.number(8));
        case "half" -> {
          client.frame(H2Client.DATA, H2Client.END_STREAM, 1);
          H2Client.Frame end = client.next(); // as it would close its side of a connection
          assertThat(end.type()).isEqualTo(H2Client.DATA);
          assertThat(end.ends()).isTrue();
        }
        default -> {
          byte[] block = client.block("x-trailer", "1");
          client.frame(H2Client.HEADERS, H2Client.END_HEADERS | H2Client.END_STREAM, 1, block);
          assertThat(client.next(H2Client.RST_STREAM).number(0)).isEqualTo(1);
        }
      }
      awaitEnd();
      assertThat(ends).containsExactly("Close[code=1006, reason=]");
      assertThat(client.get(3, "/plain").answer(3).status()).isEqualTo(200);
      assertThat(fixture.context.said).noneMatch(line -> line.startsWith("error"));
    }
  }

  @Test
  void aClientThatGivesBackTheWindowForEachTinyMessageIsNoFlood() throws Exception {
    try (Fixture fixture = fixture(app());
        H2Client client = H2Client.to(fixture)) {
      client.webSocket(1, "/").next();
      for (int i = 0; i < 2 * FloodGuard.IDLE_FRAMES; i++) {
        assertThat(shown(text(client, 1, "a").next())).isEqualTo("1 810161");
        client.frame(H2Client.WINDOW_UPDATE, 0, 0, H2Client.number(3));
        client.frame(H2Client.WINDOW_UPDATE, 0, 1, H2Client.number(3));
      }
      assertThat(client.get(3, "/plain").answer(3).status()).isEqualTo(200);
    }
  }

  @Test
  void aConnectionThatEndsTellsEachOfThem() throws Exception {
    try (Fixture fixture = fixture(app());
        H2Client client = H2Client.to(fixture)) {
      client.webSocket(1, "/").next();
      client.webSocket(3, "/").next();
      fixture.drain(Duration.ZERO);
      int closes = 0;
      int farewells = 0;
      while (closes < 2 || farewells < 1) {
        H2Client.Frame frame = client.next();
        farewells += frame.type() == H2Client.GOAWAY ? 1 : 0;
        // 1012, as over a connection of its own
        closes += shown(frame).substring(2).startsWith("88" + "11" + "03f4") ? 1 : 0;
      }
      client.raw().leave();
      Fixture.await(() -> ends.size() == 2);
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }
}
