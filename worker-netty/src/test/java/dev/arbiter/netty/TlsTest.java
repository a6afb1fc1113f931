package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.tls.TlsContract;

/** TLS by Netty's handler, with the JDK's provider. */
class TlsTest extends TlsContract {
  @Override
  protected Server start(App app, String... settings) throws Exception {
    return TlsServer.start(app, "jdk", settings);
  }
}
