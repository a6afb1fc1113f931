package dev.arbiter.netty;

import dev.arbiter.http.Http2Settings;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.Origin;
import dev.arbiter.http.ProxyGate;
import dev.arbiter.http.ResponseHead;
import dev.arbiter.http.UwsgiGate;
import dev.arbiter.http.tls.ServerTls;
import dev.arbiter.worker.Connection;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One event loop with the connections it serves. What is not said to be for any thread belongs to
 * the loop's own thread. Lives as long as the worker.
 *
 * <p>Time limits are counted in ticks. A tick passes only when the loop runs, so that a loop that
 * was held up does not find all its clients late; and a request costs no timer.
 */
final class Loop {
  /** Accuracy of every time limit. */
  static final Duration TICK = Duration.ofMillis(100);

  private static final WriteBufferWaterMark WATER = new WriteBufferWaterMark(32 * 1024, 128 * 1024);

  private final EventLoop executor;
  private final Service service;
  private final @Nullable LoopWatch watch;
  private final @Nullable ServerTls tls;
  private final ResponseHead responseHead;
  private final Thread.Builder.OfVirtual ownThreads;
  private final Thread.Builder.OfVirtual ordinaryThreads = LoopThreads.ordinary();
  private final List<Served> connections = new ArrayList<>();
  private final AtomicInteger handedOver = new AtomicInteger();
  private final AtomicInteger load = new AtomicInteger();
  private final AtomicInteger resumed = new AtomicInteger();
  private final int keepAliveTicks;
  private final int headerTicks;
  private final int bodyTicks;
  private final int writeTicks;
  private final int handshakeTicks;
  private final int drainTicks;
  private int tick;
  private boolean ticking;
  private boolean lingerOver;

  private volatile long lastTook = System.nanoTime();
  private volatile @Nullable Thread thread;

  /** What the loop began last; read by the watch when the loop does not answer. */
  private volatile @Nullable BlockingCall begun;

  /** One that speaks no TLS. */
  Loop(EventLoop executor, Service service, @Nullable LoopWatch watch) {
    this(executor, service, watch, null);
  }

  Loop(EventLoop executor, Service service, @Nullable LoopWatch watch, @Nullable ServerTls tls) {
    this.executor = executor;
    this.service = service;
    this.watch = watch;
    this.tls = tls;
    this.handshakeTicks = ticks(tls == null ? Duration.ZERO : tls.handshakeTimeout());
    this.ownThreads = LoopThreads.on(executor);
    HttpSettings settings = service.settings();
    this.responseHead = new ResponseHead(settings);
    this.keepAliveTicks = ticks(settings.keepAlive());
    this.headerTicks = ticks(settings.headerTimeout());
    this.bodyTicks = ticks(settings.bodyTimeout());
    this.writeTicks = ticks(settings.writeTimeout());
    this.drainTicks = ticks(settings.http2().drainTimeout());
  }

  private static int ticks(Duration limit) {
    return limit.isZero()
        ? Integer.MAX_VALUE
        : (int) Math.min(Integer.MAX_VALUE, limit.dividedBy(TICK) + 1);
  }

  EventLoop executor() {
    return executor;
  }

  Service service() {
    return service;
  }

  ResponseHead responseHead() {
    return responseHead;
  }

  int tick() {
    return tick;
  }

  int keepAliveTicks() {
    return keepAliveTicks;
  }

  int headerTicks() {
    return headerTicks;
  }

  int bodyTicks() {
    return bodyTicks;
  }

  int writeTicks() {
    return writeTicks;
  }

  int handshakeTicks() {
    return handshakeTicks;
  }

  int drainTicks() {
    return drainTicks;
  }

  boolean lingerOver() {
    return lingerOver;
  }

  // ---- any thread: the accepting threads and the watch

  /** Whether a connection should rather be given to this loop. */
  boolean betterThan(Loop other) {
    boolean free = handedOver.get() == 0;
    boolean otherFree = other.handedOver.get() == 0;
    if (free != otherFree) {
      return free;
    }
    return free ? load.get() < other.load.get() : lastTook - other.lastTook > 0;
  }

