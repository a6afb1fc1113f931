package dev.arbiter.app.httpserver;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/**
 * The one context of an app, at the path it is mounted on. Any thread; as long as the app.
 *
 * <p>A handler meets it in its first exchange: what it sets here holds from the next one on.
 */
@NullUnmarked
final class HandlerContext extends HttpContext {
  private final String path;
  private final Map<String, Object> attributes = new ConcurrentHashMap<>();
  private final List<Filter> filters = new CopyOnWriteArrayList<>();
  private final HttpHandler handler;
  private volatile @Nullable Authenticator authenticator;

  /**
   * @param rootPath as {@code --root-path} has it
   */
  HandlerContext(HttpHandler handler, String rootPath) {
    this.handler = handler;
    path = rootPath.isEmpty() ? "/" : rootPath;
  }

  /** Lets the exchange past its authenticator and filters to the handler. */
  void handle(HttpExchange exchange, HandlerExchange inner) throws IOException {
    Authenticator asked = authenticator;
    if (asked != null && !passes(asked, exchange, inner)) {
      return;
    }
    new Filter.Chain(filters, handler).doFilter(exchange);
  }

  /** As the JDK's own server has it: who does not pass is answered with the code and no body. */
  private static boolean passes(Authenticator asked, HttpExchange exchange, HandlerExchange inner)
      throws IOException {
    return switch (asked.authenticate(exchange)) {
      case Authenticator.Success success -> {
        inner.principal(success.getPrincipal());
        yield true;
      }
      case Authenticator.Retry retry -> refused(exchange, retry.getResponseCode());
      case Authenticator.Failure failure -> refused(exchange, failure.getResponseCode());
      default -> throw new IOException("The authenticator has answered with something unknown.");
    };
  }

  private static boolean refused(HttpExchange exchange, int status) throws IOException {
    exchange.getRequestBody().readAllBytes();
    exchange.sendResponseHeaders(status, -1);
    return false;
  }

  @Override
  public HttpHandler getHandler() {
    return handler;
  }

  @Override
  public void setHandler(HttpHandler other) {
    throw new IllegalArgumentException("The handler is set by the worker.");
  }

  @Override
  public String getPath() {
    return path;
  }

  @Override
  public HttpServer getServer() {
    throw new UnsupportedOperationException("The arbiter's worker is the server.");
  }

  @Override
  public Map<String, Object> getAttributes() {
    return attributes;
  }

  @Override
  public List<Filter> getFilters() {
    return filters;
  }

  @Override
  public @Nullable Authenticator setAuthenticator(@Nullable Authenticator other) {
    Authenticator before = authenticator;
    authenticator = other;
    return before;
  }

  @Override
  public @Nullable Authenticator getAuthenticator() {
    return authenticator;
  }
}
