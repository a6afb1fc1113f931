package dev.arbiter.fuzz;

import dev.arbiter.http.websocket.FrameReader;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Bytes that a WebSocket's client sends.
 *
 * <p>What must hold: they mean the same in whatever pieces they come; without compression they mean
 * what another reading of the standard says; no message is longer than the limit; and what a worker
 * compresses is what a client gets.
 */
public final class WebSocketFrames {
  private static final int LIMIT = 300;

  private WebSocketFrames() {}

  /** One input. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    List<String> plain = alike(bytes, false);
    List<String> reference = PlainFrames.read(bytes, LIMIT);
    if (!plain.equals(reference)) {
      throw new AssertionError(plain + " should be " + reference);
    }
    alike(bytes, true);
    if (bytes.length <= LIMIT) {
      comesBack(bytes);
    }
  }

  private static List<String> alike(byte[] bytes, boolean deflates) {
    List<List<byte[]>> ways = Pieces.of(bytes);
    List<String> whole = FrameReader.read(ways.getFirst(), LIMIT, deflates);
    for (List<byte[]> pieces : ways.subList(1, ways.size())) {
      List<String> other = FrameReader.read(pieces, LIMIT, deflates);
      if (!whole.equals(other)) {
        throw new AssertionError(pieces.size() + " pieces: " + whole + " and " + other);
      }
    }
    return whole;
  }

  private static void comesBack(byte[] message) {
    ByteBuffer packed = FrameReader.compressed(message);
    if (!packed.hasRemaining()) {
      return;
    }
    // A binary message, compressed, with a mask of zeros.
    ByteBuffer frame = ByteBuffer.allocate(8 + packed.remaining());
    frame.put((byte) 0xc2);
    if (packed.remaining() > 125) {
      frame.put((byte) 0xfe).putShort((short) packed.remaining());
    } else {
      frame.put((byte) (0x80 | packed.remaining()));
    }
    frame.putInt(0).put(packed).flip();
    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    List<String> got = FrameReader.read(List.of(bytes), LIMIT, true);
    if (!got.equals(List.of("binary " + java.util.Arrays.toString(message)))) {
      throw new AssertionError("What was compressed comes back as " + got);
    }
  }
}
