package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Sends bytes as they are and reads what comes back; never waits longer than ten seconds. */
public final class RawClient implements AutoCloseable {
  private static final long PATIENCE = 10_000;

  private final SocketChannel channel;
  private final Selector selector;
  private final ByteBuffer in = ByteBuffer.allocate(64 * 1024).limit(0);

  public RawClient(SocketChannel channel) throws IOException {
    this.channel = channel;
    selector = Selector.open();
    channel.configureBlocking(false);
    if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
      // What is sent byte by byte is to arrive so.
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
    channel.register(selector, SelectionKey.OP_READ);
  }

  /** A response; {@code fields} by lower-case name. */
  public record Answer(int status, Map<String, String> fields, String body) {
    public String field(String name) {
      return fields.getOrDefault(name, "");
    }
  }

  public RawClient send(String text) throws IOException {
    return send(text.getBytes(ISO_8859_1));
  }

  public RawClient send(byte[] bytes) throws IOException {
    ByteBuffer out = ByteBuffer.wrap(bytes);
    while (out.hasRemaining()) {
      if (channel.write(out) == 0) {
        Thread.onSpinWait();
      }
    }
    return this;
  }

  /** As much as fits without waiting. Returns how many bytes. */
  public int trySend(byte[] bytes) throws IOException {
    return channel.write(ByteBuffer.wrap(bytes));
  }

  /** This end's port, by which the worker's app knows it. */
  public int port() throws IOException {
    return ((InetSocketAddress) channel.getLocalAddress()).getPort();
  }

  /** Closes the connection, before the end of the test. */
  public void leave() throws IOException {
    channel.close();
  }

  /** The same with a reset: what the server sends from here on fails at once. */
  public void breakOff() throws IOException {
    selector.close(); // a channel that it watches would not be closed yet
    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    channel.close();
  }

  public void shutdownOutput() throws IOException {
    channel.shutdownOutput();
  }

  public Answer get(String path) throws IOException {
    return send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").answer();
  }

  public Answer answer() throws IOException {
    return answer(false);
  }

  /** Reads one response, its interim ones left out; {@code bodiless} as to a HEAD request. */
  public Answer answer(boolean bodiless) throws IOException {
    while (true) {
      Answer head = head();
      if (head.status() >= 200) {
        return bodiless || head.status() == 204 || head.status() == 304
            ? head
            : new Answer(head.status(), head.fields(), body(head));
      }
    }
  }

  public Answer head() throws IOException {
    String line = line();
    Map<String, String> fields = new LinkedHashMap<>();
    for (String field = line(); !field.isEmpty(); field = line()) {
      int colon = field.indexOf(':');
      fields.put(
          field.substring(0, colon).toLowerCase(Locale.ROOT), field.substring(colon + 1).strip());
    }
    return new Answer(Integer.parseInt(line.substring(9, 12)), fields, "");
  }

  private String body(Answer head) throws IOException {
    if (head.field("transfer-encoding").equals("chunked")) {
      StringBuilder body = new StringBuilder();
      while (true) {
        String size = line();
        int length = Integer.parseInt(size, 16);
        body.append(bytes(length));
        line();
        if (length == 0) {
          return body.toString();
        }
      }
    }
    String length = head.field("content-length");
    return length.isEmpty() ? rest() : bytes(Integer.parseInt(length));
  }

  /** A line without its end, which must be CR LF. */
  public String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int b = one();
      if (b < 0) {
        throw new EOFException("after: " + line);
      }
      if (b == '\n') {
        if (line.isEmpty() || line.charAt(line.length() - 1) != '\r') {
          throw new IOException("a line that ends in LF alone: " + line);
        }
        return line.substring(0, line.length() - 1);
      }
      line.append((char) b);
    }
  }

  public String bytes(int count) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      int b = one();
      if (b < 0) {
        throw new EOFException("after " + i + " of " + count + " bytes");
      }
      bytes.write(b);
    }
    return bytes.toString(ISO_8859_1);
  }

  /** Everything until the server closes. */
  public String rest() throws IOException {
    StringBuilder rest = new StringBuilder();
    for (int b = one(); b >= 0; b = one()) {
      rest.append((char) b);
    }
    return rest.toString();
  }

  /** Whether the server has closed, with nothing more to read. */
  public boolean ended() throws IOException {
    return one() < 0;
  }

  private int one() throws IOException {
    if (!in.hasRemaining()) {
      in.clear();
      long end = System.currentTimeMillis() + PATIENCE;
      int count = channel.read(in);
      while (count == 0) {
        long left = end - System.currentTimeMillis();
        if (left <= 0) {
          in.flip();
          throw new SocketTimeoutException("The server sent nothing in time.");
        }
        selector.select(left);
        selector.selectedKeys().clear();
        count = channel.read(in);
      }
      in.flip();
      if (count < 0) {
        in.limit(0);
        return -1;
      }
    }
    return in.get() & 0xff;
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
