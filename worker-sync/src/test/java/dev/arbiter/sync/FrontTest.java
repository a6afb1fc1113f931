package dev.arbiter.sync;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.http.Http1FrontContract;
import dev.arbiter.worker.Health;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

class FrontTest extends Http1FrontContract {

  private record Serving(Fixture fixture) implements Server {
    @Override
    public dev.arbiter.http.RawClient connect() throws IOException {
      SocketChannel channel = fixture.connectChannel();
      fixture.serveNext();
      return new dev.arbiter.http.RawClient(channel);
    }

    @Override
    public List<String> said() {
      return fixture.context.said;
    }

    @Override
    public Health probe(String path) throws Exception {
      return fixture.worker.probe(path);
    }

    @Override
    public List<String> inFlight() {
      return fixture.worker.inFlight();
    }

    @Override
    public void giveUp() {
      fixture.worker.giveUp();
    }

    @Override
    public void close() {
      fixture.close();
    }
  }

  @Override
  protected Server serve(@Nullable Path unix, BlockingApp app, String... settings)
      throws Exception {
    return new Serving(
        unix == null ? Fixture.serving(app, settings) : Fixture.servingUnix(app, unix, settings));
  }
}
