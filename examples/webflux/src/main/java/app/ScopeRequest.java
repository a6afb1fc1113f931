package app;

import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.WebSocketScope;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpCookie;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.AbstractServerHttpRequest;
import org.springframework.http.server.reactive.SslInfo;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A request as WebFlux wants it, also one for a WebSocket, which has no body. On the connection's
 * event loop.
 */
final class ScopeRequest extends AbstractServerHttpRequest {

  /** What there is beneath, for {@link Upgrade}. */
  record Asked(RequestHead head, Receive receive) {}

  private final RequestHead scope;
  private final Receive receive;

  ScopeRequest(RequestHead scope, Receive receive) {
    super(HttpMethod.valueOf(scope.method()), uri(scope), scope.rootPath(), headers(scope));
    this.scope = scope;
    this.receive = receive;
  }

  private static URI uri(RequestHead scope) {
    String host = scope.host().isEmpty() ? "localhost" : scope.host();
    String path = scope.target().startsWith("/") ? scope.target() : "/";
    // Elsewhere a handshake is a request: with ws a page's Origin would always be another.
    String scheme =
        switch (scope.scheme()) {
          case "ws" -> "http";
          case "wss" -> "https";
          case String other -> other;
        };
    return URI.create(scheme + "://" + host + path);
  }

  private static HttpHeaders headers(RequestHead scope) {
    HttpHeaders headers = new HttpHeaders();
    scope.headers().forEach(headers::add);
    if (scope instanceof WebSocketScope socket) {
      handshake(headers, socket);
    }
    return headers;
  }

  /**
   * {@code HandshakeWebSocketService} looks for a GET with the fields of HTTP/1.1, of which HTTP/2
   * has none, and splits a list of subprotocols at commas, but leaves the spaces in.
   */
  private static void handshake(HttpHeaders headers, WebSocketScope scope) {
    if (headers.getUpgrade() == null) {
      headers.setUpgrade("websocket");
      headers.setConnection("upgrade");
      headers.set("sec-websocket-key", "of HTTP/2");
    }
    if (!scope.subprotocols().isEmpty()) {
      headers.set("sec-websocket-protocol", String.join(",", scope.subprotocols()));
    }
  }

  @Override
  protected MultiValueMap<String, HttpCookie> initCookies() {
    MultiValueMap<String, HttpCookie> cookies = new LinkedMultiValueMap<>();
    for (String line : scope.headers().all("cookie")) {
      for (String pair : line.split(";", -1)) {
        int equals = pair.indexOf('=');
        if (equals > 0) {
          String name = pair.substring(0, equals).strip();
          String value = pair.substring(equals + 1).strip();
          cookies.add(name, new HttpCookie(name, value));
        }
      }
    }
    return cookies;
  }

  @Override
  protected @Nullable SslInfo initSslInfo() {
    return null;
  }

  @Override
  public @Nullable InetSocketAddress getRemoteAddress() {
    return scope.client().orElse(null) instanceof InetSocketAddress address ? address : null;
  }

  @Override
  public @Nullable InetSocketAddress getLocalAddress() {
    return scope.server().orElse(null) instanceof InetSocketAddress address ? address : null;
  }

  /**
   * An event is asked for when the one before was taken: the network is read no faster than that.
   */
  @Override
  public Flux<DataBuffer> getBody() {
    if (scope instanceof WebSocketScope) {
      return Flux.empty();
    }
    // Cancelled by who has read enough, which must not cancel what the connection does.
    return Mono.defer(() -> Mono.fromFuture(receive.next().toCompletableFuture(), true))
        .repeat()
        .<ReceiveEvent.RequestBody>handle(
            (event, sink) -> {
              if (event instanceof ReceiveEvent.RequestBody part) {
                sink.next(part);
              } else {
                sink.error(new IOException("the client has gone"));
              }
            })
        .takeUntil(part -> !part.more())
        .filter(part -> part.bytes().hasRemaining())
        .map(part -> DefaultDataBufferFactory.sharedInstance.wrap(part.bytes()));
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Spring has it so
  public <T> T getNativeRequest() {
    return (T) new Asked(scope, receive);
  }
}
