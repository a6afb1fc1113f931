package dev.arbiter.app.middleware;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.SendEvent.WebSocketAccept;
import dev.arbiter.app.SendEvent.WebSocketClose;
import dev.arbiter.app.WebSocketScope;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** An async app behind a middleware. As concurrent as the app. */
final class AsyncWrapper extends Wrapper implements AsyncApp {
  private final Middleware middleware;
  private final AsyncApp app;

  AsyncWrapper(Middleware middleware, AsyncApp app) {
    super(app);
    this.middleware = middleware;
    this.app = app;
  }

  @Override
  public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    RequestHead request =
        switch (scope) {
          case HttpScope http -> http;
          case WebSocketScope webSocket -> webSocket;
        };
    Passage passage = middleware.enter(request);
    Optional<Response> answer = passage.answer();
    if (answer.isPresent()) {
      return answer(answer.get(), send);
    }
    int[] status = new int[1]; // written before the stage completes, which publishes it
    Send changing =
        event -> {
          if (status[0] == 0) {
            status[0] = status(event);
          }
          return send.send(changed(event, passage));
        };
    CompletionStage<Void> stage;
    try {
      stage = app.handle(StateView.of(scope, passage), receive, changing);
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

  /** What {@code event} says the answer will be; 0 if it says nothing of it. */
  private static int status(SendEvent event) {
    return switch (event) {
      case ResponseStart start -> start.status();
      case WebSocketAccept _ -> 101;
      case WebSocketClose _ -> 403; // of one that is open already nobody asks
      default -> 0;
    };
  }

  private static SendEvent changed(SendEvent event, Passage passage) {
    return switch (event) {
      case ResponseStart(int status, Headers headers) ->
          new ResponseStart(status, passage.headers(status, headers));
      case WebSocketAccept(String subprotocol, Headers headers) ->
          new WebSocketAccept(subprotocol, passage.headers(101, headers));
      default -> event;
    };
  }

  private static CompletionStage<Void> answer(Response response, Send send) {
    if (!(response.body() instanceof Response.Body.Bytes body)) {
      throw new IllegalStateException("A middleware's answer must be whole in memory.");
    }
    ByteBuffer bytes = ByteBuffer.wrap(body.bytes());
    return send.send(new ResponseStart(response.status(), response.headers()))
        .thenCompose(_ -> send.send(new ResponseBody(bytes, false)));
  }
}
