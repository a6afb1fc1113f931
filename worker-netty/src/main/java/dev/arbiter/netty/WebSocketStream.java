package dev.arbiter.netty;

import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.WebSocketSession;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * One stream of HTTP/2 that has become a WebSocket (RFC 8441): the end of a side of the stream
 * stands for the end of a side of a connection. On its connection's loop; from the answer to the
 * handshake to the end of the stream.
 */
final class WebSocketStream implements FramePump.Carrier {
  /** How long a client may take to end its side, once both have closed the WebSocket. */
  private static final int LINGER_TICKS = 20;

  private final H2Stream stream;
  private final FramePump pump;
  private int lingerSince;
  private boolean ending;

  WebSocketStream(H2Stream stream, Handshake handshake) {
    this.stream = stream;
    this.pump = new FramePump(stream.loop(), handshake, this);
  }

  WebSocketSession session() {
    return pump.session();
  }

  // ---- what the stream tells

  /** The client has sent this; the caller releases it. */
  void take(ByteBuf bytes, boolean last) {
    if (ending) {
      consumed(bytes.readableBytes());
    } else if (bytes.isReadable()) {
      pump.keepCopy(bytes);
    }
    if (last) {
      inputEnded();
    } else {
      pump.work();
    }
  }

  /** The client sends no more. */
  void inputEnded() {
    pump.inputEnded();
    if (ending) {
      stream.endInput();
    } else {
      pump.work();
    }
  }

  /** There may be room in the client's window. */
  void writabilityChanged() {
    if (writable()) {
      pump.work();
    }
  }

  /** The stream has ended, by whichever side. */
  void closed() {
    ending = true;
    pump.closed();
  }

  /** Whether there is more to write than the client's window takes. */
  boolean waitsForRoom() {
    return !ending && !writable() && pump.hasOutput();
  }

  /** Looks at its time limits, once a tick. */
  void check() {
    if (!ending) {
      pump.check();
    } else if (stream.loop().tick() - lingerSince > LINGER_TICKS) {
      stream.endInput();
    }
  }

  // ---- what carries the frames

  @Override
  public boolean open() {
    return !ending;
  }

  @Override
  public boolean writable() {
    return stream.writable();
  }

  @Override
  public int room() {
    return stream.room();
  }

  @Override
  public ByteBuf buffer(int size) {
    return stream.buffer(size);
  }

  @Override
  public void write(ByteBuf bytes) {
    stream.write(bytes, false);
  }

  @Override
  public void flush() {
    stream.flush();
  }

  @Override
  public void flushSoon() {
    stream.flushSoon();
  }

  @Override
  public void consumed(int bytes) {
    stream.consumed(bytes);
  }

  @Override
  public void late(Limit limit) {
    stream.late(limit);
  }

  @Override
  public void worked() {
    if (ending) {
      return;
    }
    switch (session().ending()) {
      case NOT_YET -> {}
      case CUT -> {
        ending = true;
        session().unwritten(); // the end of the stream may wait for a client that does not read
        pump.drop();
        stream.cancel(!pump.inMidFrame());
      }
      case CLOSED, FAILED -> {
        if (!pump.inMidFrame()) {
          ending = true;
          lingerSince = stream.loop().tick();
          pump.drop();
          stream.write(Unpooled.EMPTY_BUFFER, true);
          stream.flushSoon();
        }
      }
    }
  }
}
