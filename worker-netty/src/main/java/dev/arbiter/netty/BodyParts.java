package dev.arbiter.netty;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What has come of a body and was not asked for yet. On the connection's loop.
 *
 * <p>Design note. A client chooses into how many chunks it cuts its body. Kept one by one, chunks
 * of a byte would cost more than a hundred bytes each, and a connection that is allowed 64 KB would
 * hold twelve megabytes. So what piles up is joined.
 */
final class BodyParts {
  /** Room that is made at once where parts pile up. */
  static final int PIECE = 4 * 1024;

  private final Deque<Part> parts = new ArrayDeque<>(4);
  private int size;

  private static final class Part {
    private final byte[] bytes;
    private int length;

    Part(int room) {
      bytes = new byte[room];
    }

    int take(ByteBuf from) {
      int count = Math.min(from.readableBytes(), bytes.length - length);
      from.readBytes(bytes, length, count);
      length += count;
      return count;
    }
  }

  /** The bytes that are kept. */
  int size() {
    return size;
  }

  /** Takes all of {@code from}. */
  void add(ByteBuf from) {
    Part last = parts.peekLast();
    if (last != null) {
      size += last.take(from);
    }
    int left = from.readableBytes();
    if (left > 0) {
      // The first is likely asked for before another comes.
      Part next = new Part(last == null ? left : Math.max(left, PIECE));
      parts.add(next);
      size += next.take(from);
    }
  }

  /** The next part, which is the caller's; null if there is none. */
  @Nullable ByteBuffer poll() {
    Part first = parts.poll();
    if (first == null) {
      return null;
    }
    size -= first.length;
    return ByteBuffer.wrap(first.bytes, 0, first.length).slice().asReadOnlyBuffer();
  }
}
