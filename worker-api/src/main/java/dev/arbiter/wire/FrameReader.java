package dev.arbiter.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one frame. Past its end everything is zero or empty: an older writer did not know the
 * field.
 */
final class FrameReader {
  private final byte[] bytes;
  private final int end;
  private int at;

  FrameReader(byte[] bytes, int from, int length) {
    this.bytes = bytes;
    this.at = from;
    this.end = from + length;
  }

  Message message() {
    int type = ((bytes[at] & 0xff) << 8) | (bytes[at + 1] & 0xff);
    at += 2;
    return Wire.read(type, this);
  }

  static int intAt(byte[] bytes, int at) {
    return (bytes[at] << 24)
        | ((bytes[at + 1] & 0xff) << 16)
        | ((bytes[at + 2] & 0xff) << 8)
        | (bytes[at + 3] & 0xff);
  }

  boolean more() {
    return at < end;
  }

  long number() {
    if (end - at < 8) {
      at = end;
      return 0;
    }
    long value = 0;
    for (int i = 0; i < 8; i++) {
      value = (value << 8) | (bytes[at++] & 0xff);
    }
    return value;
  }

  int small() {
    return Math.clamp(number(), Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  boolean flag() {
    return number() != 0;
  }

  String text() {
    int length = count(1);
    String value = new String(bytes, at, length, UTF_8);
    at += length;
    return value;
  }

  List<Long> numbers() {
    int count = count(8);
    List<Long> values = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      values.add(number());
    }
    return List.copyOf(values);
  }

  Map<String, String> texts() {
    int count = count(16);
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      values.put(text(), text());
    }
    return Map.copyOf(values);
  }

  /** How many items of at least {@code size} bytes follow; never more than there is room for. */
  private int count(int size) {
    return Math.clamp(number(), 0, (end - at) / size);
  }
}
