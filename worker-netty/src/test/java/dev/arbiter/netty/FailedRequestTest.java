package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.FailedRequestCases;
import dev.arbiter.http.Host;

class FailedRequestTest extends FailedRequestCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
