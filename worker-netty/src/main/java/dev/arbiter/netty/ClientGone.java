package dev.arbiter.netty;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * What an app's reading and sending fails with when there is nobody left to read from or send to.
 */
final class ClientGone extends IOException {
  @Serial private static final long serialVersionUID = 1;

  ClientGone(String message) {
    super(message);
  }

  static boolean causes(Throwable failure) {
    @Nullable Throwable cause = failure;
    for (int depth = 0; cause != null && depth < 10; depth++) {
      if (cause instanceof ClientGone) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }
}
