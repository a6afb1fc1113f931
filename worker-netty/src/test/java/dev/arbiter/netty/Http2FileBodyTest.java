package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.FileBodyCases;
import dev.arbiter.http.Host;

class Http2FileBodyTest extends FileBodyCases {

  @Override
  protected boolean leavesFilesToTheSystem() {
    return false; // they are cut into frames
  }

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.http2Host(app, settings);
  }
}
