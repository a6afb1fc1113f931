package app;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/** The plaintext benchmark: the same few bytes for every request. */
public final class App implements AsyncApp {
  private static final byte[] HELLO = "Hello, World!\n".getBytes(US_ASCII);

  /** Makes room for what the peers' heads have more, so that all can be padded to one size. */
  private static final String PADDING = "x".repeat(32);

  private static final ResponseStart OK =
      new ResponseStart(
          200, Headers.of("content-type", "text/plain; charset=utf-8", "x-pad", PADDING));

  @Override
  public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    return send.send(OK)
        .thenCompose(_ -> send.send(new ResponseBody(ByteBuffer.wrap(HELLO), false)));
  }
}
