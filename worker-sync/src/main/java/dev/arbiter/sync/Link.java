package dev.arbiter.sync;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The socket of one connection, with waits that end. One thread reads and one writes at a time; it
 * may be a virtual one, which parks, or a platform one, which polls.
 */
final class Link {
  /** No deadline. */
  static final long NEVER = Long.MIN_VALUE;

  /** The most that is copied to native memory at once. */
  private static final int MOST = 64 * 1024;

  private static final int LINGER_BYTES = 256 * 1024;
  private static final Duration LINGER_TIME = Duration.ofSeconds(2);

  private final SocketChannel channel;
  private final @Nullable SocketAddress client;
  private final @Nullable SocketAddress server;
  private final Departure departure;
  private final Wait reading = new Wait();
  private final Wait writing = new Wait();
  private volatile boolean idle;
  private volatile boolean streams;
  private volatile boolean broken;
  private long bytesIn;
  private long bytesOut;

  /** A direction in which a virtual thread may be parked, for the watch to see. */
  private static final class Wait {
    private volatile long deadline = NEVER;
    private volatile @Nullable Thread thread;

    /** Whoever waits, or is about to, is to look again. */
    private volatile boolean called;
  }

  Link(SocketChannel channel, boolean unix, Departure departure) throws IOException {
    this.channel = channel;
    this.departure = departure;
    client = unix ? null : channel.getRemoteAddress();
    server = unix ? null : channel.getLocalAddress();
  }

  @Nullable SocketAddress client() {
    return client;
  }

  @Nullable SocketAddress server() {
    return server;
  }

  long bytesIn() {
    return bytesIn;
  }

  long bytesOut() {
    return bytesOut;
  }

  /** The client has gone, or does not read: nothing that is sent will arrive. */
  boolean broken() {
    return broken;
  }

  /** The client has left in the middle of something. */
  void lost() {
    broken = true;
  }

  /** A moment {@code limit} from now, or {@link #NEVER} if there is no limit. */
  static long after(Duration limit) {
    return limit.isZero() ? NEVER : System.nanoTime() + limit.toNanos();
  }

  /**
   * Waits for the first byte of a request.
   *
   * @return how many bytes; -1 if the client has gone, or idle connections are to close
   */
  int readIdle(ByteBuffer to, long until) throws IOException {
    idle = true;
    try {
      while (true) {
        int count = readNow(to);
        if (count != 0) {
          return count;
        }
        // Only after a read that found nothing: what came before the end is still answered.
        long now = System.nanoTime();
        if (over(until, now) || over(departure.idleUntil(), now)) {
          return -1;
        }
        await(reading, Sockets.READABLE, until);
      }
    } finally {
      idle = false;
    }
  }

  /**
   * Reads what there is.
   *
   * @return how many bytes; -1 at the end
   * @throws SocketTimeoutException nothing came before {@code until}
   */
  int read(ByteBuffer to, long until) throws IOException {
    while (true) {
      int count = readNow(to);
      if (count != 0) {
        return count;
      }
      if (over(until, System.nanoTime())) {
        throw new SocketTimeoutException("The client sent nothing in time.");
      }
      await(reading, Sockets.READABLE, until);
    }
  }

  /** From here on the connection is no HTTP: its reader is told when the worker leaves. */
  void streams() {
    streams = true;
  }

  /** Ends the reader's wait in {@link #readOrWake} or {@link #awaitWake}, or its next. */
  void wake() {
    call(reading);
  }

  /** Ends a write that waits, and every later one: the client has had its time. */
  void stopWriting() {
    call(writing);
  }

