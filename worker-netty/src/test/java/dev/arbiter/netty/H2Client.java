package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.http.RawClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.EmptyHttp2Headers;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Sends frames of HTTP/2 as they are told, right or wrong, and reads what comes back. */
final class H2Client implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;

  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;

  static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  private static final byte[] MARK = {'m', 'a', 'r', 'k', 'm', 'a', 'r', 'k'};

  private final RawClient raw;
  private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
  private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);

  /** One frame; {@code fields} of HEADERS. */
  @SuppressWarnings("ArrayRecordComponent")
  record Frame(int type, int flags, int stream, byte[] payload, Http2Headers fields) {
    boolean ends() {
      return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
    }

    /** The number at {@code index} of the payload. */
    int number(int index) {
      return ByteBuffer.wrap(payload).getInt(index);
    }

    @Override
    public String toString() {
      return type + "/" + flags + "/" + stream + "/" + payload.length;
    }
  }

  /** A response; {@code fields} as lines. */
  record Answer(int status, List<String> fields, String body) {
    String field(String name) {
      return fields.stream()
          .filter(line -> line.startsWith(name + ": "))
          .map(line -> line.substring(name.length() + 2))
          .findFirst()
          .orElse("");
    }
  }

  /** On a connection that speaks HTTP/2 from here on; says nothing yet. */
  H2Client(RawClient raw) {
    this.raw = raw;
  }

  /** With the preface said. */
  static H2Client to(Fixture fixture) throws IOException {
    H2Client client = new H2Client(fixture.connect());
    client.raw.send(PREFACE);
    return client.frame(SETTINGS, 0, 0);
  }

  RawClient raw() {
    return raw;
  }

  // ---- what it sends

  H2Client frame(int type, int flags, int stream, byte... payload) throws IOException {
    raw.send(bytes(type, flags, stream, payload));
    return this;
  }

  static byte[] bytes(int type, int flags, int stream, byte... payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .putInt(payload.length << 8 | type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  static byte[] number(int number) {
    return ByteBuffer.allocate(4).putInt(number).array();
  }

  /** Fields in pairs; Netty's encoder puts pseudo fields first. */
  byte[] block(String... fields) throws Http2Exception {
    Http2Headers headers = new DefaultHttp2Headers(false);
    for (int i = 0; i < fields.length; i += 2) {
      headers.add(fields[i], fields[i + 1]);
    }
    ByteBuf out = Unpooled.buffer();
    encoder.encodeHeaders(1, headers, out);
    return ByteBufUtil.getBytes(out);
  }

  /** The same in the order given, and byte by byte: literals without Huffman (RFC 7541 6.2.2). */
  static byte[] literals(String... texts) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (int i = 0; i < texts.length; i++) {
      if (i % 2 == 0) {
        block.write(0);
      }
      byte[] bytes = texts[i].getBytes(ISO_8859_1);
      // RFC 7541 section 5.1: a number that does not fit into seven bits goes on in further bytes.
      block.write(Math.min(bytes.length, 0x7f));
      if (bytes.length >= 0x7f) {
        int rest = bytes.length - 0x7f;
        for (; rest >= 0x80; rest >>= 7) {
          block.write(rest & 0x7f | 0x80);
        }
        block.write(rest);
      }
      block.writeBytes(bytes);
    }
    return block.toByteArray();
  }

  /** A request whose body may follow. */
  H2Client open(int stream, String... fields) throws Exception {
    return frame(HEADERS, END_HEADERS, stream, block(fields));
  }

  /** A request without a body. */
  H2Client get(int stream, String path, String... more) throws Exception {
    String[] fields = {":method", "GET", ":scheme", "http", ":authority", "a", ":path", path};
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, block(join(fields, more)));
  }

  /** A request whose body follows. */
  H2Client post(int stream, String path, String... more) throws Exception {
    String[] fields = {":method", "POST", ":scheme", "http", ":authority", "a", ":path", path};
    return open(stream, join(fields, more));
  }

  /** A handshake for a WebSocket (RFC 8441). */
  H2Client webSocket(int stream, String path, String... more) throws Exception {
    String[] fields = {
      ":method",
      "CONNECT",
      ":protocol",
      "websocket",
      ":scheme",
      "http",
      ":authority",
      "a",
      ":path",
      path,
      "sec-websocket-version",
      "13"
    };
    return open(stream, join(fields, more));
  }

  private static String[] join(String[] first, String[] second) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(second));
    return all.toArray(String[]::new);
  }

  H2Client data(int stream, String text, boolean end) throws IOException {
    return frame(DATA, end ? END_STREAM : 0, stream, text.getBytes(UTF_8));
  }

  // ---- what it reads

  /** The next frame, SETTINGS and WINDOW_UPDATE of the connection left out. */
  Frame next() throws IOException, Http2Exception {
    while (true) {
      Frame frame = any();
      boolean news =
          frame.type() != SETTINGS && (frame.type() != WINDOW_UPDATE || frame.stream() != 0);
      if (news) {
        return frame;
      }
    }
  }

  /** The next frame, whatever it is. */
  Frame any() throws IOException, Http2Exception {
    ByteBuffer head = ByteBuffer.wrap(raw.bytes(9).getBytes(ISO_8859_1));
    int first = head.getInt();
    int flags = head.get();
    int stream = head.getInt();
    byte[] payload = raw.bytes(first >>> 8).getBytes(ISO_8859_1);
    int type = first & 0xff;
    // Each list must be decoded, for the next ones refer to it.
    Http2Headers fields =
        type == HEADERS
            ? decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(payload))
            : EmptyHttp2Headers.INSTANCE;
    return new Frame(type, flags, stream, payload, fields);
  }

  /** The next frame of that kind; others before it are left out. */
  Frame next(int type) throws IOException, Http2Exception {
    while (true) {
      Frame frame = any();
      if (frame.type() == type) {
        return frame;
      }
    }
  }

  /** Reads one response; the window is given back for what is read. */
  Answer answer(int stream) throws Exception {
    int status = 0;
    List<String> fields = new ArrayList<>();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      Frame frame = next();
      if (frame.stream() != stream) {
        throw new IOException("a frame that was not expected: " + frame);
      }
      switch (frame.type()) {
        case HEADERS -> {
          for (Map.Entry<CharSequence, CharSequence> field : frame.fields()) {
            if (field.getKey().toString().equals(":status")) {
              status = Integer.parseInt(field.getValue().toString());
            } else {
              fields.add(field.getKey() + ": " + field.getValue());
            }
          }
        }
        case DATA -> {
          body.writeBytes(frame.payload());
          if (frame.payload().length > 0) {
            frame(WINDOW_UPDATE, 0, 0, number(frame.payload().length));
            if (!frame.ends()) {
              frame(WINDOW_UPDATE, 0, stream, number(frame.payload().length));
            }
          }
        }
        default -> throw new IOException("a frame that was not expected: " + frame);
      }
      if (frame.ends()) {
        return new Answer(status, fields, body.toString(ISO_8859_1));
      }
    }
  }

  /** What came until now: all frames before the answer to a PING. */
  List<Frame> untilNow() throws IOException, Http2Exception {
    frame(PING, 0, 0, MARK);
    List<Frame> frames = new ArrayList<>();
    while (true) {
      Frame frame = next();
      if (frame.type() == PING && frame.flags() == ACK) {
        return frames;
      }
      frames.add(frame);
    }
  }

  /** Whether the server has closed, with nothing more to read but frames of no news. */
  boolean ended() throws IOException {
    return raw.ended();
  }

  @Override
  public void close() throws IOException {
    raw.close();
  }
}
