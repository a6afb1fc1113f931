package dev.arbiter.sync;

import dev.arbiter.app.App;
import dev.arbiter.http.tls.TlsContract;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** TLS over the connection's own link. */
class TlsTest extends TlsContract {
  /** It is the system that tells here, which knows TCP alone. */
  @Override
  protected boolean tellsOfTheEndInTlsAlone() {
    return false;
  }

  @Override
  protected Server start(App app, String... settings) throws Exception {
    Fixture fixture = Fixture.servingAny(app, settings);
    return new Server() {
      @Override
      public int port() throws IOException {
        return fixture.port();
      }

      @Override
      public void serveNext() throws IOException {
        fixture.serveNext();
      }

      @Override
      public void drain(Duration linger) {
        fixture.drain(linger);
      }

      @Override
      public void reopen() {
        fixture.worker.reopen();
      }

      @Override
      public List<String> said() {
        return fixture.context.said;
      }

      @Override
      public int open() {
        return fixture.open.get();
      }

      @Override
      public void close() {
        fixture.close();
      }
    };
  }
}
