package dev.arbiter.sync;

import dev.arbiter.app.App;
import dev.arbiter.http.DepartureCases;
import dev.arbiter.http.Host;

class DepartureTest extends DepartureCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
