package dev.arbiter.http;

import dev.arbiter.app.Headers;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.TlsInfo;
import java.time.Duration;
import java.util.Optional;

/** A request's head as an app sees it, whichever worker read it. Any thread. */
public abstract class HeadView implements RequestHead {
  private final IncomingHead incoming;
  private final RequestBook.Entry entry;

  /** A view of a head that is complete and was not refused. */
  protected HeadView(IncomingHead incoming, RequestBook.Entry entry) {
    this.incoming = incoming;
    this.entry = entry;
  }

  /** Where the request is booked. */
  public final RequestBook.Entry entry() {
    return entry;
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
    return tls().isPresent() ? "https" : "http";
  }

  @Override
  public abstract Optional<TlsInfo> tls();

  @Override
  public final Headers headers() {
    return incoming.headers();
  }
}
