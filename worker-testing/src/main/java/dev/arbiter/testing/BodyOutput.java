package dev.arbiter.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;

/** What a blocking app writes to: gathers small writes, as a worker does. One thread at a time. */
final class BodyOutput extends OutputStream {
  private static final int ROOM = 8192;

  /** Takes a part; blocks while there is no room. */
  interface Sink {
    void take(byte[] part) throws IOException;
  }

  private final Sink sink;
  private final byte[] buffer = new byte[ROOM];
  private int length;

  BodyOutput(Sink sink) {
    this.sink = sink;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    Objects.checkFromIndexSize(offset, count, bytes.length);
    if (length > 0 && count > ROOM - length) {
      flush();
    }
    if (count >= ROOM) {
      sink.take(Arrays.copyOfRange(bytes, offset, offset + count));
    } else {
      System.arraycopy(bytes, offset, buffer, length, count);
      length += count;
    }
  }

  /** Sends what there is; without any, the head. */
  @Override
  public void flush() throws IOException {
    byte[] part = Arrays.copyOf(buffer, length);
    length = 0;
    sink.take(part);
  }
}
