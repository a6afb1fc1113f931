package dev.arbiter.app;

import java.util.List;

/**
 * A client that asks for a WebSocket (RFC 6455), as an {@link AsyncApp} sees it: it may be accepted
 * with {@link SendEvent.WebSocketAccept}, refused with {@link SendEvent.WebSocketClose}, or
 * answered with an HTTP response. An app that returns without any of these refuses with 403.
 */
public non-sealed interface WebSocketScope extends Scope, RequestHead {

  /**
   * {@code ws} or {@code wss} (RFC 6455 section 3), by the rules of {@link RequestHead#scheme}. A
   * {@link BlockingApp} sees {@code http} or {@code https}: to it a handshake is a request.
   */
  @Override
  String scheme();

  /** {@return the subprotocols the client speaks, the one it likes best first; may be empty} */
  List<String> subprotocols();
}
