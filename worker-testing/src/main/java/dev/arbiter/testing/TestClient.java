package dev.arbiter.testing;

import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.App;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.httpserver.HttpHandlers;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Asks an app without a socket, in the test's own process:
 *
 * <pre>{@code
 * try (TestClient client = TestClient.of(new App())) {
 *   TestResponse answer = client.get("/orders/7");
 *   assertThat(answer.status()).isEqualTo(200);
 * }
 * }</pre>
 *
 * <p>The app's start-up runs when the client is made, its shutdown when it is closed. A blocking
 * app is called on a virtual thread for each request, an async app on one thread that stands for
 * its event loop, so that an app that blocks it makes the test fail by its time limit. Both meet
 * the rules a worker keeps: valid header fields, a Content-Length that is true, back-pressure, no
 * body in answer to HEAD. What only a worker has (limits, framing, the access log) is not there.
 *
 * <p>What the app throws is thrown in the test, as the cause of an {@link AppFailure}, unless
 * {@link Builder#raise} is off: then it is answered with 500, as in a worker.
 *
 * <p>Cookies the app sets are kept and sent again. Redirects are not followed. Safe for several
 * threads.
 */
public final class TestClient implements AutoCloseable {
  private final App app;
  private final Asked.World world;
  private final boolean raise;
  private final Duration timeout;
  private final Cookies cookies = new Cookies();
  private final ExecutorService loop;

  private TestClient(Builder builder) {
    app = builder.app;
    raise = builder.raise;
    timeout = builder.timeout;
    ConcurrentMap<String, Object> state = new ConcurrentHashMap<>();
    world =
        new Asked.World(
            builder.scheme,
            builder.authority,
            builder.rootPath,
            Optional.ofNullable(builder.client),
            Optional.ofNullable(builder.client).map(_ -> address(80)),
            Collections.unmodifiableMap(state));
    loop = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("loop").factory());
    try {
      app.startup(new Lifespan(0, 1, 1, "test", state));
    } catch (Exception thrown) {
      loop.shutdown();
      throw new AppFailure("The app's startup failed: " + thrown, thrown);
    }
  }

  /**
   * {@return a client of {@code app}, which is started}
   *
   * @param app for this client alone: the test makes one for each
   * @throws AppFailure its start-up failed
   */
  public static TestClient of(App app) {
    return builder(app).build();
  }

  /**
   * {@return a client of an app that is a handler of the JDK's own server, as a worker runs it}
   *
   * @param handler called for each request, on a thread that is the request's alone
   */
  public static TestClient of(HttpHandler handler) {
    return builder(handler).build();
  }

  /**
   * A client that differs from {@link #of(HttpHandler)}.
   *
   * @param handler called for each request, on a thread that is the request's alone
   * @return what is told how the client differs
   */
  public static Builder builder(HttpHandler handler) {
    return new Builder(HttpHandlers.app(handler));
  }

  /**
   * A client that differs from {@link #of(App)}.
   *
   * @param app started by {@link Builder#build}
   * @return what is told how the client differs
   */
  public static Builder builder(App app) {
    return new Builder(app);
  }

  private static InetSocketAddress address(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** Says how a client differs. For one thread. */
  public static final class Builder {
    private final App app;
    private String scheme = "http";
    private String authority = "testserver";
    private String rootPath = "";
    private @Nullable SocketAddress client = address(50_000);
    private boolean raise = true;
    private Duration timeout = Duration.ofSeconds(10);

    private Builder(App app) {
      this.app = app;
    }

    /**
     * What the app believes to be asked for: scheme and host, with a port if it has one. {@code
     * http://testserver} by default.
     *
     * @param url such as {@code https://shop.example:8443}
     * @return this
     * @throws IllegalArgumentException not such a URL
     */
    public Builder baseUrl(String url) {
      if (!url.matches("https?://[^/?#]+")) {
        throw new IllegalArgumentException("Not a scheme and host: " + url);
      }
      int colon = url.indexOf(':');
      scheme = url.substring(0, colon);
      authority = url.substring(colon + 3);
      return this;
    }

    /**
     * Where the app is mounted, as {@code --root-path} says it; empty by default.
     *
     * @param path such as {@code /shop}
     * @return this
     */
    public Builder rootPath(String path) {
      rootPath = path;
      return this;
    }

    /**
     * The client's address: 127.0.0.1, port 50000, by default; null for a client on a Unix socket.
     *
     * @param address what {@link dev.arbiter.app.RequestHead#client} says
     * @return this
     */
    public Builder client(@Nullable SocketAddress address) {
      client = address;
      return this;
    }

    /**
     * Whether what the app throws is thrown in the test, as an {@link AppFailure}. On by default;
     * if off, it is answered with 500.
     *
     * @param on whether it is thrown
     * @return this
     */
    public Builder raise(boolean on) {
      raise = on;
      return this;
    }

    /**
     * How long the client waits for anything; 10 seconds by default.
     *
     * @param limit above zero
     * @return this
     */
    public Builder timeout(Duration limit) {
      timeout = limit;
      return this;
    }

    /**
     * Makes the client, and starts the app.
     *
     * @return the client; to be closed, which stops the app
     * @throws AppFailure its start-up failed
     */
    public TestClient build() {
      return new TestClient(this);
    }
  }

  /**
   * Sends a GET; {@code target} is a path with or without a query, percent-encoded.
   *
   * @param target such as {@code /items?page=2}
   * @return the whole response, when the app is done
   */
  public TestResponse get(String target) {
    return request("GET", target).send();
  }

  /**
   * Sends a POST with this body in UTF-8.
   *
   * @param target a path with or without a query, percent-encoded
   * @param body sent without a {@code Content-Type}
   * @return the whole response, when the app is done
   */
  public TestResponse post(String target, String body) {
    return request("POST", target).body(body).send();
  }

  /**
   * Asks for a WebSocket, and waits until the app has decided. With header fields: {@link
   * TestRequest#webSocket}.
   *
   * @param target a path with or without a query, percent-encoded
   * @param subprotocols that the client speaks, the one it likes best first; may be none
   * @return what the app has accepted
   * @throws WebSocketRefused the app answered with a response
   * @throws AppFailure the app failed, or did not decide in time
   */
  public TestWebSocket webSocket(String target, String... subprotocols) {
    return request("GET", target).webSocket(subprotocols);
  }

  /**
   * {@return a request to be put together}
   *
   * @param method such as {@code PUT}; case-sensitive
   * @param target a path with or without a query, percent-encoded; {@code *} for OPTIONS
   * @throws IllegalArgumentException the target's path has a malformed escape: a worker would
   *     answer 400 without asking the app
   */
  public TestRequest request(String method, String target) {
    Asked.decode(target.replaceFirst("\\?.*", ""));
    return new TestRequest(this, method, target);
  }

  /** {@return what the app has put into its lifespan's state; it changes as the app changes it} */
  public Map<String, Object> state() {
    return world.state();
  }

  /**
   * Sets a cookie, for all paths.
   *
   * @param name of the cookie
   * @param value sent as it is
   * @return this
   */
  public TestClient cookie(String name, String value) {
    cookies.set(Cookies.uri(world.scheme(), world.authority(), "/"), name, value);
    return this;
  }

  /**
   * {@return the value of a cookie that is kept}
   *
   * @param name case-sensitive
   */
  public Optional<String> cookie(String name) {
    return cookies.value(name);
  }

  /**
   * Stops the app.
   *
   * @throws AppFailure its shutdown failed
   */
  @Override
  public void close() {
    try {
      app.shutdown();
    } catch (Exception thrown) {
      throw new AppFailure("The app's shutdown failed: " + thrown, thrown);
    } finally {
      loop.shutdown();
    }
  }

  Duration timeout() {
    return timeout;
  }

  TestStream open(
      String method,
      String target,
      Headers fields,
      byte @Nullable [] body,
      Headers trailers,
      boolean streaming) {
    Asking asking = asking(target, fields);
    Exchange exchange = new Exchange(method, asking.fields(), trailers, loop, raise);
    if (body != null) {
      exchange.in.put(body);
    }
    if (!streaming) {
      exchange.in.end();
    }
    run(exchange, method, target, asking);
    return new TestStream(this, exchange);
  }

  TestWebSocket connect(String target, Headers fields, List<String> subprotocols) {
    Asking asking = asking(target, Upgrade.request(fields, subprotocols));
    Exchange exchange = new Exchange("GET", asking.fields(), Headers.empty(), loop, raise);
    exchange.in.end();
    Upgrade upgrade = exchange.upgrade(subprotocols);
    run(exchange, "GET", target, asking);
    upgrade.accepted.thenAccept(answer -> cookies.keep(asking.uri(), answer.headers()));
    await(CompletableFuture.anyOf(upgrade.accepted, exchange.head));
    Upgrade.Accepted accepted = upgrade.accepted.getNow(null);
    if (accepted == null) {
      try (TestStream refusal = new TestStream(this, exchange)) {
        throw new WebSocketRefused(refusal.readAll());
      }
    }
    return new TestWebSocket(this, exchange, upgrade.session, accepted);
  }

  /**
   * A request's fields, as they are sent.
   *
   * @param uri what cookies go by
   */
  private record Asking(URI uri, Headers fields) {}

  private Asking asking(String target, Headers fields) {
    Headers sent = fields;
    if (!sent.contains("host")) {
      sent = sent.with("host", world.authority());
    }
    int question = target.indexOf('?');
    String path = Asked.decode(question < 0 ? target : target.substring(0, question));
    URI uri = Cookies.uri(world.scheme(), world.authority(), path);
    String cookie = cookies.toSend(uri);
    if (!cookie.isEmpty() && !sent.contains("cookie")) {
      sent = sent.with("cookie", cookie);
    }
    return new Asking(uri, sent);
  }

  private void run(Exchange exchange, String method, String target, Asking asking) {
    exchange.head.thenAccept(head -> cookies.keep(asking.uri(), head.headers()));
    InputStream read = Waits.input(exchange.in, Exchange.APP_LIMIT);
    exchange.run(app, new Asked(world, method, target, asking.fields(), read, exchange));
  }

  <T> T await(CompletableFuture<T> stage) {
    try {
      return stage.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AppFailure("The test was interrupted while it waited for the app", interrupted);
    } catch (TimeoutException late) {
      throw new AppFailure("The app was not done within " + timeout.toMillis() + " ms", late);
    } catch (ExecutionException failed) {
      Throwable cause = failed.getCause() == null ? failed : failed.getCause();
      throw new AppFailure("The app failed: " + cause, cause);
    }
  }

  void awaitDone(Exchange exchange) {
    if (raise) {
      await(exchange.done);
    } else {
      await(exchange.done.exceptionally(_ -> null));
    }
  }
}