  /** Closes idle connections after that time, unless {@link #resumeLinger} comes before. */
  void endLingerAfter(Duration linger) {
    int current = resumed.get();
    executor.schedule(
        () -> {
          if (resumed.get() == current) {
            endLinger();
          }
        },
        linger.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  /** Idle connections may stay again. */
  void resumeLinger() {
    resumed.incrementAndGet();
    executor.execute(() -> lingerOver = false);
  }

  void hand(Connection connection) {
    handedOver.incrementAndGet();
    load.incrementAndGet();
    executor.execute(() -> take(connection));
  }

  /** The thread that runs it, once {@link #adopt} has run. */
  @Nullable Thread thread() {
    return thread;
  }

  @Nullable BlockingCall begun() {
    return begun;
  }

  // ---- the loop's thread

  /** What an app's code finds through its thread must be the app's; virtual threads inherit it. */
  void adopt(ClassLoader appLoader) {
    Thread.currentThread().setContextClassLoader(appLoader);
    thread = Thread.currentThread();
  }

  private void take(Connection connection) {
    lastTook = System.nanoTime();
    handedOver.decrementAndGet();
    connection.taken();
    boolean unix = connection.listener().unix();
    Channel channel;
    try {
      channel = service.transport().channel(connection.fd(), unix);
    } catch (IOException e) {
      service.warn("A connection could not be adopted: " + e);
      gone(connection);
      return;
    }
    if (!channel.isActive() || !unix && channel.remoteAddress() == null) {
      // The client reset the connection while it waited. Closing by force announces nothing.
      channel.unsafe().closeForcibly();
      gone(connection);
      return;
    }
    ProxyGate gate = service.gate();
    UwsgiGate uwsgi = service.uwsgi();
    if (gate.on() && !gate.admits(unix, origin(channel, "http"))
        || uwsgi.on() && !uwsgi.admits(unix, origin(channel, "http"))) {
      channel.unsafe().closeForcibly();
      gone(connection);
      return;
    }
    ServerTls secure = tls != null && tls.serves(connection.listener()) ? tls : null;
    HttpConnection http = prepare(channel, secure);
    // It has ended when all that was on it has: the worker may leave after the last, and what a cut
    // request and the code after a WebSocket have to do would be lost. Netty completes the close
    // future before it tells the handlers.
    channel.closeFuture().addListener(_ -> http.over().thenRun(() -> gone(connection)));
    Http2Settings http2 = service.settings().http2();
    if (uwsgi.on()) {
      channel.pipeline().addFirst(new UwsgiHandler(uwsgi, http));
    } else if (secure == null && http2.priorKnowledge()) {
      channel.pipeline().addFirst(new PrefaceHandler(http, http2.only()));
    }
    if (gate.on()) {
      channel.pipeline().addFirst(new PreambleHandler(gate, http));
    }
    ChannelFuture registered = executor.register(channel);
    registered.addListener(
        done -> {
          if (!done.isSuccess()) {
            service.warn("A connection could not be registered: " + done.cause());
          }
        });
  }

  private void gone(Connection connection) {
    load.decrementAndGet();
    connection.closed();
  }

  /** Sets a channel up for HTTP/1 in the clear, for connections of the worker's own. */
  HttpConnection prepare(Channel channel) {
    return prepare(channel, null);
  }

  private HttpConnection prepare(Channel channel, @Nullable ServerTls secure) {
    channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    channel.config().setWriteBufferWaterMark(WATER);
    if (channel instanceof SocketChannel tcp) {
      tcp.config().setTcpNoDelay(true);
    }
    TlsGate tlsGate = secure == null ? null : TlsGate.install(channel, secure);
    Origin origin = origin(channel, secure == null ? "http" : "https");
    Http2Settings http2 = service.settings().http2();
    boolean upgrades = secure == null && http2.upgrade();
    RequestDecoder decoder = new RequestDecoder(service.settings(), origin.trusted(), upgrades);
    HttpConnection connection = new HttpConnection(this, channel, decoder, origin, tlsGate);
    channel.pipeline().addLast(decoder, connection);
    return connection;
  }

  private Origin origin(Channel channel, String scheme) {
    return service
        .settings()
        .proxy()
        .origin(
            !(channel instanceof SocketChannel),
            channel.remoteAddress(),
            channel.localAddress(),
            scheme);
  }

  /** A client failed at TLS. */
  void tlsFailed(@Nullable SocketAddress client, SSLException failure) {
    if (tls != null) {
      tls.failed(client, OpenSslProvider.reason(failure));
    }
  }

  void opened(Served connection) {
    connection.place(connections.size());
    connections.add(connection);
    if (!ticking) {
      ticking = true;
      executor.schedule(this::tickNow, TICK.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** {@code next} has the channel that {@code before} had. */
  void replaced(Served before, Served next) {
    next.place(before.place());
    connections.set(next.place(), next);
  }

  void closed(Served connection) {
    Served last = connections.removeLast();
    if (last.place() != connection.place()) {
      connections.set(connection.place(), last);
      last.place(connection.place());
    }
  }

  private void tickNow() {
    tick++;
    // Backwards: a connection that closes is replaced by the last one, which was looked at.
    for (int i = connections.size() - 1; i >= 0; i--) {
      if (i < connections.size()) {
        connections.get(i).check();
      }
    }
    ticking = !connections.isEmpty();
    if (ticking) {
      executor.schedule(this::tickNow, TICK.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** Closes idle connections, now and from now on. */
  private void endLinger() {
    lingerOver = true;
    for (int i = connections.size() - 1; i >= 0; i--) {
      if (i < connections.size()) {
        connections.get(i).check();
      }
    }
  }

  /**
   * Runs {@code task} on the loop. Returns false if it never will: the worker has stopped, and what
   * an app still does for a client that has gone is of no consequence.
   */
  boolean tryExecute(Runnable task) {
    try {
      executor().execute(task);
      return true;
    } catch (RejectedExecutionException _) {
      return false;
    }
  }

  /** Starts what may block, beside the loop. */
  void startAside(Runnable task) {
    ordinaryThreads.start(task);
  }

  /** Starts a blocking app's call: on this loop, unless such calls have lately held it up. */
  void start(BlockingCall call) {
    LoopWatch guard = watch;
    if (guard == null || guard.mayUse(this)) {
      begun = call;
      ownThreads.start(call);
    } else {
      startApart(call);
    }
  }

  /**
   * Starts what may run for long: not on this loop, where nobody would see it compute for as long
   * as it likes.
   */
  void startApart(Runnable task) {
    ordinaryThreads.start(task);
  }
}
