package dev.arbiter.sync;

import dev.arbiter.app.App;
import dev.arbiter.http.Host;
import dev.arbiter.http.Http1ReceiveCases;

class ReceiveTest extends Http1ReceiveCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
