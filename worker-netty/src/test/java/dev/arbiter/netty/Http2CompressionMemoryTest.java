package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.CompressionMemoryCases;
import dev.arbiter.http.Host;

class Http2CompressionMemoryTest extends CompressionMemoryCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.http2Host(app, settings);
  }
}
