package app;

import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
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

/** A request as WebFlux wants it. On the connection's event loop. */
final class ScopeRequest extends AbstractServerHttpRequest {
  private final HttpScope scope;
  private final Receive receive;

  ScopeRequest(HttpScope scope, Receive receive) {
    super(HttpMethod.valueOf(scope.method()), uri(scope), scope.rootPath(), headers(scope));
    this.scope = scope;
    this.receive = receive;
  }

  private static URI uri(HttpScope scope) {
    String host = scope.host().isEmpty() ? "localhost" : scope.host();
    String path = scope.target().startsWith("/") ? scope.target() : "/";
    return URI.create(scope.scheme() + "://" + host + path);
  }

  private static HttpHeaders headers(HttpScope scope) {
    HttpHeaders headers = new HttpHeaders();
    scope.headers().forEach(headers::add);
    return headers;
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
    return (T) scope;
  }
}
