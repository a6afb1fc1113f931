package dev.arbiter.app.middleware;

import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Request;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.RequestWrapper;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/** A request with a state of its own: the app's, and what a middleware adds for it alone. */
final class StateView extends RequestWrapper {
  private final Map<String, Object> state;

  private StateView(RequestHead wrapped, Map<String, Object> added) {
    super(wrapped);
    Map<String, Object> all = new HashMap<>(wrapped.state());
    all.putAll(added);
    state = Collections.unmodifiableMap(all);
  }

  static Request of(Request request, Passage passage) {
    Map<String, Object> added = passage.state();
    return added.isEmpty() ? request : new StateView(request, added);
  }

  static HttpScope of(HttpScope scope, Passage passage) {
    Map<String, Object> added = passage.state();
    return added.isEmpty() ? scope : new StateView(scope, added);
  }

  /** As it was when the request came. */
  @Override
  public Map<String, Object> state() {
    return state;
  }
}
