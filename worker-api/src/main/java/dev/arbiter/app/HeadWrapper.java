package dev.arbiter.app;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** A head that says what another one says. */
abstract class HeadWrapper implements RequestHead {
  private final RequestHead wrapped;

  HeadWrapper(RequestHead wrapped) {
    this.wrapped = wrapped;
  }

  /** What was wrapped. */
  public final RequestHead wrapped() {
    return wrapped;
  }

  @Override
  public String method() {
    return wrapped.method();
  }

  @Override
  public String target() {
    return wrapped.target();
  }

  @Override
  public String rawPath() {
    return wrapped.rawPath();
  }

  @Override
  public String path() {
    return wrapped.path();
  }

  @Override
  public String query() {
    return wrapped.query();
  }

  @Override
  public String httpVersion() {
    return wrapped.httpVersion();
  }

  @Override
  public String scheme() {
    return wrapped.scheme();
  }

  @Override
  public String host() {
    return wrapped.host();
  }

  @Override
  public Optional<TlsInfo> tls() {
    return wrapped.tls();
  }

  @Override
  public Headers headers() {
    return wrapped.headers();
  }

  @Override
  public Optional<SocketAddress> client() {
    return wrapped.client();
  }

  @Override
  public Optional<SocketAddress> server() {
    return wrapped.server();
  }

  @Override
  public String rootPath() {
    return wrapped.rootPath();
  }

  @Override
  public void extendDeadline(Duration time) {
    wrapped.extendDeadline(time);
  }

  @Override
  public void identify(String id) {
    wrapped.identify(id);
  }

  @Override
  public Map<String, Object> state() {
    return wrapped.state();
  }
}
