package app;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import com.sun.net.httpserver.spi.HttpServerProvider;
import io.avaje.jex.Jex;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.NullUnmarked;

/**
 * All of Jex in one handler. Jex makes a server of the JDK's and gives it a handler for everything;
 * the server it is given here listens nowhere, and only keeps that.
 */
final class JexHandler {
  private JexHandler() {}

  /** The routes of {@code jex}, which is started by that. */
  static HttpHandler of(Jex jex) {
    Nowhere nowhere = new Nowhere();
    jex.config().serverProvider(new Provider(nowhere));
    jex.start();
    return nowhere.context.getHandler();
  }

  /** Makes that one server. */
  private static final class Provider extends HttpServerProvider {
    private final HttpServer server;

    Provider(HttpServer server) {
      this.server = server;
    }

    @Override
    public HttpServer createHttpServer(InetSocketAddress address, int backlog) {
      return server;
    }

    @Override
    public HttpsServer createHttpsServer(InetSocketAddress address, int backlog) {
      throw new UnsupportedOperationException("TLS is the arbiter's: --certfile");
    }
  }

  /** A server that listens nowhere. */
  @NullUnmarked
  private static final class Nowhere extends HttpServer {
    private final Everything context = new Everything(this);
    private Executor executor;

    @Override
    public HttpContext createContext(String path, HttpHandler handler) {
      context.setHandler(handler);
      return context;
    }

    @Override
    public HttpContext createContext(String path) {
      return context;
    }

    @Override
    public void removeContext(String path) {
      // There is one, and it stays.
    }

    @Override
    public void removeContext(HttpContext removed) {
      // There is one, and it stays.
    }

    @Override
    public InetSocketAddress getAddress() {
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @Override
    public void setExecutor(Executor wanted) {
      executor = wanted;
    }

    @Override
    public Executor getExecutor() {
      return executor;
    }

    @Override
    public void bind(InetSocketAddress address, int backlog) {
      // The arbiter has bound what there is.
    }

    @Override
    public void start() {
      // The worker accepts.
    }

    @Override
    public void stop(int delay) {
      // The worker drains.
    }
  }

  /** Its one context. */
  @NullUnmarked
  private static final class Everything extends HttpContext {
    private final HttpServer server;
    private final Map<String, Object> attributes = new HashMap<>();
    private final List<Filter> filters = new ArrayList<>();
    private HttpHandler handler;
    private Authenticator authenticator;

    Everything(HttpServer server) {
      this.server = server;
    }

    @Override
    public HttpHandler getHandler() {
      return handler;
    }

    @Override
    public void setHandler(HttpHandler all) {
      handler = all;
    }

    @Override
    public String getPath() {
      return "/";
    }

    @Override
    public HttpServer getServer() {
      return server;
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
    public Authenticator setAuthenticator(Authenticator other) {
      Authenticator before = authenticator;
      authenticator = other;
      return before;
    }

    @Override
    public Authenticator getAuthenticator() {
      return authenticator;
    }
  }
}
