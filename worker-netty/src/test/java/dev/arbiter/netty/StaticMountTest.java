package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.StaticMountCases;
import dev.arbiter.http.Host;

class StaticMountTest extends StaticMountCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
