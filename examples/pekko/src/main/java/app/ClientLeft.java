package app;

import java.io.IOException;
import org.apache.pekko.http.scaladsl.model.ws.PeerClosedConnectionException;

/** That a client has left, told from what a route's own streams fail with. */
final class ClientLeft extends IOException {
  private static final long serialVersionUID = 1;

  ClientLeft() {
    super("the client has gone");
  }

  ClientLeft(IOException cause) {
    super(cause);
  }

  /** Whether it is why; Pekko has a word of its own for who leaves a WebSocket. */
  static boolean causes(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ClientLeft || cause instanceof PeerClosedConnectionException) {
        return true;
      }
    }
    return false;
  }
}
