package dev.arbiter.netty;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.http.Http1FrontContract;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

class FrontTest extends Http1FrontContract {

  @Override
  protected Server serve(@Nullable Path unix, BlockingApp app, String... settings)
      throws Exception {
    return new FrontServer(
        unix == null ? Fixture.serving(app, settings) : Fixture.servingUnix(app, unix, settings));
  }
}
