package app;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;

/** The plaintext benchmark: the same few bytes for every request. */
public final class App implements BlockingApp {
  private static final byte[] HELLO = "Hello, World!\n".getBytes(US_ASCII);

  /** Makes room for what the peers' heads have more, so that all can be padded to one size. */
  private static final String PADDING = "x".repeat(32);

  @Override
  public Response handle(Request request) {
    return Response.bytes("text/plain; charset=utf-8", HELLO).withHeader("x-pad", PADDING);
  }
}
