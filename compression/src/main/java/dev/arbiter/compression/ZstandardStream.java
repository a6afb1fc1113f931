package dev.arbiter.compression;

import com.github.luben.zstd.RecyclingBufferPool;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A Zstandard frame (RFC 8878) after a skippable one, of section 3.1.2. For {@link NativeStream},
 * which knows what it lacks.
 */
final class ZstandardStream extends ZstdOutputStreamNoFinalizer {
  private static final int SKIPPABLE = 0x184D2A50;

  ZstandardStream(OutputStream out, int level, int window) throws IOException {
    super(out, RecyclingBufferPool.INSTANCE, level);
    try {
      setWindowLog(window);
      out.write(skippable(Noise.length()));
    } catch (IOException failed) {
      try (OutputStream _ = this) { // to free what it holds
        throw failed;
      }
    }
  }

  private static byte[] skippable(int length) {
    return ByteBuffer.allocate(8 + length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(SKIPPABLE)
        .putInt(length)
        .array();
  }
}
