package dev.arbiter.worker;

import dev.arbiter.wire.Message.ListenerInfo;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The life of a worker without an arbiter, in a JVM that is somebody else's: binds, accepts, drains
 * and stops. In contrast to {@link WorkerRuntime} it leaves alone what belongs to the process:
 * signals, standard streams, its end. Nobody supervises it: there are no beats, no {@code
 * callbackNotify}, and nothing ends it where its app hangs.
 *
 * <p>Several may live in one JVM, one after the other or at once. Any thread.
 */
public final class StandaloneRuntime implements WorkerContext {
  /** As WorkerRuntime: who comes in while the accepting thread leaves must have time to ask. */
  private static final Duration LINGER = Duration.ofMillis(300);

  private static final long CLOSE_MILLIS = 1000;

  /**
   * Where to listen.
   *
   * @param address port 0 for one that is free
   * @param tls whether connections speak TLS, with the settings' {@code certfile}
   */
  public record Endpoint(InetSocketAddress address, boolean tls) {}

  private final Worker worker;
  private final BiConsumer<String, String> log;
  private final WorkerSettings settings;
  private final List<ListenerInfo> listeners;
  private final List<InetSocketAddress> addresses;
  private final Connections connections;
  private volatile @Nullable Acceptors acceptors;
  private volatile boolean draining;

  private StandaloneRuntime(
      Worker worker,
      Map<String, String> settings,
      List<Endpoint> endpoints,
      List<ListeningSocket> sockets,
      BiConsumer<String, String> log) {
    this.worker = worker;
    this.log = log;
    List<ListenerInfo> listeners = new ArrayList<>();
    List<String> secure = new ArrayList<>();
    for (int i = 0; i < sockets.size(); i++) {
      ListeningSocket socket = sockets.get(i);
      boolean tls = endpoints.get(i).tls();
      listeners.add(new ListenerInfo(socket.fd(), name(socket.address(), tls), false));
      if (tls) {
        secure.add(Integer.toString(socket.fd()));
      }
    }
    this.listeners = List.copyOf(listeners);
    this.addresses = sockets.stream().map(ListeningSocket::address).toList();
    Map<String, String> all = new HashMap<>(settings);
    if (!secure.isEmpty()) {
      all.put("tls-listeners", secure.stream().collect(Collectors.joining(" ")));
    }
    this.settings = new WorkerSettings(Map.copyOf(all));
    connections = new Connections((int) this.settings.number("worker-connections", 0));
  }

  private static String name(InetSocketAddress address, boolean tls) {
    InetAddress ip = address.getAddress();
    String host = ip.getHostAddress();
    return "%s://%s:%d"
        .formatted(
            tls ? "https" : "http",
            ip.getAddress().length == 4 ? host : "[" + host + "]",
            address.getPort());
  }

  /**
   * Binds, starts the worker and its app, asks the app for its health, and accepts.
   *
   * @param worker not started yet
   * @param settings as {@link WorkerSettings} has them
   * @param endpoints where to listen
   * @param log told lines, with a level as {@link WorkerContext#say} has it; any thread, must not
   *     block
   * @return what serves until it is stopped
   * @throws BootFailure it cannot; nothing is left behind
   */
  public static StandaloneRuntime start(
      Worker worker,
      Map<String, String> settings,
      List<Endpoint> endpoints,
      BiConsumer<String, String> log)
      throws BootFailure {
    Optional<String> strange = Abi.refusal();
    if (strange.isPresent()) {
      throw new BootFailure(BootFailure.WORKER_FAILED, strange.get(), Abi.HINT, null);
    }
    List<ListeningSocket> sockets = new ArrayList<>();
    boolean serves = false;
    try {
      for (Endpoint endpoint : endpoints) {
        sockets.add(bind(endpoint));
      }
      StandaloneRuntime runtime = new StandaloneRuntime(worker, settings, endpoints, sockets, log);
      runtime.boot();
      serves = true;
      return runtime;
    } finally {
      if (!serves) {
        sockets.forEach(socket -> Native.close(socket.fd()));
      }
    }
  }

  private static ListeningSocket bind(Endpoint endpoint) throws BootFailure {
    try {
      return ListeningSocket.open(endpoint.address());
    } catch (IOException failed) {
      throw new BootFailure(
          BootFailure.WRONG_SETTING,
          "Cannot bind " + endpoint.address() + ": " + failed.getMessage(),
          "",
          failed);
    }
  }

  // What a worker or an app throws, errors included, is why it does not start.
  @SuppressWarnings("CatchingUnchecked")
  private void boot() throws BootFailure {
    try {
      worker.start(this);
      Health health = worker.probe("");
      if (health.status() < 200 || health.status() >= 400) {
        throw new BootFailure(
            BootFailure.WORKER_FAILED,
            "the app is not healthy: " + health.detail(),
            "its checkHealth() says so",
            null);
      }
      Acceptors starting =
          new Acceptors(
              listeners, connections, worker, false, text -> say("warning", text), this::recycle);
      starting.accept();
      acceptors = starting;
    } catch (Throwable thrown) {
      try {
        worker.stop();
      } catch (Exception unstarted) {
        thrown.addSuppressed(unstarted);
      }
      throw thrown instanceof BootFailure known
          ? known
          : new BootFailure(BootFailure.WORKER_FAILED, "The worker failed: " + thrown, "", thrown);
    }
  }

  /** {@return where it listens, in the order of the endpoints, with the ports that were given} */
  public List<InetSocketAddress> addresses() {
    return addresses;
  }

  /** {@return connections that are open now} Any thread. */
  public int open() {
    return connections.open();
  }

  /**
   * Stops accepting, lets what is in flight end, cuts what does not end in time, and stops the
   * worker and its app. Waits for that; an interrupt ends the wait, and what is left is cut. Only
   * the first call does anything.
   *
   * @param grace for all of it; a tenth, one second at most, is kept for the app's shutdown
   * @return whether everything ended by itself; if not, the log has been told
   */
  public synchronized boolean stop(Duration grace) {
    Acceptors accepting = acceptors;
    if (draining || accepting == null) {
      return true;
    }
    draining = true;
    Farewell farewell = new Farewell(worker, connections, grace, this);
    accepting.allClosing();
    worker.drain(new DrainOrder("stop", grace, LINGER));
    accepting.leave(CLOSE_MILLIS);
    try {
      return farewell.take();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      farewell.cutShort();
      return false;
    }
  }

  // ---- WorkerContext

  @Override
  public int nr() {
    return 0;
  }

  @Override
  public int workers() {
    return 1;
  }

  @Override
  public long generation() {
    return 1;
  }

  @Override
  public WorkerSettings settings() {
    return settings;
  }

  @Override
  public List<ListenerInfo> listeners() {
    return listeners;
  }

  @Override
  public void phase(String name) {
    say("debug", name);
  }

  /** There is nobody to replace it: it is said. */
  @Override
  public void recycle(String reason) {
    say("error", reason);
  }

  @Override
  public void say(String level, String text) {
    log.accept(level, LogText.record(text));
  }

  @Override
  public void slow(String request, Duration age, String stack) {
    say("warning", "slow for %d ms: %s%n%s".formatted(age.toMillis(), request, stack));
  }

  @Override
  public boolean draining() {
    return draining;
  }
}
