package dev.arbiter.http.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import dev.arbiter.app.WebSocket.Message;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames, however they arrive. */
class FrameDecoderTest {
  private static final int SEEDS = 400;
  private static final int LIMIT = 500;
  private static final String TOO_BIG = "a message is longer than 500 bytes";

  /** What bytes amount to, in words; the last may be what is wrong with them. */
  private static List<String> decode(byte[] bytes, @Nullable Random cuts) {
    FrameDecoder decoder = new FrameDecoder(LIMIT, true);
    List<String> events = new ArrayList<>();
    try {
      int at = 0;
      while (at < bytes.length) {
        int end = cuts == null ? bytes.length : Math.min(bytes.length, at + 1 + cuts.nextInt(9));
        ByteBuffer part = ByteBuffer.wrap(bytes, at, end - at);
        for (Inbound came = decoder.next(part); came != null; came = decoder.next(part)) {
          events.add(shown(came));
        }
        assertThat(part.hasRemaining()).isFalse();
        at = end;
      }
    } catch (Violation broken) {
      events.add(broken.code() + " " + broken.reason());
    } finally {
      decoder.close();
    }
    return events;
  }

  private static String shown(Inbound came) {
    return switch (came) {
      case Inbound.Data(Message.Text(String text)) -> "text " + text;
      case Inbound.Data(Message.Binary(ByteBuffer bytes)) -> "binary " + bytes.hashCode();
      case Inbound.Data(Message.Close _) -> throw new AssertionError("a Close is no message");
      case Inbound.Ping(byte[] bytes) -> "ping " + Arrays.toString(bytes);
      case Inbound.Pong(byte[] bytes) -> "pong " + Arrays.toString(bytes);
      case Inbound.Closing(int code, String reason) -> "close " + code + " " + reason;
    };
  }

