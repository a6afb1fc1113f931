package dev.arbiter.app;

/**
 * The blocking contract: what WSGI is to Python. Each call runs on a virtual thread of its own, so
 * it may block as it likes; calls run concurrently (under {@code -k sync --threads 1} one at a
 * time).
 */
public non-sealed interface BlockingApp extends App {

  /**
   * Answers one request.
   *
   * @param request head and body; the body stream is valid until the response is written
   * @return the answer, written by the worker after this method returns
   * @throws Exception answered with 500 and logged with its stack trace
   */
  Response handle(Request request) throws Exception;
}
