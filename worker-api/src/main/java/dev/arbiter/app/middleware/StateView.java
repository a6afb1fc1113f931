package dev.arbiter.app.middleware;

import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Request;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.RequestWrapper;
import dev.arbiter.app.Scope;
import dev.arbiter.app.WebSocketScope;
import dev.arbiter.app.WebSocketScopeWrapper;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/** A request with a state of its own: the app's, and what a middleware adds for it alone. */
final class StateView extends RequestWrapper {
  private final Map<String, Object> state;

  private StateView(RequestHead wrapped, Map<String, Object> added) {
    super(wrapped);
    state = both(wrapped, added);
  }

  private static Map<String, Object> both(RequestHead wrapped, Map<String, Object> added) {
    if (added.get(RequestLog.ID) instanceof String id) {
      wrapped.identify(id); // the worker's log is to name the request as the app's does
    }
    Map<String, Object> all = new HashMap<>(wrapped.state());
    all.putAll(added);
    return Collections.unmodifiableMap(all);
  }

  static Request of(Request request, Passage passage) {
    Map<String, Object> added = passage.state();
    return added.isEmpty() ? request : new StateView(request, added);
  }

  static Scope of(Scope scope, Passage passage) {
    Map<String, Object> added = passage.state();
    if (added.isEmpty()) {
      return scope;
    }
    return switch (scope) {
      case HttpScope http -> new StateView(http, added);
      case WebSocketScope webSocket -> new OfWebSocket(webSocket, added);
    };
  }

  private static final class OfWebSocket extends WebSocketScopeWrapper {
    private final Map<String, Object> state;

    OfWebSocket(WebSocketScope wrapped, Map<String, Object> added) {
      super(wrapped);
      state = both(wrapped, added);
    }

    @Override
    public Map<String, Object> state() {
      return state;
    }
  }

  /** As it was when the request came. */
  @Override
  public Map<String, Object> state() {
    return state;
  }
}
