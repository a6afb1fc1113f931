package app;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Receive;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.HttpHandler;
import reactor.core.publisher.Mono;

/**
 * Runs a reactive {@link HttpHandler} of Spring, which is what both of WebFlux' programming models
 * come down to. The handler is called on the event loop of the request's connection.
 *
 * <p>Demand is passed on in both directions: nothing of a request is read that was not asked for,
 * and nothing of a response is asked for that the connection has no room for.
 *
 * <p>A handshake of a WebSocket is a request like others, until a handler gives it to a {@code
 * WebSocketService} with an {@link Upgrade}.
 */
abstract class WebFluxApp implements AsyncApp {
  private @Nullable HttpHandler handler;

  /** Makes the handler, when the worker starts. */
  abstract HttpHandler handler(Lifespan lifespan) throws Exception;

  @Override
  public void startup(Lifespan lifespan) throws Exception {
    handler = handler(lifespan);
  }

  @Override
  public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    HttpHandler started = handler;
    if (!(scope instanceof RequestHead head) || started == null) {
      return CompletableFuture.completedStage(null); // a kind of scope that came later
    }
    ScopeRequest request = new ScopeRequest(head, receive);
    SendResponse response = new SendResponse(send);
    CompletableFuture<Void> done = new CompletableFuture<>();
    started
        .handle(request, response)
        .then(Mono.defer(response::end))
        .subscribe(_ -> {}, done::completeExceptionally, () -> done.complete(null));
    return done;
  }
}
