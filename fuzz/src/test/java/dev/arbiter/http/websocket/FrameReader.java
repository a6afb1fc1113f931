package dev.arbiter.http.websocket;

import dev.arbiter.app.WebSocket.Message;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/** Reads a client's frames as a session does. */
@NullMarked
public final class FrameReader {

  private FrameReader() {}

  /**
   * What the bytes amount to, in words, up to the code of a violation if there is one.
   *
   * @param limit longest message
   * @param deflates whether messages may be compressed
   */
  public static List<String> read(List<byte[]> pieces, int limit, boolean deflates) {
    FrameDecoder decoder = new FrameDecoder(limit, deflates);
    List<String> events = new ArrayList<>();
    try {
      for (byte[] piece : pieces) {
        ByteBuffer in = ByteBuffer.wrap(piece);
        for (Inbound came = decoder.next(in); came != null; came = decoder.next(in)) {
          events.add(shown(came, limit));
        }
        if (in.hasRemaining()) {
          throw new AssertionError("It wants more, but left " + in.remaining());
        }
      }
    } catch (Violation broken) {
      events.add("violation " + broken.code());
    } finally {
      decoder.close();
    }
    return events;
  }

  private static String shown(Inbound came, int limit) {
    return switch (came) {
      case Inbound.Data(Message.Text(String text)) -> "text " + text;
      case Inbound.Data(Message.Binary(ByteBuffer bytes)) -> {
        if (bytes.remaining() > limit) {
          throw new AssertionError("A message of " + bytes.remaining() + " bytes");
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        yield "binary " + Arrays.toString(copy);
      }
      case Inbound.Data(Message.Close _) -> throw new AssertionError("A Close is no message");
      case Inbound.Ping(byte[] bytes) -> "ping " + Arrays.toString(bytes);
      case Inbound.Pong(byte[] bytes) -> "pong " + Arrays.toString(bytes);
      case Inbound.Closing(int code, String reason) -> "close " + code + " " + reason;
    };
  }

  /** A message as a worker compresses it; empty if that does not make it shorter. */
  public static ByteBuffer compressed(byte[] message) {
    ByteBuffer packed = Deflate.deflate(ByteBuffer.wrap(message));
    return packed == null ? ByteBuffer.allocate(0) : packed;
  }
}
