package dev.arbiter.http.websocket;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/**
 * When a ping is sent, and when the pong is overdue. One ping is under way at a time. While nothing
 * is read from the client, because the app takes no messages, its pong cannot be seen and is not
 * missed. Zero switches either time off. The connection's reading thread.
 */
final class Pings {
  /** A year stands for never. */
  static final long NEVER = Duration.ofDays(365).toNanos();

  private final long interval;
  private final long timeout;
  private int number;
  private boolean begun;
  private boolean awaited;
  private long since;

  Pings(Duration interval, Duration timeout) {
    this.interval = interval.toNanos();
    this.timeout = timeout.toNanos();
  }

  /** Whether one is to be sent now. */
  boolean due(long now, boolean reading) {
    if (!begun) {
      begun = true;
      since = now;
    }
    if (awaited) {
      if (!reading) {
        since = now;
      }
      return false;
    }
    return interval > 0 && now - since >= interval;
  }

  /** One is sent. */
  ByteBuffer payload(long now) {
    awaited = true;
    since = now;
    return ByteBuffer.allocate(4).putInt(++number).flip();
  }

  /** A pong came; one of the client's own accord answers nothing. */
  void answered(byte[] bytes) {
    if (awaited && Arrays.equals(bytes, ByteBuffer.allocate(4).putInt(number).array())) {
      awaited = false;
    }
  }

  boolean overdue(long now) {
    return awaited && timeout > 0 && now - since >= timeout;
  }

  /** Nanoseconds from {@code now} to when something is due. */
  long next(long now) {
    long wait = awaited ? timeout : interval;
    return wait <= 0 ? NEVER : begun ? Math.max(0, since + wait - now) : 0;
  }
}
