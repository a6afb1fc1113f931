package dev.arbiter.sync;

import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.OpenFile;
import dev.arbiter.http.tls.ServerTls;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The socket of one connection, with waits that end. One thread reads and one writes at a time; it
 * may be a virtual one, which parks, or a platform one, which polls.
 */
final class Link {
  /** No deadline. */
  static final long NEVER = Long.MIN_VALUE;

  /** What {@link #readIdle} says when its time is over. */
  static final int LATE = -2;

  /** The most that is copied to native memory at once. */
  private static final int MOST = 64 * 1024;

  private static final int LINGER_BYTES = 256 * 1024;
  private static final Duration LINGER_TIME = Duration.ofSeconds(2);

  private final SocketChannel channel;
  private final boolean unix;
  private Transport transport;
  private @Nullable TlsInfo tls;
  private @Nullable SSLSession tlsSession;
  private final @Nullable SocketAddress client;
  private final @Nullable SocketAddress server;
  private final Departure departure;
  private final HangUp hangUp;
  private final Wait reading = new Wait();
  private final Wait writing = new Wait();
  private final ReentrantLock sending = new ReentrantLock();
  private volatile boolean idle;
  private volatile boolean used;
  private volatile boolean streams;
  private volatile boolean broken;
  private volatile boolean stalled;
  private boolean told;
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
    this.unix = unix;
    transport = new Transport.Plain(channel);
    hangUp = new HangUp(channel);
    this.departure = departure;
    client = unix ? null : channel.getRemoteAddress();
    server = unix ? null : channel.getLocalAddress();
  }

  boolean unix() {
    return unix;
  }

  @Nullable SocketAddress client() {
    return client;
  }

  @Nullable SocketAddress server() {
    return server;
  }

  /** How the connection is secured; null if it is not. */
  @Nullable TlsInfo tls() {
    return tls;
  }

  /** The session of what secures it; null if nothing does. */
  @Nullable SSLSession sslSession() {
    return tlsSession;
  }

  long bytesIn() {
    return bytesIn;
  }

  long bytesOut() {
    return bytesOut;
  }

  /**
   * Held by who sends a part of a response, since another thread may answer in the app's place. A
   * WebSocket has its own.
   */
  ReentrantLock sending() {
    return sending;
  }

  /** The client has gone, or does not read: nothing that is sent will arrive. */
  boolean broken() {
    return broken;
  }

  /** Whether the client has hung up. */
  HangUp hangUp() {
    return hangUp;
  }

  /** The client took nothing of what was sent, for longer than it may. */
  boolean stalled() {
    return stalled;
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
   * Makes the connection one inside TLS, before anything else is read.
   *
   * @param limit for the handshake
   * @return whether it is; false if the client speaks HTTP in the clear, as this then does again
   * @throws SocketTimeoutException it did not come to an end in time
   * @throws IOException it failed, or the client has gone
   */
  boolean secure(ServerTls server, Duration limit) throws IOException {
    TlsTransport secured = new TlsTransport(channel, server.engine());
    long until = after(limit);
    try {
      while (true) {
        TlsTransport.Step step = secured.shake();
        // A client that has not said a word is as idle as one between two requests.
        idle = !secured.begun();
        long now = System.nanoTime();
        switch (step) {
          case DONE -> {
            transport = secured;
            tls = server.info(secured.engine());
            tlsSession = secured.engine().getSession();
            return true;
          }
          case PLAIN_HTTP -> {
            return false;
          }
          case GONE -> throw new EOFException("The client left during the handshake.");
          case READ -> awaitHandshake(reading, Sockets.READABLE, until, now);
          case WRITE -> awaitHandshake(writing, Sockets.WRITABLE, until, now);
        }
      }
    } finally {
      idle = false;
    }
  }

  /** What is read next begins with these bytes. */
  void begin(byte[] first) {
    transport = new Transport.Begun(ByteBuffer.wrap(first), transport);
  }

  private void awaitHandshake(Wait wait, int event, long until, long now) throws IOException {
    if (over(until, now) || (idle && over(departure.idleUntil(used), now))) {
      throw new SocketTimeoutException("The TLS handshake did not end in time.");
    }
    await(wait, event, until);
  }

  /**
   * Waits for the first byte of a request.
   *
   * @return how many bytes; -1 if the client has gone, or idle connections are to close; {@link
   *     #LATE} if nothing came in time
   */
  int readIdle(ByteBuffer to, long until) throws IOException {
    idle = true;
    try {
      while (true) {
        int count = readNow(to);
        if (count != 0) {
          used = true;
          return count;
        }
        // Only after a read that found nothing: what came before the end is still answered.
        long now = System.nanoTime();
        if (over(departure.idleUntil(used), now)) {
          return -1;
        }
        if (over(until, now)) {
          return LATE;
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
      count = transport.read(to);
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
    while (from.position() < end || !transport.sent()) {
      int start = from.position();
      from.limit(Math.min(end, start + MOST));
      boolean progress = transport.write(from);
      from.limit(end);
      bytesOut += from.position() - start;
      if (progress) {
        until = NEVER;
        continue;
      }
      if (writing.called) {
        throw new IOException("The client had its time.");
      }
      if (until == NEVER) {
        until = after(limit);
      } else if (over(until, System.nanoTime())) {
        stalled = true;
        throw new SocketTimeoutException("The client took nothing in time.");
      }
      await(writing, Sockets.WRITABLE, until);
    }
  }

  /**
   * Sends all that is left of a file.
   *
   * @param copying through the worker's memory, piece by piece; else the system sends it by itself
   * @param limit without progress
   * @throws SocketTimeoutException the client took nothing for that long
   * @throws IOException if the link is not {@link #broken} then, the file cannot be read
   */
  void send(OpenFile file, boolean copying, Duration limit) throws IOException {
    if (!copying && tls == null) {
      transfer(file, limit);
      return;
    }
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(file.left(), MOST));
    while (file.left() > 0) {
      file.read(piece.clear());
      try {
        write(piece.flip(), limit);
      } catch (IOException cut) {
        file.sent(-piece.remaining()); // it was read, and not sent
        throw cut;
      }
    }
  }

  private void transfer(OpenFile file, Duration limit) throws IOException {
    long until = NEVER;
    while (file.left() > 0) {
      long count = transferNow(file);
      if (count > 0) {
        file.sent(count);
        bytesOut += count;
        until = NEVER;
        continue;
      }
      if (file.channel().size() <= file.position()) {
        throw file.shorter();
      }
      if (until == NEVER) {
        until = after(limit);
      } else if (over(until, System.nanoTime())) {
        broken = true;
        stalled = true;
        throw new SocketTimeoutException("The client took nothing in time.");
      }
      await(writing, Sockets.WRITABLE, until);
    }
  }

  private long transferNow(OpenFile file) throws IOException {
    try {
      return file.channel().transferTo(file.position(), file.left(), channel);
    } catch (IOException failed) {
      broken = true;
      throw failed;
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
        && (over(reading.deadline, now) || (idle && over(departure.idleUntil(used), now)))) {
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
    long until = after(LINGER_TIME);
    told = true;
    while (!transport.end()) {
      if (over(until, System.nanoTime())) {
        return;
      }
      await(writing, Sockets.WRITABLE, until);
    }
    ByteBuffer scrap = ByteBuffer.allocate(4096);
    int left = LINGER_BYTES;
    while (left > 0) {
      int count = transport.discard(scrap.clear());
      if (count < 0 || (count == 0 && over(until, System.nanoTime()))) {
        return;
      }
      if (count == 0) {
        await(reading, Sockets.READABLE, until);
      }
      left -= count;
    }
  }

  /** Makes the next close a reset, where a plain end would look like a complete response. */
  void closeRoughly() throws IOException {
    told = true; // nothing: under TLS, too, its end would look like that of the response
    if (client != null) {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    }
  }

  void close() throws IOException {
    try {
      if (!told && !broken && tls != null) {
        transport.end();
      }
    } finally {
      hangUp.end();
      channel.close();
    }
  }
}
