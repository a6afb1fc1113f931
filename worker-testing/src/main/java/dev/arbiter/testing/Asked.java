package dev.arbiter.testing;

import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Request;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * A request as the app sees it. Any thread.
 *
 * @param world what is the same for all requests of a client
 */
record Asked(
    World world, String method, String target, Headers headers, InputStream body, Exchange exchange)
    implements Request, HttpScope {

  /** What is the same for all requests of a client. */
  record World(
      String scheme,
      String authority,
      String rootPath,
      Optional<SocketAddress> client,
      Optional<SocketAddress> server,
      Map<String, Object> state) {}

  @Override
  public Headers trailers() {
    return exchange.requestTrailers();
  }

  @Override
  public boolean isDisconnected() {
    return exchange.gone();
  }

  @Override
  public void inform(int status, Headers fields) throws IOException {
    exchange.inform(status, fields);
  }

  @Override
  public String rawPath() {
    int question = target.indexOf('?');
    return question < 0 ? target : target.substring(0, question);
  }

  @Override
  public String path() {
    return decode(rawPath());
  }

  /**
   * Decodes escapes, and nothing else.
   *
   * @throws IllegalArgumentException one is malformed, which a worker answers with 400
   */
  static String decode(String raw) {
    return raw.indexOf('%') < 0
        ? raw
        : URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  @Override
  public String query() {
    int question = target.indexOf('?');
    return question < 0 ? "" : target.substring(question + 1);
  }

  @Override
  public String httpVersion() {
    return "HTTP/1.1";
  }

  @Override
  public String scheme() {
    return world.scheme();
  }

  @Override
  public Optional<SocketAddress> client() {
    return world.client();
  }

  @Override
  public Optional<SocketAddress> server() {
    return world.server();
  }

  @Override
  public String rootPath() {
    return world.rootPath();
  }

  @Override
  public Map<String, Object> state() {
    return world.state();
  }
}
