package dev.arbiter.http;

import dev.arbiter.app.Headers;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.worker.WorkerRequest;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/** A request's head as an app sees it, whichever worker read it. Any thread. */
public abstract class HeadView implements RequestHead, WorkerRequest {
  private final IncomingHead incoming;
  private final RequestBook.Entry entry;
  private final Origin origin;

  /** A view of a head that is complete and was not refused. */
  protected HeadView(IncomingHead incoming, RequestBook.Entry entry, Origin origin) {
    this.incoming = incoming;
    this.entry = entry;
    this.origin = origin;
  }

  /** What it is a view of. */
  public final IncomingHead incoming() {
    return incoming;
  }

  /** Where the request is booked. */
  public final RequestBook.Entry entry() {
    return entry;
  }

  /** Where the request comes from. */
  public final Origin origin() {
    return origin;
  }

  @Override
  public final void runsOn(Thread thread) {
    entry.enter(thread);
  }

  @Override
  public abstract Optional<SSLSession> sslSession();

  @Override
  public final void identify(String id) {
    incoming.identify(id);
  }

  @Override
  public final void extendDeadline(Duration time) {
    entry.extend(time);
  }

  @Override
  public final String method() {
    return incoming.method();
  }

  @Override
  public final String target() {
    return incoming.target();
  }

  @Override
  public final String rawPath() {
    return incoming.rawPath();
  }

  @Override
  public final String path() {
    return incoming.path();
  }

  @Override
  public final String query() {
    return incoming.query();
  }

  @Override
  public final String httpVersion() {
    return incoming.httpVersion();
  }

  @Override
  public final String scheme() {
    return origin.scheme();
  }

  @Override
  public final String host() {
    String told = origin.host();
    String field = told == null ? incoming.first("host") : told;
    return field == null ? "" : field;
  }

  @Override
  public final Optional<SocketAddress> client() {
    return Optional.ofNullable(origin.client());
  }

  @Override
  public final Optional<SocketAddress> server() {
    return Optional.ofNullable(origin.server());
  }

  @Override
  public abstract Optional<TlsInfo> tls();

  @Override
  public final Headers headers() {
    return incoming.headers();
  }
}
