package dev.arbiter.sync;

import dev.arbiter.app.App;
import dev.arbiter.http.CompressionMemoryCases;
import dev.arbiter.http.Host;

class CompressionMemoryTest extends CompressionMemoryCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
