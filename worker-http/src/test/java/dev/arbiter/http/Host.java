package dev.arbiter.http;

import java.io.IOException;

/** A worker that serves a test's app, of whatever kind. */
public interface Host extends AutoCloseable {
  /** A client whose connection it has been given. */
  RawClient connect() throws IOException;

  /** Whether something was said that contains {@code text}. */
  boolean said(String text);

  /** Requests that are being served. */
  int inFlight();

  /** Requests that are past their deadline. */
  int overdue();

  /** As the worker's runtime: waits for work of requests that are over, but not beyond a minute. */
  void leave();

  /** Stops the app and the worker, whatever is at work. */
  @Override
  void close();
}
