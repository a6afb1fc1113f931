package dev.arbiter.tests;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/** Streams over a Unix socket, with the time limit the JDK gives only to TCP sockets. */
final class Channels {
  private Channels() {}

  static InputStream input(SocketChannel channel, Duration limit) throws IOException {
    Selector selector = Selector.open();
    channel.configureBlocking(false);
    channel.register(selector, SelectionKey.OP_READ);
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer into = ByteBuffer.wrap(bytes, offset, length);
        while (true) {
          int count = channel.read(into);
          if (count != 0) {
            return count;
          }
          if (selector.select(limit.toMillis()) == 0) {
            throw new SocketTimeoutException("nothing to read for " + limit.toMillis() + " ms");
          }
          selector.selectedKeys().clear();
        }
      }

      @Override
      public void close() throws IOException {
        selector.close();
        channel.close();
      }
    };
  }

  static OutputStream output(SocketChannel channel) {
    return new OutputStream() {
      @Override
      public void write(int oneByte) throws IOException {
        write(new byte[] {(byte) oneByte}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer from = ByteBuffer.wrap(bytes, offset, length);
        while (from.hasRemaining()) {
          if (channel.write(from) == 0) {
            Thread.onSpinWait(); // tests send a few kilobytes over Unix sockets
          }
        }
      }
    };
  }
}
