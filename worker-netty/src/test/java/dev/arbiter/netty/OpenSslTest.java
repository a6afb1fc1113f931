package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.Leniency;
import dev.arbiter.http.tls.TlsContract;

/** The same with OpenSSL. */
class OpenSslTest extends TlsContract {
  @Override
  protected Server start(App app, String... settings) throws Exception {
    return TlsServer.start(app, "openssl", settings);
  }

  @Override
  protected boolean refusesUnknownProtocols() {
    return !Leniency.UNKNOWN_ALPN_WITH_OPENSSL;
  }

  @Override
  protected boolean takesAnyName() {
    return true;
  }

  /** Netty's engine ends its side as soon as the client has ended its own. */
  @Override
  protected boolean endsEachSideAlone() {
    return false;
  }
}
