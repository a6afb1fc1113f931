package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.Host;
import dev.arbiter.http.PermissionCases;

class PermissionTest extends PermissionCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
