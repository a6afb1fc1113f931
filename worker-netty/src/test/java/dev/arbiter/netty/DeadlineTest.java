package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.DeadlineCases;
import dev.arbiter.http.Host;

class DeadlineTest extends DeadlineCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
