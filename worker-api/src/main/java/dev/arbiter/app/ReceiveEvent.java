package dev.arbiter.app;

import java.nio.ByteBuffer;

/** What an {@link AsyncApp} receives. */
public sealed interface ReceiveEvent {

  /**
   * A part of the request's body.
   *
   * @param bytes read-only; the app's own, valid as long as it likes
   * @param more whether another part follows; a request without a body gives one empty part with
   *     {@code false}
   */
  record RequestBody(ByteBuffer bytes, boolean more) implements ReceiveEvent {}

  /**
   * The client has gone, or the response is complete: nothing more will come, and nothing sent will
   * arrive.
   */
  record Disconnect() implements ReceiveEvent {}
}
