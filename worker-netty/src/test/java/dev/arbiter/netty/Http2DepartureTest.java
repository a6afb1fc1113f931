package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.DepartureCases;
import dev.arbiter.http.Host;
import dev.arbiter.netty.H2Gateway.Leaving;
import org.junit.jupiter.api.Nested;

class Http2DepartureTest {

  /** Of the stream alone. */
  @Nested
  class OfTheStream extends DepartureCases {
    @Override
    protected Host serve(App app, String... settings) throws Exception {
      return Fixture.http2Host(Leaving.RESETS, app, settings);
    }
  }

  /** Of its connection. */
  @Nested
  class OfTheConnection extends DepartureCases {
    @Override
    protected Host serve(App app, String... settings) throws Exception {
      return Fixture.http2Host(Leaving.CLOSES, app, settings);
    }
  }
}
