package dev.arbiter.http.websocket;

/**
 * Checks text as it comes, over the bounds of frames and reads: a client whose text is wrong is
 * told so at the first wrong byte (RFC 3629 section 4 is the table). One message; one thread.
 */
final class Utf8 {
  /** Continuation bytes that are still to come. */
  private int missing;

  /**
   * The bounds of the next one, which rule out overlong forms, surrogates and what is too large.
   */
  private int low;

  private int high;

  /** Takes the bytes; returns whether they can be text. */
  boolean take(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      if (missing == 0) {
        while (at < to && bytes[at] >= 0) {
          at++;
        }
        if (at < to && !lead(bytes[at++] & 0xff)) {
          return false;
        }
      } else {
        int b = bytes[at++] & 0xff;
        if (b < low || b > high) {
          return false;
        }
        missing--;
        low = 0x80;
        high = 0xbf;
      }
    }
    return true;
  }

  private boolean lead(int b) {
    low = 0x80;
    high = 0xbf;
    if (b >= 0xc2 && b <= 0xdf) {
      missing = 1;
    } else if (b >= 0xe0 && b <= 0xef) {
      missing = 2;
      low = b == 0xe0 ? 0xa0 : 0x80;
      high = b == 0xed ? 0x9f : 0xbf;
    } else if (b >= 0xf0 && b <= 0xf4) {
      missing = 3;
      low = b == 0xf0 ? 0x90 : 0x80;
      high = b == 0xf4 ? 0x8f : 0xbf;
    } else {
      return false;
    }
    return true;
  }

  /** Whether no character is left unfinished. */
  boolean complete() {
    return missing == 0;
  }

  static boolean valid(byte[] bytes, int from, int to) {
    Utf8 check = new Utf8();
    return check.take(bytes, from, to) && check.complete();
  }
}
