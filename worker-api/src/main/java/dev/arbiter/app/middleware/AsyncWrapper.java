package dev.arbiter.app.middleware;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Notice;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** An async app behind a middleware. As concurrent as the app. */
final class AsyncWrapper implements AsyncApp {
  private final Middleware middleware;
  private final AsyncApp app;

  AsyncWrapper(Middleware middleware, AsyncApp app) {
    this.middleware = middleware;
    this.app = app;
  }

  @Override
  public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    if (!(scope instanceof HttpScope request)) {
      return app.handle(scope, receive, send);
    }
    Passage passage = middleware.enter(request);
    Optional<Response> answer = passage.answer();
    if (answer.isPresent()) {
      return answer(answer.get(), send);
    }
    int[] status = new int[1]; // written before the stage completes, which publishes it
    Send changing =
        event -> {
          if (event instanceof ResponseStart start) {
            status[0] = start.status();
            return send.send(
                new ResponseStart(
                    start.status(), passage.headers(start.status(), start.headers())));
          }
          return send.send(event);
        };
    CompletionStage<Void> stage;
    try {
      stage = app.handle(StateView.of(request, passage), receive, changing);
    } catch (Throwable thrown) {
      passage.ended(500, Optional.of(thrown));
      throw thrown;
    }
    return stage == null
        ? stage
        : stage.whenComplete(
            (_, thrown) ->
                passage.ended(
                    thrown != null && status[0] == 0 ? 500 : status[0],
                    Optional.ofNullable(thrown)));
  }

  private static CompletionStage<Void> answer(Response response, Send send) {
    if (!(response.body() instanceof Response.Body.Bytes body)) {
      throw new IllegalStateException("A middleware's answer must be whole in memory.");
    }
    ByteBuffer bytes = ByteBuffer.wrap(body.bytes());
    return send.send(new ResponseStart(response.status(), response.headers()))
        .thenCompose(_ -> send.send(new ResponseBody(bytes, false)));
  }

  @Override
  public void startup(Lifespan lifespan) throws Exception {
    app.startup(lifespan);
  }

  @Override
  public void shutdown() throws Exception {
    app.shutdown();
  }

  @Override
  public void checkHealth() throws Exception {
    app.checkHealth();
  }

  @Override
  public void callbackNotify(Notice notice) {
    app.callbackNotify(notice);
  }
}
