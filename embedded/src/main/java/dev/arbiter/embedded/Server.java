package dev.arbiter.embedded;

import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.App;
import dev.arbiter.http.AppHost;
import dev.arbiter.http.LoadedApp;
import dev.arbiter.netty.NettyWorker;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.StandaloneRuntime;
import dev.arbiter.worker.StandaloneRuntime.Endpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Serves one app in this JVM, as a worker of kind {@code netty} does, without an arbiter:
 *
 * <pre>{@code
 * try (Server server = Server.of(new App()).startup()) {
 *   URI home = server.uri(); // http://127.0.0.1:43127
 * }
 * }</pre>
 *
 * <p>It starts no process, writes to no stream, and handles no signal unless {@link #serve} is what
 * the program does: those are the caller's. It also watches over nothing: an app that hangs, leaks
 * or crashes takes the JVM along, for which the arbiter is there. The JVM's own shutdown does not
 * wait for it; see {@code docs/embedding.md}.
 *
 * <p>Used once: {@link #startup}, then {@link #shutdown}; or {@link #serve}, which is both. All of
 * them wait, and are safe from any thread.
 */
public final class Server implements AutoCloseable {
  private static final System.Logger LOGGER = System.getLogger("dev.arbiter");

  private final App app;
  private final Class<?> origin;
  private final InetSocketAddress address;
  private final boolean tls;
  private final Map<String, String> settings;
  private final Duration gracefulTimeout;
  private final BiConsumer<System.Logger.Level, String> log;
  private final CompletableFuture<Boolean> stopped = new CompletableFuture<>();
  private @Nullable StandaloneRuntime runtime;
  private boolean used;

  private Server(Builder builder) {
    app = builder.app;
    origin = builder.origin;
    address = builder.address;
    tls = builder.settings.containsKey("certfile");
    Map<String, String> all = new HashMap<>(builder.settings);
    // For a worker this is a descriptor that its arbiter left it; here that number is anybody's.
    all.merge("access-logfile", "-", (named, _) -> named);
    all.replace("access-logfile", "-", "/dev/stdout");
    settings = Map.copyOf(all);
    gracefulTimeout = builder.gracefulTimeout;
    log = builder.log;
  }

  /**
   * {@return a server of {@code app} on a free port of 127.0.0.1, not yet started}
   *
   * @param app started by {@link #startup}
   */
  public static Server of(App app) {
    return builder(app).build();
  }

  /**
   * {@return a server of a handler of the JDK's, as {@link #of(App)}}
   *
   * @param handler called on virtual threads, by several at once
   */
  public static Server of(HttpHandler handler) {
    return builder(handler).build();
  }

  /**
   * A server that differs from {@link #of(App)}.
   *
   * @param app started by {@link #startup}
   * @return what is told how the server differs
   */
  public static Builder builder(App app) {
    return new Builder(app, app.getClass());
  }

  /**
   * A server that differs from {@link #of(HttpHandler)}.
   *
   * @param handler called on virtual threads, by several at once
   * @return what is told how the server differs
   */
  public static Builder builder(HttpHandler handler) {
    return new Builder(AppHost.of(handler), handler.getClass());
  }

  /** Says how a server differs. For one thread. */
  public static final class Builder {
    private final App app;
    private final Class<?> origin;
    private final Map<String, String> settings = new HashMap<>();
    private InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private Duration gracefulTimeout = Duration.ofSeconds(30);
    private BiConsumer<System.Logger.Level, String> log = LOGGER::log;

    private Builder(App app, Class<?> origin) {
      this.app = app;
      this.origin = origin;
      settings.put("access-log", "false");
    }

    /**
     * Where to listen.
     *
     * @param host a name or an address; 127.0.0.1 by default
     * @param port 0, the default, for a free one
     * @return this
     */
    public Builder address(String host, int port) {
      address = new InetSocketAddress(host, port);
      return this;
    }

    /**
     * Speaks TLS, and only TLS.
     *
     * @param certificates a PEM file: the server's own first, then those between it and the root
     * @param key a PEM file; may be the same
     * @return this
     */
    public Builder tls(Path certificates, Path key) {
      settings.put("certfile", certificates.toString());
      settings.put("keyfile", key.toString());
      return this;
    }

    /**
     * Event loops; as many as there are cores by default.
     *
     * @param count from 1
     * @return this
     */
    public Builder threads(int count) {
      return setting("threads", Integer.toString(count));
    }

    /**
     * How long {@link Server#shutdown} waits for requests that are under way and for the app, 30
     * seconds by default.
     *
     * @param time zero cuts them at once
     * @return this
     */
    public Builder gracefulTimeout(Duration time) {
      gracefulTimeout = time;
      return this;
    }

    /**
     * Another setting of a worker, by its long name without dashes: {@code setting("keep-alive",
     * "5000")}. Values are as the arbiter passes them on: durations in milliseconds, sizes in
     * bytes, switches {@code true} or {@code false}, 0 for a limit that is off. They are not
     * checked, and a name that no worker knows does nothing.
     *
     * @param name as in docs/settings.md
     * @param value a number, a word or a path
     * @return this
     */
    public Builder setting(String name, String value) {
      settings.put(name, value);
      return this;
    }

    /**
     * Who is told what happens: that an app failed a request, what was cut. The logger {@code
     * dev.arbiter} of {@link System#getLogger} by default. Called from any thread; must not block.
     *
     * @param told given a level and a line, or several
     * @return this
     */
    public Builder log(BiConsumer<System.Logger.Level, String> told) {
      log = told;
      return this;
    }

    /**
     * Makes the server; {@link Server#startup} starts it.
     *
     * @return a server that listens nowhere yet
     */
    public Server build() {
      return new Server(this);
    }
  }

  /**
   * Binds, runs the app's {@link App#startup} and {@link App#checkHealth}, and accepts.
   *
   * @return this server
   * @throws BootFailure it cannot start: the address, a file or a setting is wrong, or the app
   *     failed, which is the cause then. Nothing is left behind
   * @throws IllegalStateException it was started before
   */
  public synchronized Server startup() throws BootFailure {
    if (used) {
      throw new IllegalStateException("A server is started once.");
    }
    used = true;
    ClassLoader own = origin.getClassLoader();
    ClassLoader loader = own == null ? ClassLoader.getSystemClassLoader() : own;
    LoadedApp loaded = new LoadedApp(app, loader, origin.getName());
    runtime =
        StandaloneRuntime.start(
            new NettyWorker(loaded),
            settings,
            List.of(new Endpoint(address, tls)),
            (level, text) -> log.accept(level(level), text));
    return this;
  }

  /**
   * For a {@code main} that does nothing else: {@link #startup}, and waits until it has been shut
   * down. That is done by a {@link #shutdown} from another thread, by an interrupt of this one, and
   * by the end of the JVM (TERM, INT, {@link System#exit}), which waits for it.
   *
   * @return as {@link #shutdown}
   * @throws BootFailure as {@link #startup}
   * @throws IllegalStateException it was started before, or the JVM is ending
   */
  public boolean serve() throws BootFailure {
    Thread atEnd = new Thread(this::shutdown, "arbiter-shutdown");
    Runtime.getRuntime().addShutdownHook(atEnd);
    try {
      startup();
      return stopped.get();
    } catch (InterruptedException _) {
      boolean well = shutdown();
      Thread.currentThread().interrupt();
      return well;
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    } finally {
      forget(atEnd);
    }
  }

  private static void forget(Thread atEnd) {
    try {
      Runtime.getRuntime().removeShutdownHook(atEnd);
    } catch (IllegalStateException _) {
      // The JVM is ending: the hook runs, or has run.
    }
  }

  private static System.Logger.Level level(String level) {
    return switch (level) {
      case "error" -> System.Logger.Level.ERROR;
      case "warning" -> System.Logger.Level.WARNING;
      case "info" -> System.Logger.Level.INFO;
      default -> System.Logger.Level.DEBUG;
    };
  }

  /**
   * {@return where it listens, with the port it was given}
   *
   * @throws IllegalStateException it was not started
   */
  public InetSocketAddress address() {
    return running().addresses().getFirst();
  }

  /**
   * {@return scheme, host and port, without a path}
   *
   * @throws IllegalStateException it was not started
   */
  public URI uri() {
    InetSocketAddress bound = address();
    String host = bound.getAddress().getHostAddress();
    return URI.create(
        "%s://%s:%d"
            .formatted(
                tls ? "https" : "http",
                host.contains(":") ? "[" + host + "]" : host,
                bound.getPort()));
  }

  private synchronized StandaloneRuntime running() {
    return Optional.ofNullable(runtime)
        .orElseThrow(() -> new IllegalStateException("The server has not been started."));
  }

  /**
   * Stops accepting, lets requests that are under way end and says on each connection that it
   * closes, cuts what is not over in time, and runs the app's {@link App#shutdown}. Waits for that;
   * an interrupt ends the wait, and what is left is cut. Does nothing if it was not started, or is
   * stopped.
   *
   * @return whether everything ended by itself within the graceful timeout, and the app's shutdown
   *     did not fail; if not, the log says why
   */
  public boolean shutdown() {
    StandaloneRuntime started;
    synchronized (this) {
      started = runtime;
    }
    if (started == null) {
      return true;
    }
    boolean well = started.stop(gracefulTimeout);
    stopped.complete(well);
    return well;
  }

  /** As {@link #shutdown}. */
  @Override
  public void close() {
    shutdown();
  }
}
