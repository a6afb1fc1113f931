package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.tests.FrameClient.Frame;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;

/**
 * A WebSocket at {@code /ws}, frame by frame: on a connection of its own (RFC 6455) or in a stream
 * of HTTP/2 (RFC 8441). Frames of less than 126 bytes. One thread at a time.
 */
sealed interface WebSocketLine extends AutoCloseable {
  int TEXT = 0x81;
  int CLOSE = 0x88;
  int PING = 0x89;
  int PONG = 0x8a;

  /** The code of the Close that each gets whose worker leaves. */
  int SERVICE_RESTART = 1012;

  /** A frame that came. */
  record Message(int opcode, String payload) {
    /** Of a Close. */
    int code() {
      return payload.charAt(0) << 8 | payload.charAt(1);
    }

    /** Of an echo: who sent it. */
    long worker() {
      return Long.parseLong(payload.substring(0, payload.indexOf(' ')));
    }
  }

  /** Asks for it, on a connection that is there already, and waits until it is granted. */
  void open() throws IOException;

  /** Sends a frame. */
  void send(int opcode, String payload) throws IOException;

  /**
   * Reads exactly so many bytes.
   *
   * @throws EOFException the other side has ended it
   * @throws SocketException it has cut it
   */
  String bytes(int count) throws IOException;

  /** The client's own port. */
  int localPort();

  @Override
  void close() throws IOException;

  /** The next frame, but for pings, which are answered; throws as {@link #bytes} does. */
  default Message next() throws IOException {
    while (true) {
      int opcode = bytes(1).charAt(0);
      String payload = bytes(bytes(1).charAt(0));
      if (opcode != PING) {
        return new Message(opcode, payload);
      }
      send(PONG, payload);
    }
  }

  /** Waits for the other side to end it; whether it does so without cutting it. */
  default boolean ends() throws IOException {
    try {
      throw new IOException("comes behind the Close: " + (int) bytes(1).charAt(0));
    } catch (EOFException end) {
      return true;
    } catch (SocketException reset) {
      return false;
    }
  }

  /** To be opened by an upgrade of this connection. */
  static WebSocketLine upgrading(RawClient client) throws IOException {
    client.readLimit(Limits.CHANGE);
    return new Connection(client);
  }

  /** To be opened with CONNECT, as a stream of this connection. */
  static WebSocketLine stream(FrameClient client) throws IOException {
    client.readLimit(Limits.CHANGE);
    return new Stream(client);
  }

  /** Masked as it must be, with a mask that changes nothing. */
  private static byte[] frame(int opcode, String payload) {
    return ByteBuffer.allocate(6 + payload.length())
        .put((byte) opcode)
        .put((byte) (0x80 | payload.length()))
        .putInt(0)
        .put(payload.getBytes(ISO_8859_1))
        .array();
  }

  /** What {@link #upgrading} gives. */
  record Connection(RawClient client) implements WebSocketLine {
    @Override
    public void open() throws IOException {
      client.head(
          "GET /ws HTTP/1.1",
          "Host: a",
          "Connection: Upgrade",
          "Upgrade: websocket",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==");
      String status = client.line();
      if (!status.startsWith("HTTP/1.1 101 ")) {
        throw new IOException("no WebSocket: " + status);
      }
      while (!client.line().isEmpty()) {
        // A field.
      }
    }

    @Override
    public void send(int opcode, String payload) throws IOException {
      client.send(frame(opcode, payload));
    }

    @Override
    public String bytes(int count) throws IOException {
      return client.bytes(count);
    }

    @Override
    public int localPort() {
      return client.localPort();
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }

  /** What {@link #stream} gives. */
  final class Stream implements WebSocketLine {
    private final FrameClient client;
    private final StringBuilder come = new StringBuilder();
    private int stream;

    private Stream(FrameClient client) {
      this.client = client;
    }

    @Override
    public void open() throws IOException {
      stream = client.connectWebSocket("/ws");
    }

    @Override
    public void send(int opcode, String payload) throws IOException {
      client.send(stream, frame(opcode, payload));
    }

    @Override
    public String bytes(int count) throws IOException {
      while (come.length() < count) {
        Frame frame = client.nextOfStreams();
        if (frame.type() == FrameClient.RST_STREAM) {
          throw new SocketException("reset: " + frame.number());
        }
        come.append(ISO_8859_1.decode(frame.payload()));
        if (frame.ends() && come.length() < count) {
          throw new EOFException("the stream has ended");
        }
      }
      String bytes = come.substring(0, count);
      come.delete(0, count);
      return bytes;
    }

    @Override
    public int localPort() {
      return client.localPort();
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }
}
