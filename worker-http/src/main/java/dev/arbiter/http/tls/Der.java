package dev.arbiter.http.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** As much of ASN.1's distinguished encoding as wrapping a private key takes (X.690 section 8). */
final class Der {
  static final int INTEGER = 0x02;
  static final int OCTET_STRING = 0x04;
  static final int OID = 0x06;
  static final int SEQUENCE = 0x30;

  private Der() {}

  /** One element, of the parts one after the other. */
  static byte[] element(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    int length = content.size();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (length < 0x80) {
      out.write(length);
    } else {
      int bytes = (39 - Integer.numberOfLeadingZeros(length)) / 8;
      out.write(0x80 | bytes);
      for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        out.write(length >> shift);
      }
    }
    out.writeBytes(content.toByteArray());
    return out.toByteArray();
  }

  /** An object identifier from its numbers. */
  static byte[] oid(int... numbers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(40 * numbers[0] + numbers[1]);
    for (int i = 2; i < numbers.length; i++) {
      int groups = Math.max(1, (38 - Integer.numberOfLeadingZeros(numbers[i])) / 7);
      for (int group = groups - 1; group >= 0; group--) {
        out.write((numbers[i] >> 7 * group & 0x7f) | (group > 0 ? 0x80 : 0));
      }
    }
    return element(OID, out.toByteArray());
  }

  /**
   * The content of the first element with that tag directly inside {@code sequence}; empty if there
   * is none.
   *
   * @throws IllegalArgumentException it is not one well-formed element
   */
  static byte[] inside(byte[] sequence, int tag) {
    try {
      ByteBuffer in = content(ByteBuffer.wrap(sequence), SEQUENCE);
      while (in.hasRemaining()) {
        int found = in.get(in.position()) & 0xff;
        ByteBuffer content = content(in, found);
        if (found == tag) {
          byte[] bytes = new byte[content.remaining()];
          content.get(bytes);
          return bytes;
        }
      }
      return new byte[0];
    } catch (RuntimeException malformed) {
      throw new IllegalArgumentException("malformed DER", malformed);
    }
  }

  /** Consumes one element of {@code in}. */
  private static ByteBuffer content(ByteBuffer in, int tag) {
    if ((in.get() & 0xff) != tag) {
      throw new IllegalArgumentException("another tag");
    }
    int length = in.get() & 0xff;
    if (length >= 0x80) {
      int bytes = length & 0x7f;
      if (bytes == 0 || bytes > 3) {
        throw new IllegalArgumentException("a length of " + bytes + " bytes");
      }
      length = 0;
      for (int i = 0; i < bytes; i++) {
        length = length << 8 | in.get() & 0xff;
      }
    }
    ByteBuffer content = in.slice(in.position(), length);
    in.position(in.position() + length);
    return content;
  }
}
