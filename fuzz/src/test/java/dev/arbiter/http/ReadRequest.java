package dev.arbiter.http;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Request;
import java.io.InputStream;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;

/** A request as an app gets it whose head was accepted. */
@NullMarked
public record ReadRequest(IncomingHead head) implements Request {

  /** With this target, and fields of {@code name: value}; empty if it would be refused. */
  public static Optional<Request> of(String method, String target, List<String> lines) {
    IncomingHead head = new IncomingHead(RequestRules.STANDARD);
    head.line(method, target, "HTTP/1.1");
    head.field("Host", "a");
    for (String line : lines) {
      int colon = line.indexOf(':'); // where there is none, the name is empty and refused
      head.field(line.substring(0, Math.max(0, colon)), ForwardedReader.value(line, colon));
    }
    return head.end() ? Optional.of(new ReadRequest(head)) : Optional.empty();
  }

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

  @Override
  public String scheme() {
    return "http";
  }

  @Override
  public Headers headers() {
    return head.headers();
  }

  @Override
  public Optional<SocketAddress> client() {
    return Optional.empty();
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
    return Map.of();
  }

  @Override
  public InputStream body() {
    return InputStream.nullInputStream();
  }
}
