package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * One connection of HTTP/2, frame by frame. Unlike the JDK's client it never sends a request again,
 * and shows what it is told about the connection. Every read has a time limit; one thread at a
 * time.
 */
final class FrameClient implements AutoCloseable {
  /** What the first GOAWAY names: every stream there can be. */
  static final int ALL_STREAMS = Integer.MAX_VALUE;

  static final int RST_STREAM = 3;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int REFUSED_STREAM = 7;

  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int WINDOW_UPDATE = 8;

  private static final int END_STREAM = 1;
  private static final int ACK = 1;
  private static final int END_HEADERS = 4;

  /** The first byte of a header block whose status is 200: entry 8 of the static table. */
  private static final byte STATUS_200 = (byte) 0x88;

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private final Map<Integer, ByteArrayOutputStream> bodies = new HashMap<>();
  private final List<Integer> goAways = new ArrayList<>();
  private int last = -1;

  record Frame(int type, int flags, int stream, ByteBuffer payload) {
    boolean ends() {
      return type <= HEADERS && (flags & END_STREAM) != 0;
    }

    /** Of a GOAWAY: the last stream; of a RST_STREAM: the reason. */
    int number() {
      return payload.getInt(0);
    }
  }

  /** A response with status 200; anything else is a failure. */
  record Response(int stream, String body) {}

  private FrameClient(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    readLimit(Limits.ANSWER);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    out = new BufferedOutputStream(socket.getOutputStream());
    // Leaves with the first request: until then, nothing can fail but the connection's beginning.
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
    write(SETTINGS, 0, 0);
  }

