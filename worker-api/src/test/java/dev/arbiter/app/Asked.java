package dev.arbiter.app;

import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.Optional;

/** A request that nobody sent. */
public record Asked(String method, String target, Headers headers, Optional<SocketAddress> client)
    implements Request, HttpScope {

  @Override
  public Headers trailers() {
    return Headers.empty();
  }

  /** Asks for {@code target}, with header names and values in turn. */
  public static Asked of(String method, String target, String... headers) {
    return new Asked(
        method, target, Headers.of(headers), Optional.of(new InetSocketAddress("192.0.2.1", 4711)));
  }

  public static Asked get(String target, String... headers) {
    return of("GET", target, headers);
  }

  /** The same from another address. */
  public Asked from(SocketAddress address) {
    return new Asked(method, target, headers, Optional.ofNullable(address));
  }

  @Override
  public String rawPath() {
    int question = target.indexOf('?');
    return question < 0 ? target : target.substring(0, question);
  }

  @Override
  public String path() {
    return URI.create(rawPath()).getPath();
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
    return "http";
  }

  @Override
  public Optional<SocketAddress> server() {
    return Optional.empty();
  }

  @Override
  public String rootPath() {
    return "";
  }

  @Override
  public Map<String, Object> state() {
    return Map.of("from", "startup");
  }

  @Override
  public InputStream body() {
    return InputStream.nullInputStream();
  }
}
