package dev.arbiter.http.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.WebSocket.Message;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Makes messages of a client's bytes (RFC 6455 section 5, RFC 7692 section 7.2.2) and finds what is
 * wrong with them, at the first byte that shows it. Holds one message at most, which never grows
 * beyond the limit: neither by what a header announces nor by what compressed bytes turn into. One
 * connection, one thread.
 */
final class FrameDecoder {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final int LARGEST = Integer.MAX_VALUE - 64;
  static final int CHUNK = 8 * 1024;
  private static final byte[] NOTHING = new byte[0];

  private final int limit;
  private final boolean deflates;

  private final byte[] header = new byte[14];
  private int headerLength;
  private boolean inPayload;
  private int opcode;
  private boolean last;
  private long left;
  private int mask;

  private final byte[] control = new byte[Frames.CONTROL_SIZE];
  private int controlLength;

  /** {@link Frames#TEXT} or {@link Frames#BINARY} while a message is under way; else 0. */
  private int kind;

  private byte[] message = NOTHING;
  private int length;
  private @Nullable Utf8 text;
  private @Nullable Inflater inflater;

  /**
   * @param maxSize longest message, 0 for no limit but that of an array
   * @param deflates whether messages may be compressed
   */
  FrameDecoder(long maxSize, boolean deflates) {
    this.limit = maxSize <= 0 ? LARGEST : (int) Math.min(maxSize, LARGEST);
    this.deflates = deflates;
  }

  /**
   * Takes bytes until they complete something.
   *
   * @return null if all were taken and more are needed
   */
  @Nullable Inbound next(ByteBuffer in) throws Violation {
    while (true) {
      if (!inPayload && !takeHeader(in)) {
        return null;
      }
      takePayload(in);
      if (left > 0) {
        return null;
      }
      inPayload = false;
      Inbound complete = endFrame();
      if (complete != null) {
        return complete;
      }
    }
  }

  /** Bytes that it has room for without growing. */
  int room() {
    return message.length;
  }

  /** Whether it has a decompressor, and so some 40 KB that are not on the heap. */
  boolean inflates() {
    return inflater != null;
  }

  /** Gives back what it holds. */
  void close() {
    Inflater held = inflater;
    if (held != null) {
      inflater = null;
      Deflate.giveBack(held);
    }
    message = NOTHING;
    length = 0;
  }

  // ---- the header

  private boolean takeHeader(ByteBuffer in) throws Violation {
    while (in.hasRemaining()) {
      header[headerLength++] = in.get();
      if (headerLength == 1) {
        checkFirst(header[0] & 0xff);
      } else if (headerLength == 2) {
        checkSecond(header[1] & 0xff);
      }
      if (headerLength >= 2 && headerLength == headerSize()) {
        endHeader();
        return true;
      }
    }
    return false;
  }

  private int headerSize() {
    int announced = header[1] & 0x7f;
    return 6 + (announced == 126 ? 2 : announced == 127 ? 8 : 0);
  }

  private void checkFirst(int first) throws Violation {
    opcode = first & 0x0f;
    last = (first & Frames.FIN) != 0;
    int reserved = first & Frames.RSV;
    switch (opcode) {
      case Frames.CONTINUATION -> {
        if (kind == 0) {
          throw Violation.protocol("a continuation of nothing");
        }
      }
      case Frames.TEXT, Frames.BINARY -> {
        if (kind != 0) {
          throw Violation.protocol("a message within a message");
        }
        if (deflates) {
          reserved &= ~Frames.RSV1; // RFC 7692 section 6: the message is compressed
        }
      }
      case Frames.CLOSE, Frames.PING, Frames.PONG -> {
        if (!last) {
          throw Violation.protocol("a control frame in fragments");
        }
      }
      default -> throw Violation.protocol("an unknown opcode");
    }
    if (reserved != 0) {
      throw Violation.protocol("a reserved bit is set");
    }
  }

  private void checkSecond(int second) throws Violation {
    if ((second & Frames.MASKED) == 0) {
      throw Violation.protocol("a client's frame is not masked"); // RFC 6455 section 5.1
    }
    if (opcode >= Frames.CLOSE && (second & 0x7f) > Frames.CONTROL_SIZE) {
      throw Violation.protocol("a control frame is too long");
    }
  }

  private void endHeader() throws Violation {
    ByteBuffer all = ByteBuffer.wrap(header, 1, headerLength - 1);
    int announced = all.get() & 0x7f;
    left =
        announced == 126 ? all.getShort() & 0xffff : announced == 127 ? all.getLong() : announced;
    mask = all.getInt();
    headerLength = 0;
    inPayload = true;
    if (left < 0) {
      throw Violation.protocol("a length with its highest bit set");
    }
    if ((announced == 126 && left <= Frames.CONTROL_SIZE) || (announced == 127 && left <= 0xffff)) {
      throw Violation.protocol("a length in too many bytes"); // RFC 6455 section 5.2
    }
    if (opcode >= Frames.CLOSE) {
      controlLength = 0;
      return;
    }
    if (opcode != Frames.CONTINUATION) {
      kind = opcode;
      text = opcode == Frames.TEXT ? new Utf8() : null;
      if ((header[0] & Frames.RSV1) != 0) {
        inflater = Deflate.inflater();
      }
    }
    if (inflater == null && left > limit - length) {
      throw tooBig();
    }
  }

