package dev.arbiter.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/**
 * A connection to an arbiter, as a client sees it. With the JDK's own sockets: jnr's would double
 * the time {@code arbiterctl} takes to start.
 */
final class ControlClient implements Closeable {
  private static final int CHUNK = 16_384;

  private final SocketChannel channel;
  private final Selector selector;
  private final long end;
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();

  /**
   * Connects.
   *
   * @param limit for all that is read; zero: none
   * @throws IOException nobody listens there, or this user may not connect
   */
  ControlClient(Path socket, Duration limit) throws IOException {
    this.end = limit.isZero() ? Long.MAX_VALUE : System.nanoTime() + limit.toNanos();
    this.channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      this.selector = Selector.open();
      channel.register(selector, SelectionKey.OP_READ);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Asks; few enough bytes to fit any socket's buffer. */
  void send(Request request) throws IOException {
    channel.write(ByteBuffer.wrap(request.line().getBytes(UTF_8)));
  }

  /**
   * The next reply; empty if the connection has ended instead.
   *
   * @throws TimeoutException none has come in time
   */
  Optional<Reply> receive() throws IOException, TimeoutException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    while (true) {
      byte[] bytes = received.toByteArray();
      for (int i = 0; i < bytes.length; i++) {
        if (bytes[i] == '\n') {
          received.reset();
          received.writeBytes(Arrays.copyOfRange(bytes, i + 1, bytes.length));
          return Optional.of(Reply.read(new String(bytes, 0, i, UTF_8)));
        }
      }
      await();
      chunk.clear();
      int count;
      try {
        count = channel.read(chunk);
      } catch (IOException reset) {
        return Optional.empty(); // the arbiter was killed
      }
      if (count < 0) {
        return Optional.empty();
      }
      received.write(chunk.array(), 0, count);
    }
  }

  private void await() throws IOException, TimeoutException {
    if (end == Long.MAX_VALUE) {
      selector.select();
    } else {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0 || selector.select(left) == 0 && System.nanoTime() - end >= 0) {
        throw new TimeoutException("no answer in time");
      }
    }
    selector.selectedKeys().clear();
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
