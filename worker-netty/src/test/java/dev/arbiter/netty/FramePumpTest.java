package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

class FramePumpTest {
  @Test
  void whatIsKeptOfManyFramesIsJoinedAndPinsNoneOfTheirBuffers() {
    Deque<ByteBuf> kept = new ArrayDeque<>();
    StringBuilder sent = new StringBuilder();
    for (int i = 0; i < 10_000; i++) {
      char c = (char) ('a' + i % 26);
      sent.append(c);
      ByteBuf frame = Unpooled.copiedBuffer(String.valueOf(c), StandardCharsets.US_ASCII);
      FramePump.join(kept, frame, Unpooled::buffer);
      assertThat(frame.isReadable()).isFalse();
      assertThat(frame.refCnt()).isEqualTo(1);
      frame.release();
    }
    assertThat(kept).hasSize(1 + 3); // the first byte, and pieces of 4 KB
    StringBuilder read = new StringBuilder();
    kept.forEach(bytes -> read.append(bytes.toString(StandardCharsets.US_ASCII)));
    assertThat(read.toString()).isEqualTo(sent.toString());
    kept.forEach(ByteBuf::release);
  }

  @Test
  void aFrameThatIsLongerThanWhatRemainsIsSplit() {
    Deque<ByteBuf> kept = new ArrayDeque<>();
    String longOne = "x".repeat(2 * BodyParts.PIECE);
    for (String frame : new String[] {"a", "b", longOne}) {
      ByteBuf bytes = Unpooled.copiedBuffer(frame, StandardCharsets.US_ASCII);
      FramePump.join(kept, bytes, Unpooled::buffer);
      bytes.release();
    }
    assertThat(kept)
        .extracting(ByteBuf::readableBytes)
        .containsExactly(1, BodyParts.PIECE, BodyParts.PIECE + 1);
    kept.forEach(ByteBuf::release);
  }
}