  /** In the clear, with prior knowledge. */
  static FrameClient clear(int port) throws IOException {
    Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port);
    try {
      return new FrameClient(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Inside TLS, where the server must choose it by ALPN. */
  static FrameClient tls(int port, SSLContext context) throws IOException {
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port);
    try {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
      socket.setSSLParameters(parameters);
      socket.setSoTimeout(Math.toIntExact(Limits.ANSWER.toMillis()));
      socket.startHandshake();
      if (!socket.getApplicationProtocol().equals("h2")) {
        throw new IOException("ALPN: " + socket.getApplicationProtocol());
      }
      return new FrameClient(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** How long each read may take from now on. */
  void readLimit(Duration limit) throws IOException {
    socket.setSoTimeout(Math.toIntExact(limit.toMillis()));
  }

  /** The client's own port. */
  int localPort() {
    return socket.getLocalPort();
  }

  /** Asks for {@code path}; which stream that is. */
  int get(String path) throws IOException {
    return open("GET", path, true);
  }

  /** Begins a request whose body is {@linkplain #finish still to come}. */
  int beginPost(String path) throws IOException {
    return open("POST", path, false);
  }

  void finish(int stream, String body) throws IOException {
    frame(DATA, END_STREAM, stream, body.getBytes(US_ASCII));
  }

  /** Opens a WebSocket (RFC 8441); which stream that is. */
  int connectWebSocket(String path) throws IOException {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    literal(block, 2, "CONNECT"); // :method
    block.write(0x86); // :scheme http
    literal(block, 1, "127.0.0.1"); // :authority
    literal(block, 4, path); // :path
    literal(block, ":protocol", "websocket");
    literal(block, "sec-websocket-version", "13");
    last += 2;
    frame(HEADERS, END_HEADERS, last, block.toByteArray());
    Frame answer = nextOfStreams();
    if (answer.type() != HEADERS || answer.ends() || answer.payload().get(0) != STATUS_200) {
      throw new IOException("no WebSocket: " + answer);
    }
    return last;
  }

  /** Sends this much of a body that goes on. */
  void send(int stream, byte[] part) throws IOException {
    frame(DATA, 0, stream, part);
  }

  int post(String path, String body) throws IOException {
    int stream = beginPost(path);
    finish(stream, body);
    return stream;
  }

  private int open(String method, String path, boolean ends) throws IOException {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.write(method.equals("GET") ? 0x82 : 0x83); // entries of the static table
    block.write(0x86); // :scheme http
    literal(block, 1, "127.0.0.1"); // :authority
    literal(block, 4, path); // :path
    last += 2;
    frame(HEADERS, END_HEADERS | (ends ? END_STREAM : 0), last, block.toByteArray());
    return last;
  }

  private static void literal(ByteArrayOutputStream block, int name, String value) {
    block.write(name);
    block.write(value.length()); // below 127
    block.writeBytes(value.getBytes(US_ASCII));
  }

  private static void literal(ByteArrayOutputStream block, String name, String value) {
    literal(block, 0, name);
    block.write(value.length());
    block.writeBytes(value.getBytes(US_ASCII));
  }

  /** Returns when the server has seen all that was sent. */
  void sync() throws IOException {
    frame(PING, 0, 0, new byte[8]);
    Frame frame = next();
    if (frame.type() != PING || (frame.flags() & ACK) == 0) {
      throw new IOException("no answer to a PING: " + frame);
    }
  }

  /** That the server's own PING has been seen. */
  void answer(Frame ping) throws IOException {
    frame(PING, ACK, 0, ping.payload().array());
  }

  /** The next frame, but for SETTINGS, which are acknowledged, and windows. */
  Frame next() throws IOException {
    while (true) {
      int first = in.readInt();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      byte[] payload = new byte[first >>> 8];
      in.readFully(payload);
      Frame frame = new Frame(first & 0xff, flags, stream, ByteBuffer.wrap(payload));
      switch (frame.type()) {
        case SETTINGS -> {
          if ((flags & ACK) == 0) {
            frame(SETTINGS, ACK, 0);
          }
        }
        case WINDOW_UPDATE -> {
          // It gives more than these tests send.
        }
        default -> {
          if (frame.type() == DATA && payload.length > 0) {
            byte[] window = ByteBuffer.allocate(4).putInt(payload.length).array();
            frame(WINDOW_UPDATE, 0, 0, window);
            if (!frame.ends()) {
              frame(WINDOW_UPDATE, 0, stream, window);
            }
          }
          return frame;
        }
      }
    }
  }

  /** The next frame that is a stream's; does what the server asks for meanwhile. */
  Frame nextOfStreams() throws IOException {
    while (true) {
      Frame frame = next();
      switch (frame.type()) {
        case PING -> answer(frame);
        case GOAWAY -> goAways.add(frame.number());
        default -> {
          return frame;
        }
      }
    }
  }

  /** The next whole response, of whichever stream. */
  Response response() throws IOException {
    while (true) {
      Frame frame = nextOfStreams();
      int stream = frame.stream();
      switch (frame.type()) {
        case HEADERS -> {
          if (frame.payload().get(0) != STATUS_200) {
            throw new IOException("stream " + stream + " is not answered with 200");
          }
        }
        case DATA -> body(stream).writeBytes(frame.payload().array());
        default -> throw new IOException("unexpected: " + frame + " " + frame.payload().getInt(0));
      }
      if (frame.ends()) {
        String body = body(stream).toString(US_ASCII);
        bodies.remove(stream);
        return new Response(stream, body);
      }
    }
  }

  private ByteArrayOutputStream body(int stream) {
    return bodies.computeIfAbsent(stream, _ -> new ByteArrayOutputStream());
  }

  /** Whether a GOAWAY has been read. */
  boolean leaving() {
    return !goAways.isEmpty();
  }

  /** With nothing under way any more: reads to the end; the streams that GOAWAYs have named. */
  List<Integer> untilEnd() throws IOException {
    try {
      Response more = response();
      throw new IOException("nobody asked for: " + more);
    } catch (EOFException end) {
      return goAways;
    }
  }

  /** The last stream it has opened. */
  int last() {
    return last;
  }

  private void frame(int type, int flags, int stream, byte... payload) throws IOException {
    write(type, flags, stream, payload);
    out.flush();
  }

  private void write(int type, int flags, int stream, byte... payload) throws IOException {
    out.write(
        ByteBuffer.allocate(9 + payload.length)
            .putInt(payload.length << 8 | type)
            .put((byte) flags)
            .putInt(stream)
            .put(payload)
            .array());
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
