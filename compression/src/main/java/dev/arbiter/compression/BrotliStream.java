package dev.arbiter.compression;

import com.aayushatharva.brotli4j.encoder.BrotliOutputStream;
import com.aayushatharva.brotli4j.encoder.Encoder;
import java.io.IOException;
import java.io.OutputStream;

/**
 * A Brotli stream (RFC 7932) that begins with a meta-block of metadata, which decoders skip. One
 * thread at a time; must be closed, because the memory is not the heap's.
 */
final class BrotliStream extends BrotliOutputStream {
  private static final int BUFFER = 8 * 1024;

  BrotliStream(OutputStream out, Encoder.Parameters parameters) throws IOException {
    super(out, parameters, BUFFER);
    try {
      // The head of the stream, after which the encoder is at the border of a byte.
      flush();
      out.write(metadata(Noise.length()));
    } catch (IOException failed) {
      closeAfter(failed);
      throw failed;
    }
  }

  private void closeAfter(IOException failure) {
    try {
      close();
    } catch (IOException again) {
      failure.addSuppressed(again);
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
}
