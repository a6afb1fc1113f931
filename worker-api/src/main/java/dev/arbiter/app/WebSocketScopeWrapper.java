package dev.arbiter.app;

import java.util.List;

/**
 * A request for a WebSocket that says what another one says: extend it, and override what should
 * differ, as with {@link RequestWrapper}. As safe for several threads as what it wraps.
 */
public class WebSocketScopeWrapper extends HeadWrapper implements WebSocketScope {

  /** Wraps {@code wrapped}. */
  public WebSocketScopeWrapper(WebSocketScope wrapped) {
    super(wrapped);
  }

  @Override
  public List<String> subprotocols() {
    return ((WebSocketScope) wrapped()).subprotocols();
  }
}
