package dev.arbiter.app;

import java.util.List;

/**
 * A request for a WebSocket that says what another one says: extend it, and override what should
 * differ, as with {@link RequestWrapper}. As safe for several threads as what it wraps.
 */
public class WebSocketScopeWrapper extends HeadWrapper implements WebSocketScope {
  private final List<String> subprotocols;

  /**
   * Wraps {@code wrapped}.
   *
   * @param wrapped what is said where nothing is overridden
   */
  public WebSocketScopeWrapper(WebSocketScope wrapped) {
    this(wrapped, wrapped.subprotocols());
  }

  /**
   * Makes the request for a WebSocket of the head of a handshake, whose scheme becomes {@code wss}
   * where it is {@code https}, and {@code ws} where it is {@code http}.
   *
   * @param wrapped the head
   * @param subprotocols what the client speaks, the one it likes best first
   */
  public WebSocketScopeWrapper(RequestHead wrapped, List<String> subprotocols) {
    super(wrapped);
    this.subprotocols = List.copyOf(subprotocols);
  }

  @Override
  public String scheme() {
    return switch (super.scheme()) {
      case "https" -> "wss";
      case "http" -> "ws";
      case String other -> other;
    };
  }

  @Override
  public List<String> subprotocols() {
    return subprotocols;
  }
}
