package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.http.RawClient;
import dev.arbiter.http.Status;
import dev.arbiter.netty.H2Client.Frame;
import io.netty.handler.codec.http2.EmptyHttp2Headers;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets a client that speaks HTTP/1.1 be served over HTTP/2, as a proxy does: a connection for each
 * of its connections, and there a stream for each request; for a WebSocket, an extended CONNECT
 * (RFC 8441). So whatever is asked of a worker in HTTP/1.1 can be asked of it in HTTP/2.
 *
 * <p>Requests are passed on at once and answered in their order. Each DATA of the worker is a chunk
 * or a part of the announced length, a stream that is reset cuts the client's connection. What a
 * client does not read is not asked for, either: each stream's window is given back when its bytes
 * have been passed on.
 *
 * <p>A thread for each of three things: requests, frames, answers.
 */
final class H2Gateway {
  static final int WINDOW = 65_535;
  static final int PIECE = 16_384;
  private static final int CANCEL = 8;

  /** Of the connection, so that no stream waits for another; each has a window of its own. */
  private static final int AMPLE = 1 << 30;

  /** Stands for the end of the connection in the midst of a stream. */
  private static final Frame BROKEN =
      new Frame(H2Client.RST_STREAM, 0, 0, new byte[0], EmptyHttp2Headers.INSTANCE);

  /** What becomes of the connection when its client leaves in the midst of an answer. */
  enum Leaving {
    /** It is kept, and the stream reset, as browsers do. */
    RESETS,
    /** It is closed. */
    CLOSES
  }

  private final H2Client http2;
  private final Socket client;
  private final Leaving leaving;
  private final Queue<Throwable> failures;
  private final ReentrantLock sending = new ReentrantLock();
  private final Semaphore window = new Semaphore(WINDOW);
  private final Map<Integer, Stream> open = new ConcurrentHashMap<>();
  private final BlockingQueue<Stream> order = new LinkedBlockingQueue<>();
  private final AtomicBoolean left = new AtomicBoolean();
  private int last = -1;

  /** A request, and what has come for it. */
  private static final class Stream {
    final int id;
    final boolean head;
    final boolean webSocket;
    final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    final Semaphore window = new Semaphore(WINDOW);

    /** Whether it is a WebSocket now. */
    final CompletableFuture<Boolean> accepted = new CompletableFuture<>();

    /** What was passed on and not yet given back. */
    int owed;

    Stream(int id, boolean head, boolean webSocket) {
      this.id = id;
      this.head = head;
      this.webSocket = webSocket;
    }
  }

  private H2Gateway(H2Client http2, Socket client, Leaving leaving, Queue<Throwable> failures) {
    this.http2 = http2;
    this.client = client;
    this.leaving = leaving;
    this.failures = failures;
  }

  /**
   * A client's end of a new one.
   *
   * @param failures where it tells what should not have happened
   */
  static RawClient to(Fixture fixture, Leaving leaving, Queue<Throwable> failures)
      throws IOException {
    H2Client http2 = H2Client.to(fixture);
    http2.frame(H2Client.WINDOW_UPDATE, 0, 0, H2Client.number(AMPLE));
    try (ServerSocket door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      SocketChannel near = SocketChannel.open(door.getLocalSocketAddress());
      H2Gateway gateway = new H2Gateway(http2, door.accept(), leaving, failures);
      Thread.ofVirtual().start(() -> gateway.run(gateway::requests));
      Thread.ofVirtual().start(() -> gateway.run(gateway::frames));
      Thread.ofVirtual().start(() -> gateway.run(gateway::answers));
      return new RawClient(near);
    }
  }

  private interface Task {
    void run() throws Exception;
  }

  // Whatever fails must fail the test.
  @SuppressWarnings("CatchingUnchecked")
  private void run(Task task) {
    try {
      task.run();
    } catch (IOException ended) {
      // The test's client has gone, or the worker, which the frames' thread sees.
    } catch (Throwable failed) {
      failures.add(failed);
      end();
    }
  }

  private void end() {
    try {
      client.close();
      http2.raw().leave();
    } catch (IOException failed) {
      failures.add(failed);
    }
  }

  private void send(int type, int flags, int stream, byte... payload) throws IOException {
    sending.lock();
    try {
      http2.frame(type, flags, stream, payload);
    } finally {
      sending.unlock();
    }
  }

  // ---- requests

  private void requests() throws Exception {
    try {
      InputStream in = new BufferedInputStream(client.getInputStream());
      while (true) {
        ask(in);
      }
    } finally {
      leave();
    }
  }

