package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.http.RawClient;
import org.junit.jupiter.api.Test;

/** A client that has ended its side, and reads all the same. */
final class HalfClosedTest {
  private static final int LARGE = 16 << 20;

  /** More than the buffers take: so the channel has to be told when there is room again. */
  @Test
  void itGetsALargeResponseToTheEnd() throws Exception {
    BlockingApp app = _ -> Response.bytes("application/octet-stream", new byte[LARGE]);
    try (Fixture fixture = Fixture.serving(app);
        RawClient client = fixture.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").shutdownOutput();
      Thread.sleep(300); // so that the worker has filled the buffers, and knows of the end
      assertThat(client.rest()).hasSizeGreaterThan(LARGE);
      assertThat(fixture.context.said).noneMatch(line -> line.contains("failed"));
    }
  }
}
