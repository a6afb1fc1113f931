package app;

import dev.arbiter.app.Headers;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Where a response goes that Jersey pushes: to one of the two contracts. One call at a time. */
interface Outlet {

  /** {@return for the body; a write waits while the client is slow} */
  OutputStream start(int status, Headers headers);

  /** Nothing follows: the response is whole, or it has failed. */
  void end(@Nullable Throwable thrown);

  /**
   * The response may be long in coming.
   *
   * @param cancel what to do, once, when its client leaves before it, but not while the resource is
   *     still called: Jersey cannot cancel what it has not noted to wait, and events have no stream
   *     to close before. Where nobody can tell, never
   */
  default void waits(Runnable cancel) {}
}
