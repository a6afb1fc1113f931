package dev.arbiter.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Streams over a {@link Pipe}, for who may block. */
final class Waits {
  private Waits() {}

  static <T> T await(CompletableFuture<T> stage, Duration limit) throws IOException {
    try {
      return stage.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the other side");
    } catch (TimeoutException _) {
      throw new IOException("nothing came to pass within " + limit.toMillis() + " ms");
    } catch (ExecutionException failed) {
      switch (failed.getCause()) {
        case IOException broken -> throw new IOException(broken.getMessage(), broken.getCause());
        case RuntimeException wrong -> throw wrong;
        case null, default -> throw new IOException(failed.getCause());
      }
    }
  }

  static InputStream input(Pipe pipe, Duration limit) {
    return new InputStream() {
      private byte[] part = {};
      private int position;
      private boolean ended;

      @Override
      public int read() throws IOException {
        return fill() ? part[position++] & 0xff : -1;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
          return 0;
        }
        if (!fill()) {
          return -1;
        }
        int count = Math.min(length, part.length - position);
        System.arraycopy(part, position, bytes, offset, count);
        position += count;
        return count;
      }

      @Override
      public int available() {
        return part.length - position;
      }

      private boolean fill() throws IOException {
        while (position == part.length && !ended) {
          part = await(pipe.take(), limit);
          position = 0;
          ended = part.length == 0;
        }
        return position < part.length;
      }
    };
  }

  /** Each write is a part; waits while there is no room. Closing ends the body. */
  static OutputStream output(Pipe pipe, Duration limit) {
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        await(pipe.put(new byte[] {(byte) one}), limit);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        await(pipe.put(Arrays.copyOfRange(bytes, offset, offset + length)), limit);
      }

      @Override
      public void close() {
        pipe.end();
      }
    };
  }
}
