package app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The smallest async app: says which worker answered, on the connection's event loop. */
public final class App implements AsyncApp {
  private static final ResponseStart OK =
      new ResponseStart(200, Headers.of("content-type", "text/plain; charset=utf-8"));

  private final byte[] greeting =
      ("Hello from worker " + ProcessHandle.current().pid() + "\n").getBytes(UTF_8);

  @Override
  public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    if (!(scope instanceof HttpScope)) {
      return CompletableFuture.completedFuture(null); // a kind of scope of a later release
    }
    return send.send(OK)
        .thenCompose(_ -> send.send(new ResponseBody(ByteBuffer.wrap(greeting), false)));
  }
}
