package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.ReceiveEvent.RequestBody;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Small apps for the tests. */
final class Apps {

  /** Reads the whole body and tells how long it was. */
  static final BlockingApp READER =
      request -> Response.text(request.method() + " " + request.body().readAllBytes().length);

  /** The same, asynchronously. */
  static final AsyncApp ASYNC_READER =
      (scope, receive, send) ->
          length(receive, 0)
              .thenCompose(
                  length -> respond(send, 200, ((HttpScope) scope).method() + " " + length));

  /** Answers with the path, and never looks at the body. */
  static final AsyncApp PATH =
      (scope, _, send) -> respond(send, 200, ((HttpScope) scope).rawPath());

  private Apps() {}

  private static CompletionStage<Long> length(Receive receive, long before) {
    return receive
        .next()
        .thenCompose(
            event -> {
              if (!(event instanceof RequestBody body)) {
                return CompletableFuture.failedFuture(new IllegalStateException("disconnected"));
              }
              long length = before + body.bytes().remaining();
              return body.more()
                  ? length(receive, length)
                  : CompletableFuture.completedFuture(length);
            });
  }

  static CompletionStage<Void> respond(Send send, int status, String text) {
    return send.send(new ResponseStart(status, Headers.empty()))
        .thenCompose(_ -> send.send(body(text, false)));
  }

  static CompletionStage<Void> respondAgain(Send send) {
    return send.send(body("still fine", false));
  }

  static ResponseStart start(String... headers) {
    return new ResponseStart(200, Headers.of(headers));
  }

  static ResponseBody body(String text, boolean more) {
    return new ResponseBody(ByteBuffer.wrap(text.getBytes(UTF_8)), more);
  }

  static String text(ReceiveEvent event) {
    return event instanceof RequestBody body
        ? UTF_8.decode(body.bytes()) + (body.more() ? "+" : "")
        : event.toString();
  }
}
