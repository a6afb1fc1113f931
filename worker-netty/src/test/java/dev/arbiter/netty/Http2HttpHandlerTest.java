package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.Host;
import dev.arbiter.http.HttpHandlerCases;

class Http2HttpHandlerTest extends HttpHandlerCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.http2Host(app, settings);
  }
}