  private static void call(Wait wait) {
    wait.called = true;
    Thread thread = wait.thread;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  /**
   * Reads what there is.
   *
   * @return how many bytes; 0 when woken, or at {@code until}; -1 at the end
   */
  int readOrWake(ByteBuffer to, long until) throws IOException {
    while (true) {
      int count = readNow(to);
      if (count != 0) {
        return count;
      }
      if (reading.called || over(until, System.nanoTime())) {
        reading.called = false;
        return 0;
      }
      await(reading, Sockets.READABLE, until);
    }
  }

  /** Waits to be woken, or until {@code until}. */
  void awaitWake(long until) {
    reading.deadline = until;
    reading.thread = Thread.currentThread();
    try {
      while (!reading.called && !over(until, System.nanoTime())) {
        LockSupport.park(this);
      }
    } finally {
      reading.thread = null;
    }
    reading.called = false;
  }

  /**
   * Reads without waiting.
   *
   * @return how many bytes; 0 if there are none, -1 at the end
   */
  int readNow(ByteBuffer to) throws IOException {
    int count;
    try {
      count = channel.read(to);
    } catch (IOException failed) {
      broken = true;
      throw failed;
    }
    if (count > 0) {
      bytesIn += count;
    }
    return count;
  }

  /**
   * Writes everything.
   *
   * @param limit without progress
   * @throws SocketTimeoutException the client took nothing for that long
   */
  void write(ByteBuffer from, Duration limit) throws IOException {
    try {
      writeAll(from, limit);
    } catch (IOException failed) {
      broken = true;
      throw failed;
    }
  }

  private void writeAll(ByteBuffer from, Duration limit) throws IOException {
    int end = from.limit();
    long until = NEVER;
    while (from.position() < end) {
      from.limit(Math.min(end, from.position() + MOST));
      int count = channel.write(from);
      from.limit(end);
      if (count > 0) {
        bytesOut += count;
        until = NEVER;
        continue;
      }
      if (writing.called) {
        throw new IOException("The client had its time.");
      }
      if (until == NEVER) {
        until = after(limit);
      } else if (over(until, System.nanoTime())) {
        throw new SocketTimeoutException("The client took nothing in time.");
      }
      await(writing, Sockets.WRITABLE, until);
    }
  }

  private void await(Wait wait, int event, long until) throws IOException {
    Thread me = Thread.currentThread();
    if (!me.isVirtual()) {
      Sockets.park(channel, event, until == NEVER ? 0 : Math.max(1, until - System.nanoTime()));
      return;
    }
    wait.deadline = until;
    wait.thread = me;
    try {
      // Looked at after the thread is known: a call between the two is not lost.
      if (!wait.called) {
        Sockets.park(channel, event, 0);
      }
    } finally {
      wait.thread = null;
    }
  }

  /** Called by the watch. Waking one wait too many does no harm: each looks again. */
  void wakeIfOver(long now) {
    if (streams && departure.leaving()) {
      streams = false; // told once
      wake();
    }
    Thread reader = reading.thread;
    if (reader != null
        && (over(reading.deadline, now) || (idle && over(departure.idleUntil(), now)))) {
      LockSupport.unpark(reader);
    }
    Thread writer = writing.thread;
    if (writer != null && over(writing.deadline, now)) {
      LockSupport.unpark(writer);
    }
  }

  private static boolean over(long until, long now) {
    return until != NEVER && now - until >= 0;
  }

  /**
   * Ends the connection so that what was sent arrives. Closing while bytes come in resets the
   * connection, and a reset may overtake the last response (RFC 9112 section 9.6): so the sending
   * side is closed first, and what still comes is thrown away until the client closes, for a while.
   */
  void closeGently() throws IOException {
    channel.shutdownOutput();
    long until = after(LINGER_TIME);
    ByteBuffer scrap = ByteBuffer.allocate(4096);
    int left = LINGER_BYTES;
    try {
      while (left > 0) {
        int count = read(scrap.clear(), until);
        if (count < 0) {
          return;
        }
        left -= count;
      }
    } catch (SocketTimeoutException _) {
      // It had its time.
    }
  }

  /** Makes the next close a reset, where a plain end would look like a complete response. */
  void closeRoughly() throws IOException {
    if (client != null) {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    }
  }

  void close() throws IOException {
    channel.close();
  }
}
