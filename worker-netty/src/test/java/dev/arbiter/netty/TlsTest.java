package dev.arbiter.netty;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.http.tls.TlsContract;

/** TLS by Netty's handler, with the JDK's provider. */
class TlsTest extends TlsContract {
  @Override
  protected Server start(BlockingApp app, String... settings) throws Exception {
    return TlsServer.start(app, "jdk", settings);
  }
}
