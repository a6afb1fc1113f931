package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.Host;
import dev.arbiter.http.MiddlewareCases;

class Http2MiddlewareTest extends MiddlewareCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.http2Host(app, settings);
  }
}
