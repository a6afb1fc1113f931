package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.http.tls.TlsContract;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A netty worker for the tests of TLS. */
record TlsServer(Fixture fixture) implements TlsContract.Server {
  /** With that provider. */
  static TlsServer start(App app, String provider, String... settings) throws Exception {
    String[] all =
        Stream.concat(Stream.of("ssl-provider", provider), Arrays.stream(settings))
            .toArray(String[]::new);
    return new TlsServer(Fixture.serving(app, all));
  }

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
}
