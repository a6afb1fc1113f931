package dev.arbiter.compression;

import com.aayushatharva.brotli4j.encoder.BrotliEncoderChannel;
import com.aayushatharva.brotli4j.encoder.Encoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * A Brotli stream (RFC 7932) that begins with a meta-block of metadata, which decoders skip. For
 * {@link NativeStream}, which knows what it lacks.
 *
 * <p>Not the library's own stream: that writes through a channel which an interrupted thread finds
 * closed.
 */
final class BrotliStream extends OutputStream {
  private static final int BUFFER = 8 * 1024;

  private final BrotliEncoderChannel encoder;

  BrotliStream(OutputStream out, Encoder.Parameters parameters) throws IOException {
    encoder = new BrotliEncoderChannel(new Sink(out), parameters, BUFFER);
    try {
      // The head of the stream, after which the encoder is at the border of a byte.
      encoder.flush();
      out.write(metadata(Noise.length()));
    } catch (IOException failed) {
      try (OutputStream _ = this) { // to free what it holds
        throw failed;
      }
    }
  }

  /**
   * Section 9.2, the lowest bit first: not the last (0), without data (11), reserved (0), its
   * length in one byte (10), the length less one, and zeros up to the next byte.
   */
  private static byte[] metadata(int length) {
    byte[] block = new byte[2 + length];
    int head = 0b01_0_11_0 | length - 1 << 6;
    block[0] = (byte) head;
    block[1] = (byte) (head >> 8);
    return block;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(bytes, offset, length);
    while (left.hasRemaining()) {
      encoder.write(left);
    }
  }

  @Override
  public void flush() throws IOException {
    encoder.flush();
  }

  @Override
  public void close() throws IOException {
    encoder.close();
  }

  /** Where the encoded bytes go. */
  private record Sink(OutputStream out) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer encoded) throws IOException {
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      out.write(bytes);
      return bytes.length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {
      // That is its owner's.
    }
  }
}