  /** Mostly right frames, now and then a wrong one. */
  private static byte[] frames(Random random) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    boolean within = false;
    for (int i = 0; i < 12; i++) {
      byte[] payload = new byte[random.nextInt(random.nextInt(12) == 0 ? 400 : 40)];
      for (int at = 0; at < payload.length; at++) {
        payload[at] = (byte) ('a' + random.nextInt(3));
      }
      boolean last = random.nextBoolean();
      int first =
          switch (random.nextInt(12)) {
            case 0 -> 0x89;
            case 1 -> 0x8a;
            case 2 -> random.nextInt(256);
            default -> (within ? 0 : 1 + random.nextInt(2)) | (last ? 0x80 : 0);
          };
      if ((first & 0x0f) < 3) {
        if (!within && random.nextInt(3) == 0) {
          first |= 0x40;
          payload = last ? WebSocketClient.deflated(payload) : payload;
        }
        within = (first & 0x80) == 0;
      }
      if (random.nextInt(20) == 0 && payload.length > 0) {
        payload[random.nextInt(payload.length)] = (byte) random.nextInt(256);
      }
      all.writeBytes(WebSocketClient.frame(first, payload));
    }
    return all.toByteArray();
  }

  @Test
  void howBytesAreCutMakesNoDifference() {
    int messages = 0;
    int violations = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] bytes = frames(new Random(seed));
      List<String> whole = decode(bytes, null);
      assertThat(decode(bytes, new Random(seed))).as("seed %d", seed).isEqualTo(whole);
      messages += (int) whole.stream().filter(event -> event.matches("(text|binary) .*")).count();
      violations += (int) whole.stream().filter(event -> event.matches("10.*")).count();
    }
    assertThat(messages).isGreaterThan(SEEDS / 2);
    assertThat(violations).isGreaterThan(SEEDS / 10);
  }

  /** A decompressor may give what is wrong and what is too much at once, or one after the other. */
  @Test
  void whatIsWrongFirstIsSaidOfCompressedMessagesToo() {
    byte[] badText = new byte[2 * LIMIT];
    Arrays.fill(badText, (byte) 'a');
    badText[LIMIT - 1] = (byte) 0xff;
    byte[] badThenLong = WebSocketClient.frame(0xc1, WebSocketClient.deflated(badText));

    badText[LIMIT - 1] = (byte) 'a';
    badText[LIMIT] = (byte) 0xff;
    byte[] longThenBad = WebSocketClient.frame(0xc1, WebSocketClient.deflated(badText));

    // A stored block that is one byte too long, and a block of the type that does not exist.
    int tooLong = LIMIT + 1;
    ByteBuffer stored = ByteBuffer.allocate(5 + tooLong + 1).order(ByteOrder.LITTLE_ENDIAN);
    stored.put((byte) 0).putShort((short) tooLong).putShort((short) ~tooLong);
    stored.put(new byte[tooLong]).put((byte) 0x06);
    byte[] longThenBroken = WebSocketClient.frame(0xc2, stored.array());

    for (Random cuts : new Random[] {null, new Random(1)}) {
      assertThat(decode(badThenLong, cuts)).containsExactly("1007 text is not UTF-8");
      assertThat(decode(longThenBad, cuts)).containsExactly("1009 " + TOO_BIG);
      assertThat(decode(longThenBroken, cuts)).containsExactly("1009 " + TOO_BIG);
    }
  }

  // ---- what it holds

  @ParameterizedTest
  @ValueSource(ints = {0xc1, 0xc2})
  void betweenTwoMessagesNothingIsKeptOfACompressedOne(int first) throws Exception {
    byte[] frame = WebSocketClient.frame(first, WebSocketClient.deflated(new byte[1_000_000]));
    FrameDecoder decoder = new FrameDecoder(0, true);
    for (int round = 0; round < 3; round++) {
      assertThat(decoder.next(ByteBuffer.wrap(frame, 0, frame.length - 1))).isNull();
      assertThat(decoder.inflates()).isTrue();
      assertThat(decoder.room()).isGreaterThan(500_000);
      assertThat(decoder.next(ByteBuffer.wrap(frame, frame.length - 1, 1))).isNotNull();
      assertThat(decoder.inflates()).isFalse();
      assertThat(decoder.room()).isZero();
    }
    decoder.close();
  }

  /** What an idle connection may keep of texts: the next one is likely to be as short. */
  @Test
  void theRoomForAShortTextIsKept() throws Exception {
    for (int size : new int[] {1, FrameDecoder.CHUNK, FrameDecoder.CHUNK + 1, 1_000_000}) {
      FrameDecoder decoder = new FrameDecoder(0, true);
      byte[] frame = WebSocketClient.frame(0x81, new byte[size]);
      assertThat(decoder.next(ByteBuffer.wrap(frame))).isNotNull();
      assertThat(decoder.room()).isLessThanOrEqualTo(FrameDecoder.CHUNK);
      decoder.close();
    }
  }

  /** A thousand to one: it is not made room for before it is known to be too much. */
  @ParameterizedTest
  @ValueSource(ints = {0xc1, 0xc2})
  void aBombTakesNoMoreMemoryThanTheLimit(int first) throws Exception {
    int limit = 64 * 1024;
    byte[] bomb = WebSocketClient.frame(first, WebSocketClient.deflated(new byte[16 << 20]));
    assertThat(bomb.length).isLessThan(20_000);
    ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int round = 0; round < 2; round++) { // what classes take as they are loaded is the first's
      FrameDecoder decoder = new FrameDecoder(limit, true);
      ByteBuffer in = ByteBuffer.wrap(bomb);
      long before = thread.getCurrentThreadAllocatedBytes();
      Violation broken = catchThrowableOfType(Violation.class, () -> decoder.next(in));
      long allocated = thread.getCurrentThreadAllocatedBytes() - before;
      assertThat(broken.code()).isEqualTo(CloseCode.TOO_BIG);
      assertThat(decoder.room()).isLessThanOrEqualTo(limit + 1);
      if (round > 0) {
        // Room that doubles up to the limit, that with the byte beyond it, and the first pieces.
        assertThat(allocated).isLessThan(3L * limit + 4 * FrameDecoder.CHUNK);
      }
      decoder.close();
    }
  }

  @Test
  void textIsWhatTheJdkTakesForText() {
    Random random = new Random(1);
    int[] alphabet = {
      'a', 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
      0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff
    };
    int good = 0;
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = new byte[1 + random.nextInt(5)];
      for (int at = 0; at < bytes.length; at++) {
        bytes[at] = (byte) alphabet[random.nextInt(alphabet.length)];
      }
      boolean expected = isText(bytes);
      good += expected ? 1 : 0;
      Utf8 inParts = new Utf8();
      int cut = random.nextInt(bytes.length);
      boolean taken =
          inParts.take(bytes, 0, cut)
              && inParts.take(bytes, cut, bytes.length)
              && inParts.complete();
      if (taken != expected) {
        throw new AssertionError(Arrays.toString(bytes) + " cut at " + cut + " is " + taken);
      }
    }
    assertThat(good).isGreaterThan(200);
  }

  private static boolean isText(byte[] bytes) {
    try {
      UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException _) {
      return false;
    }
  }
}
