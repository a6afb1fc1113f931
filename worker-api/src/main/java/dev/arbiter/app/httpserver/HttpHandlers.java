package dev.arbiter.app.httpserver;

import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.BlockingApp;

/**
 * Makes apps of handlers that were written for the JDK's own HTTP server. A worker does that by
 * itself with a handler that it is given as its app; this is for who wants to put something around
 * it, such as a {@link dev.arbiter.app.middleware.Middleware}.
 */
public final class HttpHandlers {
  private HttpHandlers() {}

  /**
   * {@return an app that answers what {@code handler} answers} Each has one {@link
   * com.sun.net.httpserver.HttpContext} for all its requests.
   *
   * @param handler called for each request, on a thread that is the request's alone
   */
  public static BlockingApp app(HttpHandler handler) {
    return new HandlerApp(handler);
  }
}
