package dev.arbiter.testing;

import java.io.Serial;

/** The app answered a WebSocket's handshake with a response, which is what a client would see. */
public final class WebSocketRefused extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final transient TestResponse response;

  WebSocketRefused(TestResponse response) {
    super("The app refused the WebSocket: " + response);
    this.response = response;
  }

  /**
   * {@return the whole of it; 403 if the app closed before it accepted, or was done without an
   * answer}
   */
  public TestResponse response() {
    return response;
  }
}
