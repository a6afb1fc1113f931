package dev.arbiter.worker;

import dev.arbiter.wire.Message.ListenerInfo;

/** One accepted connection, on its way from the accepting thread to the kind. */
public interface Connection {

  /** {@return its descriptor: non-blocking, close-on-exec, the kind's to close} */
  int fd();

  /** {@return where it came in} */
  ListenerInfo listener();

  /**
   * The loop that serves it has run: makes room for another hand-over. Idempotent, any thread.
   * Until then the connection counts against the few that may wait, so that a worker whose loops
   * are blocked leaves the queue to its siblings.
   */
  void taken();

  /** It has ended and its descriptor is closed. Idempotent, any thread; implies {@link #taken}. */
  void closed();
}
