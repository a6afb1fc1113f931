package dev.arbiter.sync;

import dev.arbiter.http.tls.ServerTls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import org.jspecify.annotations.Nullable;

/**
 * A connection's bytes inside TLS. Reads at most one record more than it was asked for.
 *
 * <p>Reading and writing may be two threads. The engine allows that; the bytes on their way out are
 * behind a lock, because a reader may have to answer too (a KeyUpdate, RFC 8446 section 4.6.3). It
 * does not wait for room then: the next write sends it.
 *
 * <p>Design note. A record has to be whole before it can be opened, so each direction needs a
 * buffer of more than 16k. They are there only while something is in them: a thousand idle
 * connections would otherwise hold 50 MB.
 */
final class TlsTransport implements Transport {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

  /** Type, version and length: RFC 8446 section 5.1. */
  private static final int RECORD_HEADER = 5;

  /** What a step of the handshake needs before the next. */
  enum Step {
    /** It is over, and the connection can be used. */
    DONE,
    /** More from the client. */
    READ,
    /** The client to take what it was sent. */
    WRITE,
    /** The client speaks HTTP in the clear, or has gone: there will be no handshake. */
    PLAIN_HTTP,
    GONE
  }

  private final SocketChannel channel;
  private final SSLEngine engine;
  private final ReentrantLock sending = new ReentrantLock();

  /** Encrypted, to be opened; null if empty. In the state of being read from. */
  private @Nullable ByteBuffer in;

  /** Decrypted, not yet asked for; null if empty. In the state of being read from. */
  private @Nullable ByteBuffer opened;

  /** Encrypted, to be sent; null if empty. In the state of being read from. */
  private @Nullable ByteBuffer out;

  private boolean anythingRead;
  private boolean ended;

  TlsTransport(SocketChannel channel, SSLEngine engine) {
    this.channel = channel;
    this.engine = engine;
  }

  SSLEngine engine() {
    return engine;
  }

  /** Whether the client has sent its first byte. */
  boolean begun() {
    return anythingRead;
  }

  /**
   * Takes the handshake as far as it goes without waiting.
   *
   * @throws IOException it has failed; the client was told, if it takes it at once
   */
  Step shake() throws IOException {
    try {
      if (!anythingRead && engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING) {
        engine.beginHandshake();
      }
      while (!engine.isOutboundDone()) {
        if (!flush()) {
          return Step.WRITE;
        }
        switch (engine.getHandshakeStatus()) {
          case NEED_TASK -> runTasks();
          case NEED_WRAP -> wrap(NOTHING);
          case FINISHED, NOT_HANDSHAKING -> {
            return Step.DONE;
          }
          default -> {
            Step missing = receiveHandshake();
            if (missing != Step.DONE) {
              return missing;
            }
          }
        }
      }
      return Step.GONE;
    } catch (IOException failed) {
      tellFailure();
      throw failed;
    }
  }

  /** DONE if something was received. */
  private Step receiveHandshake() throws IOException {
    boolean first = !anythingRead;
    int count = fill();
    if (first && count > 0 && ServerTls.isPlainHttp(received().get(received().position()))) {
      in = null;
      return Step.PLAIN_HTTP;
    }
    ByteBuffer to = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
    SSLEngineResult result = engine.unwrap(received(), to);
    if (to.flip().hasRemaining()) {
      opened = to; // the handshake ended with it
    }
    tidy();
    return switch (result.getStatus()) {
      case CLOSED -> Step.GONE;
      case BUFFER_UNDERFLOW -> count < 0 ? Step.GONE : count == 0 ? Step.READ : Step.DONE;
      default -> Step.DONE;
    };
  }

  /** The alert that says why, if the engine has one to send. */
  private void tellFailure() {
    try {
      while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && flush()) {
        wrap(NOTHING);
      }
      flush();
    } catch (IOException _) {
      // The first failure is the one to tell.
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    while (true) {
      int ready = take(to);
      if (ready > 0) {
        return ready;
      }
      if (ended) {
        return -1;
      }
      if (hasRecord()) {
        open();
      } else {
        int count = fill();
        if (count <= 0) {
          tidy();
          return count;
        }
      }
    }
  }

