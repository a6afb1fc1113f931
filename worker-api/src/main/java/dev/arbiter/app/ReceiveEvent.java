package dev.arbiter.app;

import java.nio.ByteBuffer;

/**
 * What an {@link AsyncApp} receives. In an {@link HttpScope} parts of the request's body; in a
 * {@link WebSocketScope} first {@link WebSocketConnect}, then messages, then {@link
 * WebSocketDisconnect}.
 */
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
   * The client has gone, its request was refused, or the response is complete: nothing more will
   * come, and nothing sent will arrive; {@link Receive#next} says which exception there is.
   */
  record Disconnect() implements ReceiveEvent {}

  /** A client asks for a WebSocket; nothing else comes until the app has accepted it. */
  record WebSocketConnect() implements ReceiveEvent {}

  /**
   * A text message, whole.
   *
   * @param text may be empty
   */
  record WebSocketText(String text) implements ReceiveEvent {}

  /**
   * A binary message, whole.
   *
   * @param bytes read-only; the app's own, valid as long as it likes
   */
  record WebSocketBinary(ByteBuffer bytes) implements ReceiveEvent {}

  /**
   * The WebSocket has ended: nothing more will come, and nothing sent will arrive.
   *
   * @param code as in RFC 6455 section 7.4: what the client gave, or what this side closed with;
   *     1005 if the client gave none, 1006 if the connection broke
   * @param reason may be empty
   */
  record WebSocketDisconnect(int code, String reason) implements ReceiveEvent {}
}
