package dev.arbiter.netty;

import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.OutFrame;
import dev.arbiter.http.websocket.WebSocketSession;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Moves bytes between a WebSocket's session and what carries them: a connection of its own, or a
 * stream of HTTP/2. On its loop, but for {@link #wake}; lives as long as its carrier.
 */
final class FramePump implements WebSocketSession.Transport {

  /** What carries the bytes. */
  interface Carrier {
    /** Whether anything can still be written. */
    boolean open();

    /** Whether what is written now goes out soon; if not, {@link #work} is to be called then. */
    boolean writable();

    /** The most bytes of a message that are written at once. */
    int room();

    /** An empty buffer for so many bytes. */
    ByteBuf buffer(int size);

    /** Writes a part of a frame, which is the carrier's to release. */
    void write(ByteBuf bytes);

    /** Sends what was written. */
    void flush();

    /** The same, but while a batch is being read once at its end. */
    void flushSoon();

    /** So many bytes, taken in before, are no longer held. */
    void consumed(int bytes);

    /** It is about to be ended because of {@code limit}. */
    void late(Limit limit);

    /** All is done that can be done now: it may be time to end, or to read on. */
    void worked();
  }

  private final Loop loop;
  private final Carrier carrier;
  private final WebSocketSession session;
  private final Deque<ByteBuf> unread = new ArrayDeque<>(2);
  private final AtomicBoolean called = new AtomicBoolean();
  private @Nullable OutFrame current;
  private boolean working;
  private boolean again;
  private boolean unflushed;
  private boolean inputEnded;

  FramePump(Loop loop, Handshake handshake, Carrier carrier) {
    this.loop = loop;
    this.carrier = carrier;
    this.session = new WebSocketSession(handshake, loop.service().settings().webSocket(), this);
  }

  WebSocketSession session() {
    return session;
  }

  /** Whether a frame is written in part. */
  boolean inMidFrame() {
    return current != null;
  }

  /** Whether there is something to write. */
  boolean hasOutput() {
    return current != null || session.hasOutput();
  }

  /** Whether the session has taken all that came, and wants more. */
  boolean wantsInput() {
    return unread.isEmpty() && session.wantsInput();
  }

  /** Keeps what the client has sent, to release it when the session has taken it. */
  void keep(ByteBuf bytes) {
    unread.add(bytes);
  }

  /** The same, of bytes that are the caller's: copies them, to what is kept already. */
  void keepCopy(ByteBuf bytes) {
    join(unread, bytes, carrier::buffer);
  }

  /**
   * Copies all of {@code bytes} to the end of what is kept. Otherwise a client that cuts its bytes
   * into many frames would pin a whole read buffer with each of them.
   *
   * @param room makes an empty buffer for so many bytes
   */
  static void join(Deque<ByteBuf> kept, ByteBuf bytes, IntFunction<ByteBuf> room) {
    ByteBuf last = kept.peekLast();
    if (last != null) {
      last.writeBytes(bytes, Math.min(bytes.readableBytes(), last.writableBytes()));
    }
    int left = bytes.readableBytes();
    if (left > 0) {
      // The first is likely taken before another comes.
      int size = last == null ? left : Math.max(left, BodyParts.PIECE);
      kept.add(room.apply(size).writeBytes(bytes));
    }
  }

  /** The client sends no more. */
  void inputEnded() {
    inputEnded = true;
  }

  /** Throws away what the session has not taken. */
  void drop() {
    for (ByteBuf bytes = unread.poll(); bytes != null; bytes = unread.poll()) {
      int left = bytes.readableBytes();
      ReferenceCountUtil.release(bytes);
      carrier.consumed(left);
    }
  }

  /** The carrier has ended. */
  void closed() {
    session.lost();
    session.unwritten();
    session.release();
    drop();
  }

  @Override
  public void wake() {
    if (loop.executor().inEventLoop()) {
      work();
    } else if (called.compareAndSet(false, true)) {
      boolean _ =
          loop.tryExecute(
              () -> {
                called.set(false);
                work();
              });
    }
  }

  @Override
  public void late(Limit limit) {
    carrier.late(limit);
  }

  /** Does what there is to do; the app, called in the midst of it, may make more. */
  void work() {
    again = true;
    if (working) {
      return;
    }
    working = true;
    try {
      while (again) {
        again = false;
        feed();
        pump();
      }
    } finally {
      working = false;
    }
    if (unflushed) {
      unflushed = false;
      carrier.flushSoon();
    }
    carrier.worked();
  }

  private void feed() {
    while (!unread.isEmpty() && session.wantsInput()) {
      ByteBuf bytes = unread.remove();
      ByteBuffer view = bytes.nioBuffer();
      session.feed(view);
      int taken = view.position();
      bytes.skipBytes(taken);
      if (bytes.isReadable()) {
        unread.addFirst(bytes);
      } else {
        bytes.release();
      }
      carrier.consumed(taken);
    }
    if (inputEnded && unread.isEmpty() && session.wantsInput()) {
      session.lost(); // without a Close; what came before is still the app's
    }
  }

  /** Writes what there is room for; a frame's stage completes when there is room for the next. */
  private void pump() {
    while (carrier.open()) {
      if (!carrier.writable()) {
        unflushed = false;
        carrier.flush();
        if (!carrier.writable()) {
          return;
        }
      }
      OutFrame frame = current;
      if (frame == null) {
        frame = session.next();
        current = frame;
        if (frame == null) {
          return;
        }
      }
      if (frame.header().hasRemaining() || frame.payload().hasRemaining()) {
        piece(frame);
      } else {
        current = null;
        session.written(frame);
      }
    }
  }

  /** Copied piece by piece, so that no message needs more of the carrier than its room. */
  private void piece(OutFrame frame) {
    ByteBuffer payload = frame.payload();
    int count = Math.min(payload.remaining(), carrier.room());
    ByteBuf out = carrier.buffer(frame.header().remaining() + count);
    out.writeBytes(frame.header());
    out.writeBytes(payload.slice(payload.position(), count));
    payload.position(payload.position() + count);
    unflushed = true;
    carrier.write(out);
  }

  /** Looks at the time limits, once a tick. */
  void check() {
    if (loop.service().draining()) {
      session.leave();
    }
    session.tick(loop.tick() * Loop.TICK.toNanos());
  }
}
