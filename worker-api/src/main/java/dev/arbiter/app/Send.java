package dev.arbiter.app;

import java.util.concurrent.CompletionStage;

/**
 * Pushes what goes out. May be called from any thread, one call at a time; in a {@link
 * WebSocketScope} that was accepted by several at once, and what is sent before its predecessor was
 * taken waits in a queue of {@code --ws-max-queue} messages.
 */
@FunctionalInterface
public interface Send {

  /**
   * Sends one event.
   *
   * @param event written after those that were sent before
   * @return completes when the connection has room for the next one, which is the app's
   *     back-pressure; fails with an {@link java.io.IOException} if the client has gone, and with
   *     {@link IllegalStateException} if the event is out of order (a body before its start, more
   *     bytes than the declared {@code Content-Length}, more messages than the queue holds)
   */
  CompletionStage<Void> send(SendEvent event);
}
