package dev.arbiter.http.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/** The bits of frames, RFC 6455 section 5.2, and how a server writes them. */
final class Frames {
  static final int CONTINUATION = 0;
  static final int TEXT = 1;
  static final int BINARY = 2;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;

  static final int FIN = 0x80;
  static final int RSV1 = 0x40;
  static final int RSV = 0x70;
  static final int MASKED = 0x80;

  /** Payload of a control frame, RFC 6455 section 5.5. */
  static final int CONTROL_SIZE = 125;

  private Frames() {}

  /** The header of a frame that is a whole message. */
  static ByteBuffer header(int opcode, boolean compressed, int length) {
    ByteBuffer header = ByteBuffer.allocate(10);
    header.put((byte) (FIN | (compressed ? RSV1 : 0) | opcode));
    if (length <= CONTROL_SIZE) {
      header.put((byte) length);
    } else if (length <= 0xffff) {
      header.put((byte) 126).putShort((short) length);
    } else {
      header.put((byte) 127).putLong(length);
    }
    return header.flip();
  }

  /** What a Close carries; nothing for a code that stands for none. */
  static ByteBuffer closing(int code, String reason) {
    if (!CloseCode.sendable(code)) {
      return ByteBuffer.allocate(0);
    }
    byte[] text = reason.getBytes(UTF_8);
    return ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).flip();
  }
}
