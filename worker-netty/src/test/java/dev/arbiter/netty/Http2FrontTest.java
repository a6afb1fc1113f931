package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.http.FrontContract;
import dev.arbiter.http.RawClient;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Http2FrontTest extends FrontContract {

  @Override
  protected Server serve(@Nullable Path unix, BlockingApp app, String... settings)
      throws Exception {
    return new FrontServer(Fixture.servingHttp2(app, unix, settings));
  }

  @Override
  protected String refusedConnection() {
    return ""; // RFC 9113 section 8.2.2: it is the stream that ends
  }

  @Override
  protected String exchange() {
    return "An HTTP/2 stream";
  }

  /** The stream is reset, at which the gateway closes; a whole answer has 64 MB. */
  @Override
  protected void assertCut(RawClient client) throws IOException {
    assertThat(client.rest()).hasSizeLessThan(64 << 20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v2"})
  void aPreambleOfTheProxyProtocolMayPrecedeThePreface(String version) throws Exception {
    BlockingApp app = request -> Response.text("" + request.client().orElseThrow());
    String[] settings = {"proxy-protocol", version, "proxy-allow-from", "127.0.0.1"};
    String preamble =
        version.equals("v1")
            ? "PROXY TCP4 1.2.3.4 5.6.7.8 56 80\r\n"
            : "\r\n\r\n\000\r\nQUIT\n!\021\000\014\001\002\003\004\005\006\007\010\0008\000P";
    String all = preamble + H2Client.PREFACE;
    byte[] frame = H2Client.bytes(H2Client.SETTINGS, 0, 0);
    try (Fixture fixture = Fixture.servingHttp2(app, null, settings)) {
      for (int split = 1; split < all.length(); split++) {
        RawClient raw = fixture.connect();
        try (H2Client client = new H2Client(raw)) {
          raw.send(all.substring(0, split));
          Thread.yield();
          raw.send(all.substring(split) + new String(frame, ISO_8859_1));
          for (int stream = 1; stream < 5; stream += 2) {
            assertThat(client.get(stream, "/").answer(stream).body())
                .as("split at " + split)
                .isEqualTo("/1.2.3.4:56");
          }
        }
      }
    }
  }
}
