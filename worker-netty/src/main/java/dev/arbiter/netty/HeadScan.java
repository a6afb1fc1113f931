package dev.arbiter.netty;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2FrameTypes;

/**
 * Follows the frames of a client by their headers, to tell whether the head of a request has begun
 * and not ended: a part of HEADERS, or HEADERS whose END_HEADERS has not come. Netty's reader keeps
 * that to itself. One for each connection, on its loop.
 */
final class HeadScan {
  /** RFC 9113 section 4.1: the length in three bytes, type, flags, the stream in four. */
  private static final int FRAME_HEADER = 9;

  private static final int LENGTH = 3;
  private static final int END_HEADERS = 4;

  /** Bytes at the front of what is given that were looked at, and not taken by the reader yet. */
  private int seen;

  /** Bytes of a frame's header that were seen. */
  private int place;

  private int left;
  private int type;
  private int flags;
  private boolean open;

  /** Looks at what is new in {@code in}, before the reader takes of it. */
  void before(ByteBuf in) {
    int at = in.readerIndex() + seen;
    int end = in.writerIndex();
    while (at < end) {
      if (place < FRAME_HEADER) {
        header(in.getUnsignedByte(at++));
      } else {
        int skipped = Math.min(left, end - at);
        left -= skipped;
        at += skipped;
      }
      if (place == FRAME_HEADER && left == 0) {
        ended();
      }
    }
  }

  /** The reader has taken what it could. */
  void after(ByteBuf in) {
    seen = in.readableBytes();
  }

  private void header(int next) {
    if (place < LENGTH) {
      left = left << 8 | next;
    } else if (place == LENGTH) {
      type = next;
    } else if (place == LENGTH + 1) {
      flags = next;
    }
    place++;
  }

  private void ended() {
    place = 0;
    if (type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION) {
      open = (flags & END_HEADERS) == 0;
    }
  }

  /** Whether a head has begun and not ended. */
  boolean inMidHead() {
    return open || (place > LENGTH && type == Http2FrameTypes.HEADERS);
  }
}
