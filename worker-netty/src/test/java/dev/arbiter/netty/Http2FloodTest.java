package dev.arbiter.netty;

import static dev.arbiter.netty.H2Client.CONTINUATION;
import static dev.arbiter.netty.H2Client.DATA;
import static dev.arbiter.netty.H2Client.END_HEADERS;
import static dev.arbiter.netty.H2Client.END_STREAM;
import static dev.arbiter.netty.H2Client.GOAWAY;
import static dev.arbiter.netty.H2Client.HEADERS;
import static dev.arbiter.netty.H2Client.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that only keep the server busy are sent away, and told of once. */
class Http2FloodTest {
  private static final int ENHANCE_YOUR_CALM = 11;

  enum Flood {
    PING {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(H2Client.PING, 0, 0, new byte[8]);
      }
    },
    SETTINGS {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(H2Client.SETTINGS, 0, 0);
      }
    },
    PRIORITY {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(H2Client.PRIORITY, 0, 9, new byte[] {0, 0, 0, 0, 16});
      }
    },
    WINDOW_UPDATE {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(H2Client.WINDOW_UPDATE, 0, 0, H2Client.number(1));
      }
    },
    UNKNOWN {
      @Override
      byte[] next(H2Client client, int i) {
        return H2Client.bytes(99, 0, 0);
      }
    },
    EMPTY_DATA {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        return i == 0 ? request(client, 1, 0) : H2Client.bytes(DATA, 0, 1);
      }
    },
    RAPID_RESET {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        return i % 2 == 0
            ? request(client, i + 1, END_STREAM)
            : H2Client.bytes(RST_STREAM, 0, i, H2Client.number(8));
      }
    },
    /** The client has the server reset them. */
    MADE_RESET {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        return i % 2 == 0
            ? request(client, i + 1, 0)
            : H2Client.bytes(H2Client.WINDOW_UPDATE, 0, i, H2Client.number(0));
      }
    },
    CONTINUATIONS {
      @Override
      byte[] next(H2Client client, int i) throws Exception {
        return i == 0
            ? H2Client.bytes(HEADERS, END_STREAM, 1, client.block(":method", "GET"))
            : H2Client.bytes(CONTINUATION, 0, 1, client.block("x", "y"));
      }
    };

    abstract byte[] next(H2Client client, int i) throws Exception;

    static byte[] request(H2Client client, int stream, int flags) throws Exception {
      byte[] block =
          client.block(":method", "POST", ":scheme", "http", ":authority", "a", ":path", "/");
      return H2Client.bytes(HEADERS, END_HEADERS | flags, stream, block);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFloodEndsTheConnection(Flood flood) throws Exception {
    CompletableFuture<Void> never = new CompletableFuture<>();
    AsyncApp app = (_, _, _) -> never;
    try (Fixture fixture = Fixture.serving(app, "h2c", "prior-knowledge");
        H2Client client = H2Client.to(fixture)) {
      ByteArrayOutputStream frames = new ByteArrayOutputStream();
      for (int i = 0; i < 2 * FloodGuard.IDLE_FRAMES; i++) {
        frames.writeBytes(flood.next(client, i));
      }
      client.raw().send(frames.toByteArray());
      assertThat(client.next(GOAWAY).number(4)).isEqualTo(ENHANCE_YOUR_CALM);
      assertThat(client.ended()).isTrue();
      Fixture.await(() -> fixture.open.get() == 0);
      assertThat(fixture.context.said)
          .filteredOn(line -> line.contains("HTTP/2 connection"))
          .hasSize(1)
          .allMatch(line -> line.startsWith("warning: ") && line.contains(" is ended: "));
    }
  }

  /** CVE-2019-9511: a long answer, which the client has cut into frames of one byte. */
  @Test
  void aWindowThatIsOpenedByteByByteIsAFlood() throws Exception {
    BlockingApp app = _ -> Response.text("x".repeat(10_000));
    try (Fixture fixture = Fixture.serving(app, "h2c", "prior-knowledge");
        H2Client client = H2Client.to(fixture)) {
      ByteArrayOutputStream frames = new ByteArrayOutputStream();
      byte[] noWindow = {0, 4, 0, 0, 0, 0};
      frames.writeBytes(H2Client.bytes(H2Client.SETTINGS, 0, 0, noWindow));
      frames.writeBytes(Flood.request(client, 1, END_STREAM));
      for (int i = 0; i < 2 * FloodGuard.IDLE_FRAMES; i++) {
        frames.writeBytes(H2Client.bytes(H2Client.WINDOW_UPDATE, 0, 1, H2Client.number(1)));
      }
      client.raw().send(frames.toByteArray());
      assertThat(client.next(GOAWAY).number(4)).isEqualTo(ENHANCE_YOUR_CALM);
      assertThat(client.ended()).isTrue();
    }
  }
}
