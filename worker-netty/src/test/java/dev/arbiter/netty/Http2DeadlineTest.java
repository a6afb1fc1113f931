package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.DeadlineCases;
import dev.arbiter.http.Host;

class Http2DeadlineTest extends DeadlineCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.http2Host(app, settings);
  }
}
