package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Notice;
import dev.arbiter.http.AccessLog;
import dev.arbiter.http.AppHost;
import dev.arbiter.http.HealthProbe;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.LoadedApp;
import dev.arbiter.http.RequestBook;
import dev.arbiter.http.SlowWatch;
import dev.arbiter.http.tls.ServerTls;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.Connection;
import dev.arbiter.worker.DrainOrder;
import dev.arbiter.worker.Health;
import dev.arbiter.worker.Traffic;
import dev.arbiter.worker.Worker;
import dev.arbiter.worker.WorkerContext;
import dev.arbiter.worker.WorkerRuntime;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The asynchronous worker: HTTP/1.1 and HTTP/2 on a few event loops. An async app runs on the loop
 * of its connection; so does a blocking one, on virtual threads that leave the loop while they
 * wait.
 *
 * <p>Started by the main thread; fields that are set there are read by others only after {@link
 * #start} has returned.
 */
public final class NettyWorker implements Worker {
  private static final Duration LOG_PATIENCE = Duration.ofSeconds(1);

  private final List<Loop> loops = new ArrayList<>();
  private final Load load = new Load();
  private final @Nullable LoadedApp given;
  private boolean prepared;
  private @Nullable AppHost host;
  private @Nullable Service service;
  private @Nullable Service probed;
  private @Nullable AccessLog accessLog;
  private volatile @Nullable ServerTls tls;
  private @Nullable MultiThreadIoEventLoopGroup group;

  /** Serves the app that the settings name. */
  public NettyWorker() {
    given = null;
  }

  /** Serves an app that was made elsewhere. */
  public NettyWorker(LoadedApp app) {
    given = app;
  }

  /** Runs the worker in a process that an arbiter started. */
  public static void main(String[] args) {
    WorkerRuntime.run(new NettyWorker(), args);
  }

  @Override
  public void prepare(WorkerContext context) throws Exception {
    NettyWorker rehearsal = new NettyWorker(AppHost.standIn(WarmUp.blocking()));
    rehearsal.start(context);
    rehearsal.probe("/");
    rehearsal.stop();
    prepared = true;
  }

  @Override
  public void start(WorkerContext context) throws Exception {
    Transport transport = Transport.of(context.settings());
    if (transport == Transport.EPOLL && !Epoll.isAvailable()) {
      throw new BootFailure(
          BootFailure.WORKER_FAILED,
          "Netty's epoll library cannot be loaded: " + Epoll.unavailabilityCause(),
          "The netty worker needs Linux with glibc on x86-64 or aarch64; --loop nio does without"
              + " the library.",
          Epoll.unavailabilityCause());
    }
    HttpSettings settings = HttpSettings.from(context.settings());
    tls =
        ServerTls.open(context, settings.http2().applicationProtocols(), new OpenSslProvider())
            .orElse(null);
    AccessLog log = AccessLog.open(context);
    accessLog = log;
    RequestBook book = new RequestBook(context.settings(), context);
    AppHost host =
        given == null ? AppHost.start(context, "netty") : AppHost.start(context, "netty", given);
    this.host = host;
    if (tls != null && host.tlsHook().isPresent()) {
      tls.customise(host.tlsHook().get());
    }

    context.phase("starting the loops");
    boolean blocking = host.app() instanceof BlockingApp;
    if (blocking && !LoopThreads.available()) {
      context.say(
          "warning",
          "Blocking apps run at about two thirds of their speed: the worker's JVM was started"
              + " without --add-opens java.base/java.lang=ALL-UNNAMED.");
    }
    // Without access to the scheduler no call can hold a loop, and there is nothing to watch.
    LoopWatch watch =
        blocking && LoopThreads.available()
            ? new LoopWatch(book, text -> context.say("warning", text))
            : null;
    Service serving = new Service(context, host.app(), settings, host.state(), book, log);
    service = serving;
    probed =
        new Service(
            context, host.app(), settings, host.state(), RequestBook.unlimited(context), null);
    group = startLoops(context, host.loader(), serving, watch);
    if (watch != null) {
      watch.watch(loops);
    }

    SlowWatch.start(book, context);
    if (!prepared) {
      context.phase("warming up");
      warmUp(context, host.app(), settings);
    }
  }

  private MultiThreadIoEventLoopGroup startLoops(
      WorkerContext context, ClassLoader appLoader, Service serving, @Nullable LoopWatch watch) {
    int cores = Runtime.getRuntime().availableProcessors();
    int threads = (int) Math.max(1, context.settings().number("threads", cores));
    MultiThreadIoEventLoopGroup started =
        new MultiThreadIoEventLoopGroup(
            threads,
            new DefaultThreadFactory("loop", true, Thread.NORM_PRIORITY),
            LoopMeter.around(serving.transport().handlers(), load));
    for (EventExecutor executor : started) {
      Loop loop = new Loop((EventLoop) executor, serving, watch, tls);
      loops.add(loop);
      executor.submit(() -> loop.adopt(appLoader)).syncUninterruptibly();
    }
    return started;
  }

  private void warmUp(WorkerContext context, App app, HttpSettings settings) {
    Service own =
        new Service(
            context, WarmUp.standIn(app), settings, Map.of(), RequestBook.unlimited(context), null);
    try {
      WarmUp.run(loops.getFirst().executor(), executor -> new Loop(executor, own, null));
    } catch (IOException | RuntimeException failed) {
      // A client would rather have a cold worker than none.
      context.say("debug", "The worker could not warm up: " + failed);
    }
  }

  /**
   * A loop that has taken all it was given, and of these the one with the fewest connections. If
   * there is none: the one that took something last, for it turns; a blocked loop keeps the first
   * connection it is given and gets no other.
   */
  @Override
  public void serve(Connection connection) {
    Loop best = loops.getFirst();
    for (int i = 1; i < loops.size(); i++) {
      Loop loop = loops.get(i);
      if (loop.betterThan(best)) {
        best = loop;
      }
    }
    best.hand(connection);
  }

  @Override
  public void drain(DrainOrder order) {
    started(service).drain();
    for (Loop loop : loops) {
      loop.endLingerAfter(order.linger());
    }
  }

  @Override
  public void resume() {
    started(service).resume();
    for (Loop loop : loops) {
      loop.resumeLinger();
    }
  }

  @Override
  public void giveUp() {
    started(service).book().giveUp();
  }

  @Override
  public boolean awaitWork(long deadline) throws InterruptedException {
    return started(service).book().awaitWork(deadline);
  }

  @Override
  public void stop() throws Exception {
    try {
      started(host).stop();
    } finally {
      started(accessLog).close(LOG_PATIENCE);
      started(group).shutdownGracefully(0, 1, TimeUnit.SECONDS);
      ServerTls secure = tls;
      if (secure != null) {
        secure.close();
      }
    }
  }

  @Override
  public List<Executor> loops() {
    return List.copyOf(loops.stream().map(Loop::executor).toList());
  }

  @Override
  public Traffic traffic() {
    return started(service)
        .book()
        .traffic()
        .with(started(accessLog).dropped(), Load.directBytes(), load.busyPercent());
  }

  @Override
  public List<String> inFlight() {
    Service serving = service;
    return serving == null ? List.of() : serving.book().inFlight();
  }

  @Override
  public Health probe(String path) throws IOException {
    return HealthProbe.probe(started(host), path, this::serveProbe);
  }

  /**
   * As a client's connection, but that it is in no book: nobody waits for it, and it is no traffic.
   */
  private void serveProbe(int fd) {
    Loop own = new Loop(loops.getFirst().executor(), started(probed), null);
    own.executor()
        .execute(
            () -> {
              try {
                Channel channel = own.service().transport().channel(fd, true);
                own.prepare(channel);
                own.executor().register(channel);
              } catch (IOException e) {
                own.service().warn("A probe's connection could not be adopted: " + e);
              }
            });
  }

  @Override
  public void reopen() {
    AccessLog log = accessLog;
    if (log != null) {
      log.reopen();
    }
    ServerTls secure = tls;
    if (secure != null) {
      secure.reload();
    }
  }

  @Override
  public void rekey() {
    ServerTls secure = tls;
    if (secure != null) {
      secure.rekey();
    }
  }

  @Override
  public void suspected() {
    AppHost now = host;
    if (now != null) {
      now.suspected();
    }
  }

  @Override
  public void callbackNotify(Notice notice) {
    started(host).notify(notice);
  }

  private static <T> T started(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("The worker has not been started");
    }
    return part;
  }
}
