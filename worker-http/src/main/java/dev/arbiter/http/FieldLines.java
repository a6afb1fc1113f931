package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.http.RequestRules.Rule;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Reads the field lines of a head or of trailers by the letter of RFC 9112 section 5, out of bytes
 * that come in any pieces, up to and with the empty line that ends them. For one request, one
 * thread at a time; what is wrong is told to the head.
 *
 * <p>Where folds are let in, a line is kept back until the next shows that it was whole.
 */
public final class FieldLines {
  private static final byte[] NOTHING = {};

  private final IncomingHead head;
  private final boolean trailers;
  private final boolean folds;
  private byte[] line = new byte[128];
  private int length;
  private byte[] pending = NOTHING;

  /** For the head's own fields, or its {@code trailers}. */
  public FieldLines(IncomingHead head, boolean trailers) {
    this.head = head;
    this.trailers = trailers;
    this.folds = !trailers && head.permits(Permission.OBSOLETE_FOLDING);
  }

  /** Takes bytes. Returns whether the end of the fields was reached; no more are taken then. */
  public boolean take(ByteBuffer bytes) {
    while (bytes.hasRemaining() && head.refusal() == null) {
      byte b = bytes.get();
      if (b == '\n') {
        if (length == 1 && line[0] == '\r') {
          endOfField();
          return true;
        }
        endOfLine();
      } else if (length > RequestRules.HEAD_SIZE) {
        // White space around a value is not counted to the field, but has to be kept until its end.
        head.refuse(Rule.FIELD_SIZE.refusal());
      } else {
        if (length == line.length) {
          line = Arrays.copyOf(line, 2 * length);
        }
        line[length++] = b;
      }
    }
    return false;
  }

  private void endOfLine() {
    if (length == 0 || line[length - 1] != '\r') {
      head.refuse(Rule.SYNTAX.refusal());
      return;
    }
    int end = length - 1;
    length = 0;
    if (!folds) {
      field(end);
    } else if (!blank(line[0])) {
      endOfField();
      pending = Arrays.copyOf(line, end);
    } else if (pending.length == 0) {
      // RFC 9112 section 2.2: there is no field before the first line that it could go on with.
      head.refuse(Rule.FIELD_FOLDED.refusal());
    } else {
      unfold(end);
    }
  }

  /** Puts the fold's line behind that before it, with one space between them. */
  private void unfold(int end) {
    int kept = pending.length;
    while (kept > 0 && blank(pending[kept - 1])) {
      kept--;
    }
    int from = 0;
    while (from < end && blank(line[from])) {
      from++;
    }
    if (kept + end - from > RequestRules.HEAD_SIZE) {
      head.refuse(Rule.FIELD_SIZE.refusal());
      return;
    }
    byte[] whole = Arrays.copyOf(pending, kept + 1 + end - from);
    whole[kept] = ' ';
    System.arraycopy(line, from, whole, kept + 1, end - from);
    pending = whole;
  }

  /** The line before is a field by itself, now that no fold follows. */
  private void endOfField() {
    if (pending.length > 0 && head.refusal() == null) {
      byte[] free = line;
      line = pending;
      field(line.length);
      line = free;
    }
    pending = NOTHING;
  }

  private void field(int end) {
    int colon = 0;
    while (colon < end && line[colon] != ':') {
      colon++;
    }
    if (end > 0 && blank(line[0])) {
      head.refuse(Rule.FIELD_FOLDED.refusal());
    } else if (colon == end) {
      head.refuse(Rule.FIELD_NAME.refusal());
    } else {
      field(colon, end);
    }
  }

  private void field(int colon, int end) {
    int from = colon + 1;
    int to = end;
    while (from < to && blank(line[from])) {
      from++;
    }
    while (to > from && blank(line[to - 1])) {
      to--;
    }
    String name = new String(line, 0, colon, ISO_8859_1);
    String value = new String(line, from, to - from, ISO_8859_1);
    if (trailers) {
      head.trailer(name, value);
    } else {
      head.field(name, value);
    }
  }

  private static boolean blank(byte b) {
    return b == ' ' || b == '\t';
  }
}
