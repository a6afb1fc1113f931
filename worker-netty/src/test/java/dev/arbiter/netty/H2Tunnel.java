package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.http.RawClient;
import io.netty.handler.codec.http2.Http2Exception;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets a client that asks for a WebSocket in HTTP/1.1 have it over HTTP/2, as a proxy does: one
 * extended CONNECT (RFC 8441) on a connection of its own. Keeps to the windows in both directions.
 * A thread for each direction, until either side ends.
 */
final class H2Tunnel {
  private static final int WINDOW = 65_535;
  private static final int PIECE = 16_384;

  private final H2Client http2;
  private final Socket client;
  private final Queue<Throwable> failures;
  private final ReentrantLock sending = new ReentrantLock();
  private final Semaphore connectionWindow = new Semaphore(WINDOW);
  private final Semaphore streamWindow = new Semaphore(WINDOW);
  private int unreturned;

  private H2Tunnel(H2Client http2, Socket client, Queue<Throwable> failures) {
    this.http2 = http2;
    this.client = client;
    this.failures = failures;
  }

  /**
   * A client's end of a new one.
   *
   * @param failures where it tells what should not have happened
   */
  static RawClient to(Fixture fixture, Queue<Throwable> failures) throws IOException {
    H2Client http2 = H2Client.to(fixture);
    try (ServerSocket door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      SocketAddress address = door.getLocalSocketAddress();
      SocketChannel near = SocketChannel.open(address);
      H2Tunnel tunnel = new H2Tunnel(http2, door.accept(), failures);
      Thread.ofVirtual().start(() -> tunnel.run(tunnel::ask));
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
      end(); // by the test's client, or by the worker
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

  private void ask() throws Exception {
    try (http2) {
      connect();
    }
  }

  private void connect() throws Exception {
    InputStream in = client.getInputStream();
    String[] line = line(in).split(" ", -1);
    List<String> fields =
        new ArrayList<>(
            List.of(
                ":method",
                "CONNECT",
                ":protocol",
                "websocket",
                ":scheme",
                "http",
                ":authority",
                "a",
                ":path",
                line[1]));
    for (String field = line(in); !field.isEmpty(); field = line(in)) {
      String name = field.substring(0, field.indexOf(':')).toLowerCase(Locale.ROOT);
      if (name.startsWith("sec-websocket-") && !name.endsWith("-key")) {
        fields.addAll(List.of(name, field.substring(field.indexOf(':') + 1).strip()));
      }
    }
    send(H2Client.HEADERS, H2Client.END_HEADERS, 1, http2.block(fields.toArray(String[]::new)));
    receive();
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the client has gone");
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }

  private void send(int type, int flags, int stream, byte... payload) throws IOException {
    sending.lock();
    try {
      http2.frame(type, flags, stream, payload);
    } finally {
      sending.unlock();
    }
  }

  // ---- from the worker

  private void receive() throws IOException, Http2Exception {
    OutputStream out = client.getOutputStream();
    while (true) {
      H2Client.Frame frame = http2.any();
      switch (frame.type()) {
        case H2Client.HEADERS -> answer(frame, out);
        case H2Client.DATA -> {
          out.write(frame.payload());
          giveBack(frame.payload().length);
        }
        case H2Client.WINDOW_UPDATE ->
            (frame.stream() == 0 ? connectionWindow : streamWindow).release(frame.number(0));
        case H2Client.PING -> {
          if (frame.flags() == 0) {
            send(H2Client.PING, H2Client.ACK, 0, frame.payload());
          }
        }
        case H2Client.RST_STREAM -> throw new IOException("reset");
        default -> {}
      }
      if (frame.ends()) {
        send(H2Client.DATA, H2Client.END_STREAM, 1);
        end();
        return;
      }
    }
  }

  private void answer(H2Client.Frame frame, OutputStream out) throws IOException {
    String status = frame.fields().status().toString();
    boolean accepted = status.equals("200");
    StringBuilder head = new StringBuilder("HTTP/1.1 " + (accepted ? "101" : status) + " X\r\n");
    for (Map.Entry<CharSequence, CharSequence> field : frame.fields()) {
      if (field.getKey().charAt(0) != ':') {
        head.append(field.getKey()).append(": ").append(field.getValue()).append("\r\n");
      }
    }
    head.append(accepted ? "Upgrade: websocket\r\n" : "Connection: close\r\n").append("\r\n");
    out.write(head.toString().getBytes(ISO_8859_1));
    if (accepted) {
      Thread.ofVirtual().start(() -> run(this::passOn));
    }
  }

  /** In large pieces: a client that gives each byte back at once looks like a flood. */
  private void giveBack(int count) throws IOException {
    unreturned += count;
    if (unreturned > WINDOW / 2) {
      send(H2Client.WINDOW_UPDATE, 0, 0, H2Client.number(unreturned));
      send(H2Client.WINDOW_UPDATE, 0, 1, H2Client.number(unreturned));
      unreturned = 0;
    }
  }

  // ---- from the client

  private void passOn() throws Exception {
    InputStream in = client.getInputStream();
    byte[] buffer = new byte[PIECE];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      connectionWindow.acquire(count);
      streamWindow.acquire(count);
      send(H2Client.DATA, 0, 1, Arrays.copyOf(buffer, count));
    }
    send(H2Client.DATA, H2Client.END_STREAM, 1);
    end();
  }
}
