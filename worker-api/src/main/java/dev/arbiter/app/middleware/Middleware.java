package dev.arbiter.app.middleware;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.RequestHead;

/**
 * Looks at each request before the app does, may answer it instead, and may change the head of the
 * app's answer. Written once, it serves both contracts: it sees heads, never bodies, and does not
 * block.
 *
 * <pre>{@code
 * public static App create() {
 *   return Middleware.chain(
 *       new Shop(),
 *       RequestLog.create(),
 *       TrustedHosts.of("shop.example", "*.shop.example"),
 *       RateLimit.of(100, Duration.ofSeconds(1)));
 * }
 * }</pre>
 *
 * <p>A request for a WebSocket passes through it as others do: it may be answered instead, and the
 * head that may be changed is that of the 101. What is said over the WebSocket is not seen.
 *
 * <p>The start-up, shutdown, health and notices of the app that is wrapped are passed on.
 */
@FunctionalInterface
public interface Middleware {

  /**
   * Decides what becomes of a request. Called on the thread that is about to run the app, which for
   * an {@link AsyncApp} is an event loop: it must not block. Calls run concurrently.
   *
   * @param request its head; valid until its end
   * @return lives as long as the request, for which it is the only one
   * @throws RuntimeException as if the app had thrown it: 500
   */
  Passage enter(RequestHead request);

  /**
   * {@return {@code app} behind this}
   *
   * @param app served where this lets a request pass
   */
  default BlockingApp around(BlockingApp app) {
    return new BlockingWrapper(this, app);
  }

  /**
   * {@return {@code app} behind this}
   *
   * @param app served where this lets a request pass
   */
  default AsyncApp around(AsyncApp app) {
    return new AsyncWrapper(this, app);
  }

  /**
   * {@return {@code app} behind this, in the contract it has}
   *
   * @param app served where this lets a request pass
   */
  default App around(App app) {
    return switch (app) {
      case BlockingApp blocking -> around(blocking);
      case AsyncApp async -> around(async);
    };
  }

  /**
   * {@return {@code app} behind all of these; the first one sees a request first, and its answer
   * last}
   *
   * @param app served where all of them let a request pass
   * @param outermostFirst none leaves the app as it is
   */
  static App chain(App app, Middleware... outermostFirst) {
    App wrapped = app;
    for (int i = outermostFirst.length - 1; i >= 0; i--) {
      wrapped = outermostFirst[i].around(wrapped);
    }
    return wrapped;
  }
}
