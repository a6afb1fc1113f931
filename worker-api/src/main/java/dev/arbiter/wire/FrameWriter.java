package dev.arbiter.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;

/**
 * Writes one frame. Every number takes 8 bytes: simple to read in a dump, and still under PIPE_BUF.
 */
final class FrameWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);
  private final int textLimit;

  /**
   * @param textLimit the longest text, in characters; a longer one is cut and says so
   */
  FrameWriter(int textLimit) {
    this.textLimit = textLimit;
  }

  byte[] frame(Message message) {
    out.writeBytes(new byte[4]);
    int type = Wire.type(message);
    out.write(type >>> 8);
    out.write(type);
    Wire.write(message, this);
    byte[] frame = out.toByteArray();
    int body = frame.length - 4;
    for (int i = 0; i < 4; i++) {
      frame[i] = (byte) (body >>> (24 - 8 * i));
    }
    return frame;
  }

  FrameWriter number(long value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      out.write((int) (value >>> shift));
    }
    return this;
  }

  FrameWriter flag(boolean value) {
    return number(value ? 1 : 0);
  }

  FrameWriter text(String value) {
    String cut =
        value.length() <= textLimit ? value : value.substring(0, textLimit) + " ... (cut short)";
    byte[] bytes = cut.getBytes(UTF_8);
    number(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  FrameWriter numbers(List<Long> values) {
    number(values.size());
    values.forEach(this::number);
    return this;
  }

  FrameWriter texts(Map<String, String> values) {
    number(values.size());
    values.forEach((name, value) -> text(name).text(value));
    return this;
  }
}
