package app;

import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.WebSocketScope;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.reactive.socket.HandshakeInfo;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.server.RequestUpgradeStrategy;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** Accepts WebSockets for {@code HandshakeWebSocketService}. Without state. */
final class Upgrade implements RequestUpgradeStrategy {

  @Override
  public Mono<Void> upgrade(
      ServerWebExchange exchange,
      WebSocketHandler handler,
      @Nullable String subprotocol,
      Supplier<HandshakeInfo> info) {
    ScopeRequest.Asked asked = ServerHttpRequestDecorator.getNativeRequest(exchange.getRequest());
    if (!(asked.head() instanceof WebSocketScope scope)) {
      // Its fields say so, and the worker does not: it was told to serve none.
      return Mono.error(new ResponseStatusException(HttpStatus.NOT_IMPLEMENTED));
    }
    ServerHttpResponse response = exchange.getResponse();
    SendResponse sends = ServerHttpResponseDecorator.getNativeResponse(response);
    HandshakeInfo handshake = info.get();
    Mono<ReceiveEvent> asks =
        Mono.defer(() -> Mono.fromFuture(asked.receive().next().toCompletableFuture(), true));
    return asks.filter(ReceiveEvent.WebSocketConnect.class::isInstance)
        .switchIfEmpty(Mono.error(() -> new IOException("the client has gone")))
        // What is done when a response is committed, such as a session's cookie, is in the answer.
        .then(Mono.defer(response::setComplete))
        .then(Mono.defer(() -> sends.accept(subprotocol)))
        .then(
            Mono.defer(
                () ->
                    new ScopeSession(scope, asked.receive(), sends.send(), handshake)
                        .served(handler)));
  }
}
