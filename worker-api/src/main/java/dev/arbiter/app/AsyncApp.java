package dev.arbiter.app;

import java.util.concurrent.CompletionStage;

/**
 * The asynchronous contract: what ASGI is to Python. One call for each scope (one HTTP exchange),
 * on the event loop that owns its connection; it must not block.
 */
public non-sealed interface AsyncApp extends App {

  /**
   * Serves one scope.
   *
   * @param scope what is asked
   * @param receive pulls the events that come in, one at a time
   * @param send pushes the events that go out; each returned stage completes when there is room for
   *     the next
   * @return completes when the app is done with the scope. A failure before {@link
   *     SendEvent.ResponseStart} is answered with 500; after it the connection is closed, so that
   *     the client sees the response was cut. Both are logged. What the app does after the last
   *     event of its response is work after the response: the client does not wait for it, nor does
   *     its next request, but a worker that leaves does; a failure is logged.
   */
  CompletionStage<Void> handle(Scope scope, Receive receive, Send send);
}
