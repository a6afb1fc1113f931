package dev.arbiter.http.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.http.RawClient;
import dev.arbiter.http.RawClient.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** A WebSocket's client that sends the frames it is told, right or wrong. */
public final class WebSocketClient implements AutoCloseable {
  static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
  private static final int MASK = 0x37fa213d;

  private final RawClient raw;

  public WebSocketClient(RawClient raw) {
    this.raw = raw;
  }

  /** A frame of the server. */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  record Frame(int first, byte[] payload) {
    String text() {
      return new String(payload, UTF_8);
    }

    /** Opcode and text, or code and reason of a Close. */
    String shown() {
      return switch (first & 0x0f) {
        case 8 ->
            payload.length < 2
                ? "close"
                : "close " + code() + " " + new String(payload, 2, payload.length - 2, UTF_8);
        case 9 -> "ping " + text();
        case 10 -> "pong " + text();
        case 1 -> "text " + text();
        default -> "binary " + payload.length;
      };
    }

    int code() {
      return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xffff;
    }
  }

  RawClient raw() {
    return raw;
  }

  static String handshake(String path, String... fields) {
    StringBuilder head = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: a\r\n");
    head.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
    head.append("Sec-WebSocket-Key: ").append(KEY).append("\r\n");
    for (String field : fields) {
      head.append(field).append("\r\n");
    }
    return head.append("\r\n").toString();
  }

  /** Asks for a WebSocket; returns the answer's head, with its body if it is none. */
  public Answer ask(String path, String... fields) throws IOException {
    raw.send(handshake(path, fields));
    Answer head = raw.head();
    return head.status() == 101
        ? head
        : new Answer(
            head.status(),
            head.fields(),
            raw.bytes(Integer.parseInt("0" + head.field("content-length"))));
  }

  /** Asks, and gets one. */
  public WebSocketClient open(String path, String... fields) throws IOException {
    Answer answer = ask(path, fields);
    if (answer.status() != 101) {
      throw new IOException("not accepted: " + answer);
    }
    return this;
  }

  /** A masked frame; {@code first} has the opcode and the bits before it. */
  static byte[] frame(int first, byte[] payload) {
    ByteBuffer frame = ByteBuffer.allocate(payload.length + 14);
    frame.put((byte) first);
    if (payload.length < 126) {
      frame.put((byte) (0x80 | payload.length));
    } else if (payload.length < 65536) {
      frame.put((byte) 0xfe).putShort((short) payload.length);
    } else {
      frame.put((byte) 0xff).putLong(payload.length);
    }
    frame.putInt(MASK);
    byte[] mask = ByteBuffer.allocate(4).putInt(MASK).array();
    for (int i = 0; i < payload.length; i++) {
      frame.put((byte) (payload[i] ^ mask[i & 3]));
    }
    byte[] bytes = new byte[frame.position()];
    frame.flip().get(bytes);
    return bytes;
  }

  static byte[] frame(int first, String payload) {
    return frame(first, payload.getBytes(UTF_8));
  }

  static byte[] close(int code, String reason) {
    byte[] text = reason.getBytes(UTF_8);
    return frame(
        0x88, ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array());
  }

  public WebSocketClient send(byte[] bytes) throws IOException {
    raw.send(bytes);
    return this;
  }

  public WebSocketClient text(String text) throws IOException {
    return send(frame(0x81, text));
  }

  /** The next frame. */
  Frame next() throws IOException {
    byte[] head = raw.bytes(2).getBytes(ISO_8859_1);
    int length = head[1] & 0xff;
    if (length > 127) {
      throw new IOException("a server's frame is masked");
    }
    if (length == 126) {
      length = ByteBuffer.wrap(raw.bytes(2).getBytes(ISO_8859_1)).getShort() & 0xffff;
    } else if (length == 127) {
      length = (int) ByteBuffer.wrap(raw.bytes(8).getBytes(ISO_8859_1)).getLong();
    }
    return new Frame(head[0] & 0xff, raw.bytes(length).getBytes(ISO_8859_1));
  }

  /** The next frame in words. */
  public String shown() throws IOException {
    return next().shown();
  }

  /** What remains until the server closes, frame by frame. */
  String ended() throws IOException {
    return raw.ended() ? "end" : "more";
  }

  /** As a client with {@code permessage-deflate} sends it. */
  static byte[] deflated(byte[] message) {
    Deflater deflater = new Deflater(9, true);
    deflater.setInput(message);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[65536];
    int count;
    do {
      count = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
      out.write(buffer, 0, count);
    } while (count == buffer.length);
    deflater.end();
    byte[] all = out.toByteArray();
    return java.util.Arrays.copyOf(all, all.length - 4);
  }

  static byte[] inflated(byte[] message) throws DataFormatException {
    Inflater inflater = new Inflater(true);
    byte[] whole = java.util.Arrays.copyOf(message, message.length + 4);
    whole[whole.length - 2] = (byte) 0xff;
    whole[whole.length - 1] = (byte) 0xff;
    inflater.setInput(whole);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[65536];
    for (int count = inflater.inflate(buffer); count > 0; count = inflater.inflate(buffer)) {
      out.write(buffer, 0, count);
    }
    inflater.end();
    return out.toByteArray();
  }

  @Override
  public void close() throws IOException {
    raw.close();
  }
}