  private Violation tooBig() {
    return new Violation(CloseCode.TOO_BIG, "a message is longer than " + limit + " bytes");
  }

  // ---- the payload

  private void takePayload(ByteBuffer in) throws Violation {
    while (left > 0 && in.hasRemaining()) {
      int count = (int) Math.min(left, in.remaining());
      if (opcode >= Frames.CLOSE) {
        take(in, control, controlLength, count);
        controlLength += count;
      } else if (inflater != null) {
        count = Math.min(count, CHUNK);
        byte[] chunk = new byte[count];
        take(in, chunk, 0, count);
        inflate(inflater, chunk);
      } else {
        reserve(count);
        take(in, message, length, count);
        grown(length + count);
      }
      left -= count;
    }
  }

  /** Copies and unmasks; the mask turns so that its first byte is always the next one's. */
  private void take(ByteBuffer in, byte[] to, int from, int count) {
    in.get(to, from, count);
    int at = from;
    int end = from + count;
    long wide = ((long) mask << 32) | (mask & 0xffffffffL);
    for (; at + 8 <= end; at += 8) {
      LONGS.set(to, at, (long) LONGS.get(to, at) ^ wide);
    }
    for (; at < end; at++) {
      to[at] ^= (byte) (mask >>> 24);
      mask = Integer.rotateLeft(mask, 8);
    }
  }

  private void inflate(Inflater from, byte[] bytes) throws Violation {
    from.setInput(bytes);
    while (true) {
      reserve(1);
      int room = Math.min(message.length, limit + 1) - length;
      int count;
      long before = from.getBytesWritten();
      try {
        count = from.inflate(message, length, room);
      } catch (DataFormatException wrong) {
        // What came out before the wrong bit counts: in other pieces it would have come by itself.
        inflated((int) (from.getBytesWritten() - before));
        throw broken();
      }
      inflated(count);
      if (count > 0) {
        continue;
      }
      if (from.finished()) {
        // A final block ends the stream, not the message (RFC 7692 section 7.2.3.4).
        int rest = from.getRemaining();
        from.reset();
        if (rest == 0) {
          return;
        }
        from.setInput(bytes, bytes.length - rest, rest);
      } else if (from.needsInput()) {
        return;
      } else {
        throw broken(); // it asks for a dictionary
      }
    }
  }

  /**
   * More bytes of the message, one beyond the limit at most; wrong text before that comes first.
   */
  private void inflated(int count) throws Violation {
    int all = length + count;
    grown(Math.min(all, limit));
    if (all > limit) {
      throw tooBig();
    }
  }

  private static Violation broken() {
    return new Violation(CloseCode.BAD_DATA, "a message cannot be decompressed");
  }

  /** Makes room as bytes come, not as they are announced. */
  private void reserve(int more) {
    long needed = (long) length + more;
    if (needed > message.length) {
      long size = Math.max(needed, Math.max(256, message.length * 2L));
      message = Arrays.copyOf(message, (int) Math.min(size, Math.max(needed, limit + 1L)));
    }
  }

  private void grown(int newLength) throws Violation {
    Utf8 check = text;
    if (check != null && !check.take(message, length, newLength)) {
      throw notText();
    }
    length = newLength;
  }

  private static Violation notText() {
    return new Violation(CloseCode.BAD_DATA, "text is not UTF-8");
  }

  // ---- what it amounts to

  private @Nullable Inbound endFrame() throws Violation {
    return switch (opcode) {
      case Frames.PING -> new Inbound.Ping(Arrays.copyOf(control, controlLength));
      case Frames.PONG -> new Inbound.Pong(Arrays.copyOf(control, controlLength));
      case Frames.CLOSE -> closing();
      default -> last ? endMessage() : null;
    };
  }

  private Inbound endMessage() throws Violation {
    Inflater ending = inflater;
    if (ending != null) {
      inflate(ending, Deflate.TAIL);
      inflater = null;
      Deflate.giveBack(ending);
    }
    Utf8 check = text;
    if (check != null && !check.complete()) {
      throw notText();
    }
    Message whole =
        check != null
            ? new Message.Text(new String(message, 0, length, UTF_8))
            : new Message.Binary(ByteBuffer.wrap(message, 0, length).slice().asReadOnlyBuffer());
    kind = 0;
    text = null;
    if (check == null || message.length > CHUNK) {
      message = NOTHING; // the app's, or more than an idle connection should hold
    }
    length = 0;
    return new Inbound.Data(whole);
  }

  private Inbound closing() throws Violation {
    if (controlLength == 0) {
      return new Inbound.Closing(CloseCode.NONE, "");
    }
    if (controlLength == 1) {
      throw Violation.protocol("half a close code");
    }
    int code = (control[0] & 0xff) << 8 | (control[1] & 0xff);
    if (!CloseCode.sendable(code)) {
      throw Violation.protocol("a close code that may not be sent");
    }
    if (!Utf8.valid(control, 2, controlLength)) {
      throw notText();
    }
    return new Inbound.Closing(code, new String(control, 2, controlLength - 2, UTF_8));
  }
}
