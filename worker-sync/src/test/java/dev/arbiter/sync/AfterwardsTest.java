package dev.arbiter.sync;

import dev.arbiter.app.App;
import dev.arbiter.http.AfterwardsCases;
import dev.arbiter.http.Host;

class AfterwardsTest extends AfterwardsCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
