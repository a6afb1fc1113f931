package dev.arbiter.app;

import java.io.InputStream;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A request that says what another one says: extend it, and override what should differ, to give an
 * app another view of a request. Serves both contracts. As safe for several threads as what it
 * wraps.
 */
public class RequestWrapper implements Request, HttpScope {
  private final RequestHead wrapped;

  /** Wraps a {@link Request} or an {@link HttpScope}. */
  public RequestWrapper(RequestHead wrapped) {
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
  public Map<String, Object> state() {
    return wrapped.state();
  }

  /**
   * The body, as {@link Request#body} has it; empty if what was wrapped is no {@link Request}: an
   * {@link AsyncApp} receives its body otherwise.
   */
  @Override
  public InputStream body() {
    return wrapped instanceof Request request ? request.body() : InputStream.nullInputStream();
  }
}
