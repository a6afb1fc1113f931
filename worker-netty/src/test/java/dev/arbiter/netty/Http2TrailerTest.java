package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.Host;
import dev.arbiter.http.TrailerCases;

class Http2TrailerTest extends TrailerCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.http2Host(app, settings);
  }
}
