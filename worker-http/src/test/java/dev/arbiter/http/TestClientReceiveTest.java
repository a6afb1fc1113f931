package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.app.App;
import dev.arbiter.testing.TestClient;
import dev.arbiter.testing.TestStream;
import java.io.IOException;

/** The client of tests tells an app the same as a worker. */
class TestClientReceiveTest extends ReceiveCases {

  @Override
  protected Peer ask(App app, String... settings) {
    TestClient client = TestClient.of(app);
    TestStream stream = client.request("POST", "/a").streaming().open();
    return new Peer() {
      @Override
      public void send(String part) throws IOException {
        stream.requestBody().write(part.getBytes(ISO_8859_1));
      }

      @Override
      public void end() throws IOException {
        stream.requestBody().close();
      }

      @Override
      public int status() {
        return stream.readAll().status();
      }

      @Override
      public void leave() {
        stream.close();
      }

      @Override
      public void close() {
        try (client;
            stream) {
          // Nothing else is open.
        }
      }
    };
  }
}
