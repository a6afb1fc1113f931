package dev.arbiter.http.websocket;

import dev.arbiter.app.WebSocket;

/** What a client's frames amount to. */
sealed interface Inbound {

  /** A text or binary message, whole. */
  record Data(WebSocket.Message message) implements Inbound {}

  /** To be answered with a pong of the same bytes. */
  @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
  record Ping(byte[] bytes) implements Inbound {}

  /** An answer to a ping, or of the client's own accord. */
  @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
  record Pong(byte[] bytes) implements Inbound {}

  /** The client closes. */
  record Closing(int code, String reason) implements Inbound {}
}
