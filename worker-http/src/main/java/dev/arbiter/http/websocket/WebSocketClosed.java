package dev.arbiter.http.websocket;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** What an app's sending fails with when its WebSocket has ended: no fault of the app. */
public final class WebSocketClosed extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private static final int DEPTH = 10;

  WebSocketClosed() {
    super("The WebSocket is closed.");
  }

  /** Whether {@code failure} comes of it. */
  static boolean causes(@Nullable Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEPTH; depth++) {
      if (cause instanceof WebSocketClosed) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }
}
