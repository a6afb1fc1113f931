package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What piles up of a body costs what it weighs, however it was cut. */
class BodyPartsTest {

  @Test
  void chunksOfAByteAreJoined() {
    BodyParts parts = new BodyParts();
    int count = 64 * 1024;
    for (int i = 0; i < count; i++) {
      parts.add(Unpooled.wrappedBuffer(new byte[] {(byte) i}));
    }
    assertThat(parts.size()).isEqualTo(count);
    int pieces = 0;
    int at = 0;
    for (ByteBuffer part = parts.poll(); part != null; part = parts.poll()) {
      pieces++;
      while (part.hasRemaining()) {
        assertThat(part.get()).isEqualTo((byte) at++);
      }
    }
    assertThat(at).isEqualTo(count);
    assertThat(pieces).isLessThanOrEqualTo(count / BodyParts.PIECE + 2);
    assertThat(parts.size()).isZero();
  }

  @Test
  void whatIsAskedForAtOnceIsPassedOnAsItCame() {
    BodyParts parts = new BodyParts();
    for (int length : new int[] {1, 10_000, 3}) {
      parts.add(Unpooled.wrappedBuffer(new byte[length]));
      ByteBuffer part = Objects.requireNonNull(parts.poll());
      assertThat(part.remaining()).isEqualTo(length);
      assertThat(part.isReadOnly()).isTrue();
      assertThat(parts.poll()).isNull();
    }
  }

  @Test
  void whateverTheSizesAllBytesComeInOrder() {
    Random random = new Random(1);
    BodyParts parts = new BodyParts();
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    ByteArrayOutputStream came = new ByteArrayOutputStream();
    for (int i = 0; i < 1000; i++) {
      byte[] bytes = new byte[random.nextInt(random.nextInt(10) == 0 ? 9000 : 30)];
      random.nextBytes(bytes);
      sent.writeBytes(bytes);
      parts.add(Unpooled.wrappedBuffer(bytes));
      ByteBuffer part = random.nextInt(5) == 0 ? parts.poll() : null;
      if (part != null) {
        add(part, came);
      }
      assertThat(parts.size()).isEqualTo(sent.size() - came.size());
    }
    for (ByteBuffer part = parts.poll(); part != null; part = parts.poll()) {
      add(part, came);
    }
    assertThat(came.toByteArray()).isEqualTo(sent.toByteArray());
  }

  private static void add(ByteBuffer part, ByteArrayOutputStream to) {
    byte[] bytes = new byte[part.remaining()];
    part.get(bytes);
    to.writeBytes(bytes);
  }
}
