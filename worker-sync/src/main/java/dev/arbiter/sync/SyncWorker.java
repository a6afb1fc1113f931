package dev.arbiter.sync;

import dev.arbiter.app.Notice;
import dev.arbiter.http.AccessLog;
import dev.arbiter.http.AppHost;
import dev.arbiter.http.ConnectionLog;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.FailedRequests;
import dev.arbiter.http.HealthProbe;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.LoadedApp;
import dev.arbiter.http.Origin;
import dev.arbiter.http.ProxyGate;
import dev.arbiter.http.RequestBook;
import dev.arbiter.http.RequestRules.Rule;
import dev.arbiter.http.SlowWatch;
import dev.arbiter.http.UwsgiGate;
import dev.arbiter.http.tls.ServerTls;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.Connection;
import dev.arbiter.worker.DrainOrder;
import dev.arbiter.worker.Health;
import dev.arbiter.worker.Traffic;
import dev.arbiter.worker.Worker;
import dev.arbiter.worker.WorkerContext;
import dev.arbiter.worker.WorkerRuntime;
import dev.arbiter.worker.WorkerSettings;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The blocking worker. Each connection has a virtual thread, which costs no platform thread while
 * it waits for a request; {@code --threads} requests run at once. With one, the default, the app
 * runs on a thread of its own, one request at a time; with more, on the connections' threads.
 */
public final class SyncWorker implements Worker {
  private static final Duration LOG_PATIENCE = Duration.ofSeconds(2);

  private final Departure departure = new Departure();
  private final Watch watch = new Watch();
  private final @Nullable LoadedApp given;
  private boolean prepared;
  private volatile @Nullable WorkerContext context;
  private volatile @Nullable AppHost host;
  private volatile @Nullable AccessLog log;
  private volatile @Nullable ServerTls tls;
  private volatile Conversation.@Nullable Shared shared;
  private volatile @Nullable ProxyGate gate;
  private volatile @Nullable UwsgiGate uwsgi;

  /** Serves the app its settings name. */
  public SyncWorker() {
    this(null);
  }

  /** Serves an app that is there already. */
  SyncWorker(@Nullable LoadedApp given) {
    this.given = given;
  }

  /** Started by the arbiter. */
  public static void main(String[] args) {
    WorkerRuntime.run(new SyncWorker(), args);
  }

  @Override
  public void prepare(WorkerContext runtime) throws Exception {
    SyncWorker rehearsal = new SyncWorker(AppHost.standIn(new WarmUp.Echo()));
    rehearsal.start(runtime);
    rehearsal.probe("/");
    rehearsal.stop();
    prepared = true;
  }

  @Override
  public void start(WorkerContext runtime) throws Exception {
    WorkerSettings settings = runtime.settings();
    context = runtime;
    if (settings.text("http").orElse("").equals("2")) {
      throw new BootFailure(
          BootFailure.WRONG_SETTING,
          "--http 2: the sync kind speaks HTTP/1.1 alone",
          "leave it at auto, or use --worker-class netty",
          null);
    }
    tls = ServerTls.open(runtime).orElse(null);
    AccessLog opened = AccessLog.open(runtime);
    log = opened;
    AppHost app =
        given == null ? AppHost.start(runtime, "sync") : AppHost.start(runtime, "sync", given);
    host = app;
    if (tls != null && app.tlsHook().isPresent()) {
      tls.customise(app.tlsHook().get());
    }
    int threads = (int) Math.max(1, settings.number("threads", 1));
    Conversation.Shared ours =
        new Conversation.Shared(
            HttpSettings.from(settings),
            app.app(),
            app.state(),
            new Turns(threads),
            threads == 1 ? Running.dedicated(app.loader()) : Running.here(app.loader()),
            new RequestBook(settings, runtime),
            opened,
            new ConnectionLog(runtime),
            new FailedRequests(runtime::say),
            departure,
            runtime::say);
    shared = ours;
    gate = new ProxyGate(ours.settings().proxy(), runtime::say);
    uwsgi = new UwsgiGate(settings, ours.settings().proxy(), runtime::say);
    watch.start();
    SlowWatch.start(ours.book(), runtime);
    if (!prepared) {
      runtime.phase("warming up");
      warmUp(runtime, ours);
    }
  }

  private void warmUp(WorkerContext runtime, Conversation.Shared real) throws InterruptedException {
    WorkerSettings nothing = new WorkerSettings(Map.of());
    Conversation.Shared own =
        new Conversation.Shared(
            HttpSettings.from(nothing),
            new WarmUp.Echo(),
            Map.of(),
            real.turns(),
            real.running(),
            RequestBook.unlimited(runtime),
            AccessLog.off(runtime),
            new ConnectionLog(runtime),
            real.failedRequests(),
            departure,
            real.say());
    try {
      WarmUp.run(own, watch);
    } catch (IOException failed) {
      // A client would rather have a cold worker than none: the machine may only be very busy.
      runtime.say("debug", "The worker could not warm up: " + failed);
    }
  }

