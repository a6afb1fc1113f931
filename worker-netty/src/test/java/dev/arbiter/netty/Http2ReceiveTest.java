package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.Host;
import dev.arbiter.http.WorkerReceiveCases;
import dev.arbiter.netty.H2Gateway.Leaving;
import org.junit.jupiter.api.Nested;

class Http2ReceiveTest {

  /** Of the stream alone. */
  @Nested
  class OfTheStream extends WorkerReceiveCases {
    @Override
    protected Host serve(App app, String... settings) throws Exception {
      return Fixture.http2Host(Leaving.RESETS, app, settings);
    }
  }

  /** Of its connection. */
  @Nested
  class OfTheConnection extends WorkerReceiveCases {
    @Override
    protected Host serve(App app, String... settings) throws Exception {
      return Fixture.http2Host(Leaving.CLOSES, app, settings);
    }
  }
}
