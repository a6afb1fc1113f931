package dev.arbiter.app;

import java.util.concurrent.CompletionStage;

/**
 * Pulls what comes in. Nothing is read from the network beyond a small buffer until it is asked
 * for.
 */
@FunctionalInterface
public interface Receive {

  /**
   * The next event. One call may be outstanding at a time; a second one fails with {@link
   * IllegalStateException}. The first call answers an {@code Expect: 100-continue}.
   *
   * @return completes on the connection's event loop; after the last part of the body, and when the
   *     client has gone, with {@link ReceiveEvent.Disconnect} once it has. In a {@link
   *     WebSocketScope} the end is {@link ReceiveEvent.WebSocketDisconnect}, after which it fails
   *     with an {@link java.io.IOException}
   */
  CompletionStage<ReceiveEvent> next();
}
