package dev.arbiter.app;

import java.util.concurrent.CompletionStage;

/**
 * Pulls what comes in. Nothing is read from the network beyond a small buffer until it is asked
 * for.
 */
@FunctionalInterface
public interface Receive {

  /**
   * The next event. One call may be outstanding at a time, whatever thread makes it: the stage of a
   * second one fails with {@link IllegalStateException}, and the first is none the worse for it.
   * The first call answers an {@code Expect: 100-continue}.
   *
   * <p>In an {@link HttpScope} nothing but that makes it fail. Who has received the last part of
   * the body and asks again is told of the end when it comes, with {@link ReceiveEvent.Disconnect}:
   * when the response is complete, or before that because the client has gone. The same ends a body
   * in the middle, be it that the client has gone or that the worker refuses the rest of its body
   * (malformed, longer than {@code --limit-request-body}, later than {@code --body-timeout}) and
   * answers in the app's stead. It is given again to who asks again.
   *
   * <p>A client of HTTP/1.1 that ends its side of the connection once its request is complete looks
   * like one that has gone, and is taken for one here; what the app sends is sent all the same, and
   * arrives if it has only said that it asks for nothing more. In HTTP/2 it has gone when it resets
   * the stream, or when its connection ends.
   *
   * @return completes on the connection's event loop, and under {@code sync} on the thread that
   *     runs the app. In a {@link WebSocketScope} the end is {@link
   *     ReceiveEvent.WebSocketDisconnect}, after which it fails with an {@link java.io.IOException}
   */
  CompletionStage<ReceiveEvent> next();
}
