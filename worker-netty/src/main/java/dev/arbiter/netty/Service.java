package dev.arbiter.netty;

import dev.arbiter.app.App;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.http.AccessLog;
import dev.arbiter.http.ConnectionLog;
import dev.arbiter.http.FailedRequests;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.ProxyGate;
import dev.arbiter.http.RequestBook;
import dev.arbiter.http.UwsgiGate;
import dev.arbiter.worker.WorkerContext;
import java.net.SocketAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of a worker share. One for the app, for the worker's life, and a short-lived
 * one for the warm-up. Any thread.
 */
final class Service {
  private final WorkerContext context;
  private final App app;
  private final HttpSettings settings;
  private final Map<String, Object> state;
  private final RequestBook book;
  private final @Nullable AccessLog accessLog;
  private final ProxyGate gate;
  private final UwsgiGate uwsgi;
  private final ConnectionLog connectionLog;
  private final FailedRequests failedRequests;
  private final Transport transport;
  private volatile boolean draining;

  Service(
      WorkerContext context,
      App app,
      HttpSettings settings,
      Map<String, Object> state,
      RequestBook book,
      @Nullable AccessLog accessLog) {
    this.context = context;
    this.app = app;
    this.settings = settings;
    this.state = state;
    this.book = book;
    this.accessLog = accessLog != null && accessLog.on() ? accessLog : null;
    this.gate = new ProxyGate(settings.proxy(), context::say);
    this.uwsgi = new UwsgiGate(context.settings(), settings.proxy(), context::say);
    this.connectionLog = new ConnectionLog(context);
    this.failedRequests = new FailedRequests(context::say);
    this.transport = Transport.of(context.settings());
  }

  App app() {
    return app;
  }

  HttpSettings settings() {
    return settings;
  }

  Map<String, Object> state() {
    return state;
  }

  RequestBook book() {
    return book;
  }

  Transport transport() {
    return transport;
  }

  ProxyGate gate() {
    return gate;
  }

  UwsgiGate uwsgi() {
    return uwsgi;
  }

  void ended(ConnectionLog.Limit limit, @Nullable SocketAddress client) {
    connectionLog.ended(limit, client);
  }

  void streamEnded(ConnectionLog.Limit limit, @Nullable SocketAddress client) {
    connectionLog.streamEnded(limit, client);
  }

  void flooded(@Nullable SocketAddress client, String what) {
    connectionLog.flood(client, what);
  }

  /** From now on every response says that its connection closes. */
  void drain() {
    draining = true;
  }

  /** No more than before {@link #drain}. */
  void resume() {
    draining = false;
  }

  boolean draining() {
    return draining;
  }

  void log(
      IncomingHead head,
      @Nullable SocketAddress client,
      int status,
      Headers responseHeaders,
      long bytes,
      long nanos) {
    AccessLog log = accessLog;
    if (log != null) {
      log.answered(head, client, status, responseHeaders, bytes, nanos);
    }
  }

  /**
   * A request was answered that no app has seen.
   *
   * @param bodyBytes of its answer
   * @param bytes of the whole answer, with framing
   */
  void refused(
      IncomingHead head,
      @Nullable SocketAddress client,
      Response answer,
      long bodyBytes,
      long bytes) {
    long nanos =
        book.beginRefused(head.method(), head.target(), client).end(answer.status(), 0, bytes);
    log(head, client, answer.status(), answer.headers(), bodyBytes, nanos);
  }

  void warn(String text) {
    context.say("warning", text);
  }

  /** What is told of requests that the app fails. */
  FailedRequests failedRequests() {
    return failedRequests;
  }
}
