package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.websocket.HandshakeContract;

/** WebSockets on event loops. */
final class WebSocketTest extends HandshakeContract {
  @Override
  protected Server serve(App app, String... settings) throws Exception {
    return new WebSocketServer(Fixture.serving(app, settings));
  }
}
