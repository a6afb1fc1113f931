package dev.arbiter.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A second reading of RFC 6455 section 5, without compression: of bytes that are all there, as slow
 * and as plain as can be. It exists to be compared with.
 */
final class PlainFrames {
  private static final byte[] CONTINUATIONS = {(byte) 0x80, (byte) 0x90, (byte) 0xa0, (byte) 0xbf};

  private final byte[] bytes;
  private final int limit;
  private final List<String> events = new ArrayList<>();
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();
  private int kind;
  private int at;

  private PlainFrames(byte[] bytes, int limit) {
    this.bytes = bytes;
    this.limit = limit;
  }

  static List<String> read(byte[] bytes, int limit) {
    PlainFrames frames = new PlainFrames(bytes, limit);
    int violation;
    do {
      violation = frames.frame();
    } while (violation == 0);
    if (violation > 0) {
      frames.events.add("violation " + violation);
    }
    return frames.events;
  }

  /** The code of what is wrong; 0 if nothing is, -1 if more is needed. */
  private int frame() {
    int left = bytes.length - at;
    if (left == 0) {
      return -1;
    }
    int opcode = bytes[at] & 15;
    boolean fin = (bytes[at] & 0x80) != 0;
    boolean control = opcode >= 8;
    boolean unknown = opcode > 10 || (opcode > 2 && opcode < 8);
    if ((bytes[at] & 0x70) != 0 || unknown || (control && !fin)) {
      return 1002;
    }
    if (!control && (opcode == 0) == (kind == 0)) {
      return 1002;
    }
    if (left == 1) {
      return -1;
    }
    int announced = bytes[at + 1] & 0x7f;
    if ((bytes[at + 1] & 0x80) == 0 || (control && announced > 125)) {
      return 1002;
    }
    int lengthBytes = announced == 126 ? 2 : announced == 127 ? 8 : 0;
    if (left < 6 + lengthBytes) {
      return -1;
    }
    ByteBuffer header = ByteBuffer.wrap(bytes, at + 2, lengthBytes + 4);
    long length =
        lengthBytes == 2
            ? header.getShort() & 0xffff
            : lengthBytes == 8 ? header.getLong() : announced;
    if (length < 0 || (lengthBytes == 2 && length < 126) || (lengthBytes == 8 && length < 65536)) {
      return 1002;
    }
    if (!control && length > limit - message.size()) {
      return 1009;
    }
    byte[] mask = new byte[4];
    header.get(mask);
    int start = at + 6 + lengthBytes;
    byte[] payload = Arrays.copyOfRange(bytes, start, (int) Math.min(bytes.length, start + length));
    for (int i = 0; i < payload.length; i++) {
      payload[i] ^= mask[i & 3];
    }
    boolean whole = payload.length == length;
    at = start + payload.length;
    return control ? (whole ? control(opcode, payload) : -1) : data(opcode, payload, fin, whole);
  }

  private int data(int opcode, byte[] payload, boolean fin, boolean whole) {
    kind = opcode == 0 ? kind : opcode;
    message.writeBytes(payload);
    byte[] all = message.toByteArray();
    if (kind == 1 && !mayBecomeText(all)) {
      return 1007;
    }
    if (!whole) {
      return -1;
    }
    if (!fin) {
      return 0;
    }
    String text = text(all);
    if (kind == 1 && text == null) {
      return 1007;
    }
    events.add(kind == 1 ? "text " + text : "binary " + Arrays.toString(all));
    kind = 0;
    message.reset();
    return 0;
  }

  private int control(int opcode, byte[] payload) {
    if (opcode != 8) {
      events.add((opcode == 9 ? "ping " : "pong ") + Arrays.toString(payload));
      return 0;
    }
    if (payload.length == 0) {
      events.add("close 1005 ");
      return 0;
    }
    if (payload.length == 1) {
      return 1002;
    }
    int code = ByteBuffer.wrap(payload).getShort() & 0xffff;
    boolean registered =
        code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
    if (!registered && (code < 3000 || code > 4999)) {
      return 1002;
    }
    String reason = text(Arrays.copyOfRange(payload, 2, payload.length));
    if (reason == null) {
      return 1007;
    }
    events.add("close " + code + " " + reason);
    return 0;
  }

  private static @Nullable String text(byte[] bytes) {
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException _) {
      return null;
    }
  }

  /** Whether it is text, or some three bytes more would make it so: tried out. */
  private static boolean mayBecomeText(byte[] bytes) {
    return text(bytes) != null || mayBecomeText(bytes, 3);
  }

  private static boolean mayBecomeText(byte[] bytes, int more) {
    for (byte next : CONTINUATIONS) {
      byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
      longer[bytes.length] = next;
      if (text(longer) != null || (more > 1 && mayBecomeText(longer, more - 1))) {
        return true;
      }
    }
    return false;
  }
}
