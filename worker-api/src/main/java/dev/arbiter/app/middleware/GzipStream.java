package dev.arbiter.app.middleware;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * The gzip format (RFC 1952), whose {@code flush} passes on all that was written. One thread at a
 * time; must be closed, because the memory is not the heap's.
 *
 * <p>Design note. {@link java.util.zip.GZIPOutputStream} would do but for its header, which is
 * always the same. Who can have a page reflect his guesses beside a secret learns from the length
 * of the answer which guess was right (BREACH). A file name of random length in the header, which
 * every reader skips, adds noise to that length: he needs many times as many requests. It does not
 * end the attack, which is why compression is off unless asked for.
 */
final class GzipStream extends DeflaterOutputStream {
  private static final int MOST_NOISE = 64;
  private static final int FILE_NAME = 8;
  private static final int UNKNOWN_SYSTEM = 255;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final CRC32 checksum = new CRC32();
  private long length;
  private boolean closed;

  GzipStream(OutputStream out, int level) throws IOException {
    super(out, new Deflater(level, true), 4096, true);
    int noise = RANDOM.nextInt(MOST_NOISE + 1);
    byte[] header = new byte[10 + noise + 1];
    Arrays.fill(header, 10, 10 + noise, (byte) 'a');
    header[0] = 0x1f;
    header[1] = (byte) 0x8b;
    header[2] = Deflater.DEFLATED;
    header[3] = FILE_NAME;
    header[9] = (byte) UNKNOWN_SYSTEM;
    try {
      out.write(header);
    } catch (IOException failed) {
      def.end();
      throw failed;
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    super.write(bytes, offset, count);
    checksum.update(bytes, offset, count);
    length += count;
  }

  /** Ends the stream, and what is below it. Idempotent. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      finish();
      ByteBuffer trailer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      out.write(trailer.putInt((int) checksum.getValue()).putInt((int) length).array());
    } finally {
      def.end();
      out.close();
    }
  }
}
