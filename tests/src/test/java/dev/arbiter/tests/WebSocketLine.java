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

  /** Sends a frame. */
  void send(int opcode, String payload) throws IOException;

  /**
   * Reads exactly so many bytes.
   *
   * @throws EOFException the other side has ended it
   * @throws SocketException it has cut it
   */
  String bytes(int count) throws IOException;

  @Override
  void close() throws IOException;

  /** Opened by an upgrade of HTTP/1.1. */
  static WebSocketLine upgraded(int port) throws IOException {
    RawClient client = RawClient.tcp(port);
    try {
      client.readLimit(Limits.CHANGE);
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
      return new Connection(client);
    } catch (IOException e) {
      client.close();
      throw e;
    }
  }

  /** Opened with CONNECT, in the clear. */
  static WebSocketLine stream(int port) throws IOException {
    FrameClient client = FrameClient.clear(port, Limits.CHANGE);
    try {
      return new Stream(client, client.connectWebSocket("/ws"));
    } catch (IOException e) {
      client.close();
      throw e;
    }
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

  /** What {@link #upgraded} gives. */
  record Connection(RawClient client) implements WebSocketLine {
    @Override
    public void send(int opcode, String payload) throws IOException {
      client.send(frame(opcode, payload));
    }

    @Override
    public String bytes(int count) throws IOException {
      return client.bytes(count);
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }

  /** What {@link #stream} gives. */
  final class Stream implements WebSocketLine {
    private final FrameClient client;
    private final int stream;
    private final StringBuilder come = new StringBuilder();

    private Stream(FrameClient client, int stream) {
      this.client = client;
      this.stream = stream;
    }

    @Override
    public void send(int opcode, String payload) throws IOException {
      client.send(stream, frame(opcode, payload));
    }

    @Override
    public String bytes(int count) throws IOException {
      while (come.length() < count) {
        Frame frame = client.next();
        switch (frame.type()) {
          case FrameClient.PING -> client.answer(frame);
          case FrameClient.GOAWAY -> {
            // The stream goes on.
          }
          case FrameClient.RST_STREAM -> throw new SocketException("reset: " + frame.number());
          default -> come.append(ISO_8859_1.decode(frame.payload()));
        }
        if (frame.ends() && come.length() < count) {
          throw new EOFException("the stream has ended");
        }
      }
      String bytes = come.substring(0, count);
      come.delete(0, count);
      return bytes;
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }
}