  /** Whether a whole record was received, or what can never be one. */
  private boolean hasRecord() {
    ByteBuffer from = received();
    if (from.remaining() < RECORD_HEADER) {
      return false;
    }
    int length = from.getShort(from.position() + 3) & 0xffff;
    return from.remaining() - RECORD_HEADER >= length || length > from.capacity() - RECORD_HEADER;
  }

  private void open() throws IOException {
    ByteBuffer to = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
    SSLEngineResult result = engine.unwrap(received(), to);
    if (to.flip().hasRemaining()) {
      opened = to;
    }
    if (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
      runTasks();
    }
    ended = result.getStatus() == SSLEngineResult.Status.CLOSED;
    answer();
    tidy();
  }

  private int take(ByteBuffer to) {
    ByteBuffer from = opened;
    if (from == null) {
      return 0;
    }
    int count = Math.min(from.remaining(), to.remaining());
    to.put(from.slice(from.position(), count));
    from.position(from.position() + count);
    if (!from.hasRemaining()) {
      opened = null;
    }
    return count;
  }

  /** Sends what reading has made necessary. */
  private void answer() throws IOException {
    if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && !engine.isInboundDone()) {
      sending.lock();
      try {
        if (flush()) {
          wrap(NOTHING);
          flush();
        }
      } finally {
        sending.unlock();
      }
    }
  }

  @Override
  public boolean write(ByteBuffer from) throws IOException {
    sending.lock();
    try {
      int before = pending();
      if (!flush()) {
        return pending() < before;
      }
      if (from.hasRemaining()) {
        wrap(from);
        flush();
        return true;
      }
      return before > 0;
    } finally {
      sending.unlock();
    }
  }

  @Override
  public boolean sent() {
    sending.lock();
    try {
      return out == null;
    } finally {
      sending.unlock();
    }
  }

  private int pending() {
    return out == null ? 0 : out.remaining();
  }

  /** The client is told in TLS (RFC 8446 section 6.1), then in TCP. */
  @Override
  public boolean end() throws IOException {
    sending.lock();
    try {
      if (!flush()) {
        return false;
      }
      if (!engine.isOutboundDone()) {
        engine.closeOutbound();
        wrap(NOTHING);
        if (!flush()) {
          return false;
        }
      }
      channel.shutdownOutput();
      return true;
    } finally {
      sending.unlock();
    }
  }

  @Override
  public int discard(ByteBuffer scrap) throws IOException {
    return channel.read(scrap);
  }

  private void runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  /** Encrypts a part of {@code from}; only when all that was encrypted before is sent. */
  private void wrap(ByteBuffer from) throws IOException {
    ByteBuffer to = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(from, to);
    if (to.flip().hasRemaining()) {
      out = to;
    } else if (from.hasRemaining()) {
      throw new IOException("TLS has been closed by the client.");
    }
  }

  /** Sends what is encrypted. Returns whether nothing is left. */
  private boolean flush() throws IOException {
    ByteBuffer from = out;
    if (from == null) {
      return true;
    }
    channel.write(from);
    if (from.hasRemaining()) {
      return false;
    }
    out = null;
    return true;
  }

  private ByteBuffer received() {
    return in == null ? NOTHING : in;
  }

  /** Reads from the network, up to what one record may need. */
  private int fill() throws IOException {
    ByteBuffer to = in;
    if (to == null) {
      to = ByteBuffer.allocate(engine.getSession().getPacketBufferSize()).limit(0);
      in = to;
    }
    to.compact();
    int count;
    try {
      count = channel.read(to);
    } finally {
      to.flip();
    }
    anythingRead |= count > 0;
    return count;
  }

  /** Lets go of a buffer with nothing in it. */
  private void tidy() {
    if (in != null && !in.hasRemaining()) {
      in = null;
    }
  }
}
