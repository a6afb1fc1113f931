package dev.arbiter.sync;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.http.FrontContract.Server;
import dev.arbiter.http.Http1AccessLogContract;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

class AccessLogTest extends Http1AccessLogContract {

  @Override
  protected Server serve(@Nullable Path unix, BlockingApp app, String... settings)
      throws Exception {
    return new FrontTest().serve(unix, app, settings);
  }
}
