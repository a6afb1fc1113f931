package dev.arbiter.testing;

import dev.arbiter.app.Headers;
import dev.arbiter.app.WebSocketScope;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A handshake as an async app sees it. Any thread. */
record AskedUpgrade(Asked head, List<String> subprotocols) implements WebSocketScope {
  @Override
  public String method() {
    return head.method();
  }

  @Override
  public String target() {
    return head.target();
  }

  @Override
  public String rawPath() {
    return head.rawPath();
  }

  @Override
  public String path() {
    return head.path();
  }

  @Override
  public String query() {
    return head.query();
  }

  @Override
  public String httpVersion() {
    return head.httpVersion();
  }

  /** {@code ws}, or {@code wss} over TLS (RFC 6455 section 3). */
  @Override
  public String scheme() {
    return head.scheme().equals("https") ? "wss" : "ws";
  }

  @Override
  public Headers headers() {
    return head.headers();
  }

  @Override
  public Optional<SocketAddress> client() {
    return head.client();
  }

  @Override
  public Optional<SocketAddress> server() {
    return head.server();
  }

  @Override
  public String rootPath() {
    return head.rootPath();
  }

  @Override
  public Map<String, Object> state() {
    return head.state();
  }
}
