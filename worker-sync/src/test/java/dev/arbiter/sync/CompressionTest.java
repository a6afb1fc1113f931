package dev.arbiter.sync;

import dev.arbiter.app.App;
import dev.arbiter.http.CompressionCases;
import dev.arbiter.http.Host;

class CompressionTest extends CompressionCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