  @Override
  public void serve(Connection connection) {
    Conversation.Shared now = known(shared);
    Thread.ofVirtual().name("connection").start(() -> converse(connection, now));
    try {
      now.turns().awaitProgress(known(context)::draining);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void converse(Connection connection, Conversation.Shared now) {
    connection.taken();
    try {
      boolean unix = connection.listener().unix();
      ServerTls secure = tls;
      boolean plain = secure == null || !secure.serves(connection.listener());
      Link link = new Link(Sockets.adopt(connection.fd(), unix), unix, departure);
      converse(link, now, known(gate), plain ? null : secure);
    } catch (IOException _) {
      // It had gone before it was adopted.
    } finally {
      connection.closed();
    }
  }

  /**
   * Lets a client in: past the preamble of a proxy, then into TLS, then to its requests.
   *
   * @param door null for what the worker asks itself, which comes in past it
   * @param secure null if it speaks HTTP in the clear
   */
  private void converse(
      Link link, Conversation.Shared now, @Nullable ProxyGate door, @Nullable ServerTls secure) {
    watch.add(link);
    try {
      try {
        Origin origin = Conversation.socket(now, link, secure == null ? "http" : "https");
        if (door != null && door.on()) {
          origin = Preludes.proxy(link, now, door, origin);
        }
        UwsgiGate other = uwsgi;
        if (origin != null && door != null && other != null && other.on()) {
          origin = Preludes.uwsgi(link, now, other, origin);
        }
        if (origin != null) {
          Conversation conversation = new Conversation(now, link, origin);
          if (secure == null || secured(now, link, secure)) {
            conversation.run();
          } else {
            conversation.refuse(Rule.PLAIN_ON_TLS.refusal());
          }
        }
      } finally {
        watch.remove(link);
        link.close();
      }
    } catch (IOException _) {
      // Clients leave when they like. What the app was doing at that moment is in its own log.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException broken) {
      now.say().accept("error", "A connection failed: " + AppHost.stackTrace(broken));
    }
  }

  private static boolean secured(Conversation.Shared now, Link link, ServerTls secure)
      throws IOException {
    try {
      return link.secure(secure, secure.handshakeTimeout());
    } catch (IOException failed) {
      link.lost();
      if (failed instanceof SocketTimeoutException) {
        now.connectionLog().ended(Limit.HANDSHAKE, link.client());
      } else {
        secure.failed(link.client(), failed);
      }
      throw failed;
    }
  }

  @Override
  public void drain(DrainOrder order) {
    departure.begin(order.linger());
    watch.look();
  }

  @Override
  public void resume() {
    departure.callOff();
  }

  @Override
  public void giveUp() {
    known(shared).book().giveUp();
  }

  @Override
  public boolean awaitWork(long deadline) throws InterruptedException {
    return known(shared).book().awaitWork(deadline);
  }

  @Override
  public void stop() throws Exception {
    try {
      known(host).stop();
    } finally {
      known(log).close(LOG_PATIENCE);
    }
  }

  @Override
  public Traffic traffic() {
    Conversation.Shared now = known(shared);
    return now.book().traffic().with(known(log).dropped(), 0, now.turns().busyPercent());
  }

  @Override
  public List<String> inFlight() {
    Conversation.Shared now = shared;
    return now == null ? List.of() : now.book().inFlight();
  }

  @Override
  public Health probe(String path) throws IOException {
    return HealthProbe.probe(known(host), path, this::serveProbe);
  }

  /**
   * As a client's connection, but that it is in no book: nobody waits for it, and it is no traffic.
   */
  private void serveProbe(int fd) throws IOException {
    Conversation.Shared real = known(shared);
    WorkerContext runtime = known(context);
    Conversation.Shared own =
        new Conversation.Shared(
            real.settings(),
            real.app(),
            real.state(),
            real.turns(),
            real.running(),
            RequestBook.unlimited(runtime),
            AccessLog.off(runtime),
            new ConnectionLog(runtime),
            real.failedRequests(),
            departure,
            real.say());
    Link link = new Link(Sockets.adopt(fd, true), true, departure);
    Thread.ofVirtual().name("probe").start(() -> converse(link, own, null, null));
  }

  @Override
  public void reopen() {
    AccessLog opened = log;
    if (opened != null) { // the signal may come before the boot is over
      opened.reopen();
    }
    ServerTls secure = tls;
    if (secure != null) {
      secure.reload();
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
    known(host).notify(notice);
  }

  private static <T> T known(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("The worker has not been started.");
    }
    return value;
  }
}