  /** The client has gone: what it has asked for, nobody wants. */
  private void leave() throws IOException {
    if (left.getAndSet(true)) {
      return;
    }
    if (open.isEmpty() || leaving == Leaving.CLOSES) {
      end();
      return;
    }
    for (Stream stream : open.values()) {
      send(H2Client.RST_STREAM, 0, stream.id, H2Client.number(CANCEL));
    }
  }

  private void ask(InputStream in) throws Exception {
    String[] line = line(in).split(" ", -1);
    List<String> fields = new ArrayList<>();
    String authority = "a";
    long length = 0;
    boolean chunked = false;
    boolean webSocket = false;
    for (String field = line(in); !field.isEmpty(); field = line(in)) {
      String name = field.substring(0, field.indexOf(':')).toLowerCase(Locale.ROOT);
      String value = field.substring(field.indexOf(':') + 1).strip();
      switch (name) {
        case "host" -> authority = value;
        case "upgrade" -> webSocket = value.equals("websocket");
        case "transfer-encoding" -> chunked = true;
        case "connection", "sec-websocket-key" -> {}
        case "te" -> {
          if (value.toLowerCase(Locale.ROOT).contains("trailers")) {
            fields.addAll(List.of("te", "trailers")); // RFC 9113 section 8.2.2: nothing else
          }
        }
        default -> {
          length = name.equals("content-length") ? Long.parseLong(value) : length;
          fields.addAll(List.of(name, value));
        }
      }
    }
    String method = webSocket ? "CONNECT" : line[0];
    fields.addAll(0, List.of(":method", method, ":scheme", "http", ":path", line[1]));
    fields.addAll(0, List.of(":authority", authority));
    if (webSocket) {
      fields.addAll(0, List.of(":protocol", "websocket"));
    }
    last += 2;
    Stream stream = new Stream(last, line[0].equals("HEAD"), webSocket);
    open.put(last, stream);
    order.add(stream);
    int flags = H2Client.END_HEADERS;
    flags |= length == 0 && !chunked && !webSocket ? H2Client.END_STREAM : 0;
    send(H2Client.HEADERS, flags, last, http2.block(fields.toArray(String[]::new)));
    if (webSocket) {
      if (stream.accepted.get()) {
        passOn(stream, in, Long.MAX_VALUE, true);
      }
    } else if (chunked) {
      passOnChunks(stream, in);
    } else if (length > 0) {
      passOn(stream, in, length, true);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the client has gone");
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }

  private void passOn(Stream stream, InputStream in, long length, boolean end) throws Exception {
    byte[] buffer = new byte[PIECE];
    for (long rest = length; rest > 0; ) {
      int count = in.read(buffer, 0, (int) Math.min(rest, PIECE));
      if (count < 0) {
        if (stream.webSocket) {
          send(H2Client.DATA, H2Client.END_STREAM, stream.id);
          end();
        }
        throw new EOFException("the client has gone");
      }
      rest -= count;
      window.acquire(count);
      stream.window.acquire(count);
      int flags = end && rest == 0 ? H2Client.END_STREAM : 0;
      send(H2Client.DATA, flags, stream.id, Arrays.copyOf(buffer, count));
    }
  }

  private void passOnChunks(Stream stream, InputStream in) throws Exception {
    for (int size = chunkSize(in); size > 0; size = chunkSize(in)) {
      passOn(stream, in, size, false);
      line(in);
    }
    List<String> trailers = new ArrayList<>();
    for (String field = line(in); !field.isEmpty(); field = line(in)) {
      String[] parts = field.split(":", 2);
      trailers.addAll(List.of(parts[0].toLowerCase(Locale.ROOT), parts[1].strip()));
    }
    if (trailers.isEmpty()) {
      send(H2Client.DATA, H2Client.END_STREAM, stream.id);
    } else {
      byte[] block = http2.block(trailers.toArray(String[]::new));
      send(H2Client.HEADERS, H2Client.END_HEADERS | H2Client.END_STREAM, stream.id, block);
    }
  }

  private static int chunkSize(InputStream in) throws IOException {
    return Integer.parseInt(line(in), 16);
  }

  // ---- frames of the worker

  private void frames() throws Exception {
    try (http2) {
      while (true) {
        Frame frame = http2.any();
        switch (frame.type()) {
          case H2Client.HEADERS, H2Client.DATA, H2Client.RST_STREAM -> dispatch(frame);
          case H2Client.WINDOW_UPDATE -> {
            Stream stream = open.get(frame.stream());
            Semaphore opened = stream == null ? window : stream.window;
            if (stream != null || frame.stream() == 0) {
              opened.release(frame.number(0));
            }
          }
          case H2Client.PING -> {
            if (frame.flags() == 0) {
              send(H2Client.PING, H2Client.ACK, 0, frame.payload());
            }
          }
          default -> {}
        }
      }
    } finally {
      open.values().forEach(stream -> stream.frames.add(BROKEN));
      Stream none = new Stream(0, false, false);
      none.frames.add(BROKEN);
      order.add(none); // after all answers that are whole
    }
  }

  private void dispatch(Frame frame) {
    Stream stream = open.get(frame.stream());
    if (stream == null) {
      return; // it was reset, or its answer is whole
    }
    stream.frames.add(frame);
    if (frame.ends() || frame.type() == H2Client.RST_STREAM) {
      open.remove(stream.id);
      stream.window.release(AMPLE); // whoever waits for it may go on
    }
    if (frame.type() != H2Client.DATA) {
      boolean accepts = stream.webSocket && status(frame).equals("200") && !frame.ends();
      stream.accepted.complete(accepts);
    }
  }

  private static String status(Frame frame) {
    return String.valueOf(frame.fields().status());
  }

  // ---- answers

  private void answers() throws Exception {
    try {
      OutputStream out = client.getOutputStream();
      while (true) {
        answer(order.take(), out);
      }
    } finally {
      leave();
    }
  }

  private void answer(Stream stream, OutputStream out) throws Exception {
    @Nullable Boolean chunked = null;
    Frame frame;
    do {
      frame = stream.frames.take();
      if (frame.type() == H2Client.RST_STREAM) {
        client.close();
        throw new IOException("reset");
      }
      if (frame.type() == H2Client.DATA) {
        part(frame.payload(), Boolean.TRUE.equals(chunked), out);
        giveBack(stream, frame.payload().length);
      } else if (chunked != null) {
        out.write(("0\r\n" + lines(frame) + "\r\n").getBytes(ISO_8859_1)); // trailers
        return;
      } else {
        chunked = head(stream, frame, out);
      }
    } while (!frame.ends());
    if (Boolean.TRUE.equals(chunked)) {
      out.write("0\r\n\r\n".getBytes(ISO_8859_1));
    }
    if (stream.webSocket) {
      send(H2Client.DATA, H2Client.END_STREAM, stream.id);
      end();
    }
  }

  /** Returns whether the body is sent in chunks; null if this was not the last head. */
  private static @Nullable Boolean head(Stream stream, Frame frame, OutputStream out)
      throws IOException {
    String status = status(frame);
    boolean accepted = stream.webSocket && status.equals("200");
    boolean interim = status.startsWith("1");
    boolean chunked =
        !(interim
                || stream.webSocket
                || stream.head
                || status.equals("204")
                || status.equals("304"))
            && !frame.fields().contains("content-length");
    String more =
        accepted
            ? "Upgrade: websocket\r\n"
            : stream.webSocket
                ? "Connection: close\r\n"
                : chunked ? "Transfer-Encoding: chunked\r\n" : "";
    int code = accepted ? 101 : Integer.parseInt(status);
    String line = "HTTP/1.1 " + code + " " + Status.reason(code) + "\r\n";
    out.write((line + lines(frame) + more + "\r\n").getBytes(ISO_8859_1));
    return interim ? null : (Boolean) chunked;
  }

  private static String lines(Frame frame) {
    StringBuilder lines = new StringBuilder();
    for (Map.Entry<CharSequence, CharSequence> field : frame.fields()) {
      if (field.getKey().charAt(0) != ':') {
        lines.append(field.getKey()).append(": ").append(field.getValue()).append("\r\n");
      }
    }
    return lines.toString();
  }

  private static void part(byte[] bytes, boolean chunked, OutputStream out) throws IOException {
    if (!chunked) {
      out.write(bytes);
    } else if (bytes.length > 0) {
      byte[] size = (Integer.toHexString(bytes.length) + "\r\n").getBytes(ISO_8859_1);
      byte[] chunk = Arrays.copyOf(size, size.length + bytes.length + 2);
      System.arraycopy(bytes, 0, chunk, size.length, bytes.length);
      chunk[chunk.length - 2] = '\r';
      chunk[chunk.length - 1] = '\n';
      out.write(chunk);
    }
  }

  /** In large pieces: a client that gives each byte back at once looks like a flood. */
  private void giveBack(Stream stream, int count) throws IOException {
    stream.owed += count;
    if (stream.owed > WINDOW / 2) {
      if (open.containsKey(stream.id) && !left.get()) {
        send(H2Client.WINDOW_UPDATE, 0, stream.id, H2Client.number(stream.owed));
      }
      stream.owed = 0;
    }
  }
}
