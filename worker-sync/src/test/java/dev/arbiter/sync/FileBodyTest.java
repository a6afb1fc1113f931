package dev.arbiter.sync;

import dev.arbiter.app.App;
import dev.arbiter.http.FileBodyCases;
import dev.arbiter.http.Host;

class FileBodyTest extends FileBodyCases {

  @Override
  protected Host serve(App app, String... settings) throws Exception {
    return Fixture.host(app, settings);
  }
}
