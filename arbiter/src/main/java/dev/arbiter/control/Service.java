package dev.arbiter.control;

import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.time.Duration;

/**
 * What is spoken on one listening socket: each connection brings one request and gets one answer.
 * All methods on the {@link Switchboard}'s thread; none may wait.
 */
interface Service {

  /**
   * A connection that was accepted.
   *
   * @param channel an {@link AbstractSelectableChannel} of jnr's
   * @param refusal what it is told at once, and nothing more; empty if it may ask
   */
  record Guest<C extends AbstractSelectableChannel & ByteChannel>(C channel, String refusal) {}

  /** Takes over a connected descriptor. */
  Guest<?> welcome(int fd) throws IOException;

  /** The longest request, in bytes. */
  int longestRequest();

  /** Whether {@code bytes} hold a whole request in their first {@code length}. */
  boolean isWhole(byte[] bytes, int length);

  /** Answers, now or later, with {@link Session#send}. */
  void answer(String request, Session session);

  /** How long a client may be kept waiting for its answer; zero: for ever. */
  Duration patience();

  /** The answer to a request that is too long, or was not sent in time. */
  String complaint(String why);

  /** The answer to somebody who cannot be served now. */
  default String full() {
    return complaint("the arbiter has too much to do");
  }
}
