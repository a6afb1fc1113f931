package dev.arbiter.compression;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * A body on its way through an encoder that is native code, with what such an encoder lacks: a
 * flush that reaches what is below, also before the first byte; safety from two threads, of which
 * one closes it while the other writes, as an app may have it: with freed memory that would end the
 * process and not one request; and an end for the memory of a stream that nobody has closed.
 */
final class NativeStream extends OutputStream {
  private static final Cleaner CLEANER = Cleaner.create();

  /** Makes an encoder that writes to what it is given, and ends it when it is closed. */
  @FunctionalInterface
  interface Maker {
    OutputStream make(OutputStream out) throws IOException;
  }

  private final OutputStream out;
  private final OutputStream encoder;
  private final Cleaner.Cleanable memory;
  private boolean closed;

  NativeStream(OutputStream out, Maker maker) throws IOException {
    this.out = out;
    Gate gate = new Gate(out);
    encoder = maker.make(gate);
    memory = CLEANER.register(this, new Release(gate, encoder));
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
    if (closed) {
      throw new IOException("The body has ended.");
    }
    encoder.write(bytes, offset, length);
  }

  @Override
  public synchronized void flush() throws IOException {
    if (!closed) {
      encoder.flush();
      out.flush();
    }
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (out) {
      encoder.close();
    } finally {
      memory.clean();
    }
  }

  /** Lets pass what the encoder writes, until it is shut. */
  private static final class Gate extends OutputStream {
    private @Nullable OutputStream out;

    Gate(OutputStream out) {
      this.out = out;
    }

    void shut() {
      out = null;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      OutputStream open = out;
      if (open != null) {
        open.write(bytes, offset, length);
      }
    }
  }

  /** Frees the memory; an encoder that is closed already does nothing. */
  private record Release(Gate gate, OutputStream encoder) implements Runnable {
    @Override
    public void run() {
      gate.shut(); // nobody waits for the end of the body any more
      try {
        encoder.close();
      } catch (IOException impossible) {
        throw new IllegalStateException(impossible); // behind the gate nothing fails
      }
    }
  }
}
