package dev.arbiter.sync;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Leniency;
import dev.arbiter.http.RequestRules;
import dev.arbiter.http.RequestRules.Rule;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Reads a request line by the letter of RFC 9112 section 3. The parser behind it is more lenient
 * here than anywhere else (it takes several spaces for one, {@code http/1.1} for {@code HTTP/1.1}),
 * and does not show what it saw. One thread.
 */
final class RequestLine {
  private final RequestRules rules;
  private byte[] line = new byte[256];
  private int length;
  private int emptyLines;

  RequestLine(RequestRules rules) {
    this.rules = rules;
  }

  void reset() {
    length = 0;
    emptyLines = 0;
  }

  /**
   * Looks at what has come, without taking it.
   *
   * @return where in {@code in} the line ends, after its line feed; -1 if it is not complete, or
   *     {@code head} now refuses it
   */
  int scan(ByteBuffer in, IncomingHead head) {
    for (int i = in.position(); i < in.limit(); i++) {
      byte b = in.get(i);
      if (b != '\n') {
        if (length > rules.line() + 1) {
          tooLong(head);
          return -1;
        }
        if (length == line.length) {
          line = Arrays.copyOf(line, 2 * length);
        }
        line[length++] = b;
        continue;
      }
      if (length == 0 || line[length - 1] != '\r') {
        head.refuse(Rule.SYNTAX.refusal());
        return -1;
      }
      if (length == 1 && emptyLines < Leniency.EMPTY_LINES) {
        emptyLines++;
        length = 0;
        continue;
      }
      return judge(head) ? i + 1 : -1;
    }
    return -1;
  }

  /** What has come of it is for the log. */
  private void tooLong(IncomingHead head) {
    head.refuse(Rule.REQUEST_LINE_SIZE.refusal());
    int first = space(0, length);
    int second = space(Math.min(first + 1, length), length);
    if (first < second) {
      boolean _ = head.line(text(0, first), text(first + 1, second), "");
    }
  }

  private String text(int from, int to) {
    return new String(line, from, to - from, ISO_8859_1);
  }

  private boolean judge(IncomingHead head) {
    int end = length - 1;
    int first = space(0, end);
    int second = space(first + 1, end);
    if (first == end || second == end || space(second + 1, end) != end) {
      head.refuse(Rule.REQUEST_LINE.refusal());
      return false;
    }
    return head.line(text(0, first), text(first + 1, second), text(second + 1, end));
  }

  private int space(int from, int end) {
    for (int i = from; i < end; i++) {
      if (line[i] == ' ') {
        return i;
      }
    }
    return end;
  }
}
