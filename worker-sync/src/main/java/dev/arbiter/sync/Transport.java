package dev.arbiter.sync;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * What moves a connection's bytes, without ever waiting. One thread reads and one writes at a time.
 */
interface Transport {

  /**
   * Reads what there is.
   *
   * @return how many bytes; 0 if there are none yet, -1 at the end
   */
  int read(ByteBuffer to) throws IOException;

  /**
   * Takes a part of {@code from}, all or none of it, and sends what the client takes now.
   *
   * @return whether there was progress: something was taken, or what had been taken was sent
   */
  boolean write(ByteBuffer from) throws IOException;

  /** Whether all that was taken has been sent. */
  boolean sent();

  /**
   * Tells the client that nothing more follows.
   *
   * @return false if it does not take that now: to be called again
   */
  boolean end() throws IOException;

  /**
   * Reads bytes that nobody will look at.
   *
   * @return as {@link #read}
   */
  int discard(ByteBuffer scrap) throws IOException;

  /** First some bytes that are there already, then those of another. */
  record Begun(ByteBuffer first, Transport then) implements Transport {
    @Override
    public int read(ByteBuffer to) throws IOException {
      if (!first.hasRemaining()) {
        return then.read(to);
      }
      int count = Math.min(first.remaining(), to.remaining());
      to.put(first.slice(first.position(), count));
      first.position(first.position() + count);
      return count;
    }

    @Override
    public boolean write(ByteBuffer from) throws IOException {
      return then.write(from);
    }

    @Override
    public boolean sent() {
      return then.sent();
    }

    @Override
    public boolean end() throws IOException {
      return then.end();
    }

    @Override
    public int discard(ByteBuffer scrap) throws IOException {
      return first.hasRemaining() ? read(scrap) : then.discard(scrap);
    }
  }

  /** Bytes as they are. */
  record Plain(SocketChannel channel) implements Transport {
    @Override
    public int read(ByteBuffer to) throws IOException {
      return channel.read(to);
    }

    @Override
    public boolean write(ByteBuffer from) throws IOException {
      return channel.write(from) > 0;
    }

    @Override
    public boolean sent() {
      return true;
    }

    @Override
    public boolean end() throws IOException {
      channel.shutdownOutput();
      return true;
    }

    @Override
    public int discard(ByteBuffer scrap) throws IOException {
      return channel.read(scrap);
    }
  }
}
