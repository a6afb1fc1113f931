package dev.arbiter.sync;

import dev.arbiter.app.App;
import dev.arbiter.http.FixtureContext;
import dev.arbiter.http.RawClient;
import dev.arbiter.http.websocket.HandshakeContract;
import dev.arbiter.worker.Traffic;
import java.io.IOException;
import java.time.Duration;

/** WebSockets on threads. */
final class WebSocketTest extends HandshakeContract {
  @Override
  protected Server serve(App app, String... settings) throws Exception {
    Fixture fixture = Fixture.servingAny(app, settings);
    return new Server() {
      @Override
      public RawClient connect() throws IOException {
        return new RawClient(fixture.channel());
      }

      @Override
      public FixtureContext context() {
        return fixture.context;
      }

      @Override
      public int open() {
        return fixture.open.get();
      }

      @Override
      public Traffic traffic() {
        return fixture.worker.traffic();
      }

      @Override
      public void drain() {
        fixture.drain(Duration.ZERO);
      }

      @Override
      public void close() {
        fixture.close();
      }
    };
  }
}
