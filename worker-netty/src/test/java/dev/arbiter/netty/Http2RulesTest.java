package dev.arbiter.netty;

import static dev.arbiter.netty.H2Client.GOAWAY;
import static dev.arbiter.netty.H2Client.SETTINGS;
import static dev.arbiter.netty.H2Client.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.http.RawClient;
import org.junit.jupiter.api.Test;

/** What HTTP/1.1 refuses is refused in HTTP/2, be it that Netty would let it pass. */
final class Http2RulesTest {
  private static final int FLOW_CONTROL_ERROR = 3;

  private static final BlockingApp READER =
      request -> Response.text(request.body().readAllBytes().length + " " + request.host());

  private static Fixture fixture(BlockingApp app) throws Exception {
    return Fixture.serving(app, "h2c", "both");
  }

  @Test
  void aHostIsSaidOnceBesideTheAuthority() throws Exception {
    try (Fixture fixture = fixture(READER);
        H2Client client = H2Client.to(fixture)) {
      assertThat(client.get(1, "/", "host", "a", "host", "a").answer(1).status()).isEqualTo(400);
      assertThat(client.get(3, "/", "host", "a").answer(3).body()).isEqualTo("0 a");
    }
  }

  /** RFC 9113 section 6.9.2. */
  @Test
  void settingsThatOverflowAStreamsWindowEndTheConnection() throws Exception {
    try (Fixture fixture = fixture(READER);
        H2Client client = H2Client.to(fixture)) {
      client.post(1, "/").frame(WINDOW_UPDATE, 0, 1, H2Client.number(70_000));
      client.frame(SETTINGS, 0, 0, new byte[] {0, 4, 0x7f, -1, -1, -1});
      assertThat(client.next(GOAWAY).number(4)).isEqualTo(FLOW_CONTROL_ERROR);
    }
  }

  @Test
  void anUpgradedRequestSaysNothingOfItsConnection() throws Exception {
    BlockingApp names = request -> Response.text(request.httpVersion() + request.headers());
    try (Fixture fixture = fixture(names);
        RawClient raw = fixture.connect();
        H2Client client = new H2Client(raw)) {
      raw.send(
          "GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
              + "Upgrade: h2c\r\nX-More: 1\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
              + H2Client.PREFACE);
      client.frame(SETTINGS, 0, 0);
      assertThat(raw.head().status()).isEqualTo(101);
      assertThat(client.answer(1).body())
          .startsWith("HTTP/2")
          .containsIgnoringCase("host")
          .containsIgnoringCase("x-more")
          .doesNotContainIgnoringCase("connection")
          .doesNotContainIgnoringCase("upgrade")
          .doesNotContainIgnoringCase("settings");
    }
  }
}
