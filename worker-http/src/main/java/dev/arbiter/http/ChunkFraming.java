package dev.arbiter.http;

import dev.arbiter.http.RequestRules.Rule;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks over the shoulder of whatever parser decodes a chunked body: is shown the same bytes, and
 * says whether all that is not data keeps the grammar of RFC 9112 section 7.1 to the letter.
 *
 * <p>Design note. Where one server takes a chunk's size for another number than the next, or ends a
 * line where the next does not, a request hides in the data. Every parser has its own ideas of a
 * blank after a size, of quotes in an extension, of a line feed alone; and the libraries change
 * theirs. So it stands here once, and a request passes if both agree. Data is skipped by count, so
 * this costs nothing for each byte of it.
 *
 * <p>One per chunked request, for its thread; the refusal goes to the request's head.
 */
public final class ChunkFraming {

  /** The size of a chunk is kept by parsers as an int. */
  private static final int MOST_BEFORE_DIGIT = Integer.MAX_VALUE >> 4;

  /** Of a size. More can be zeros only, and Jetty's parser takes no more. */
  private static final int MOST_DIGITS = 16;

  /** What every chunk may weigh beside its data: size, two line ends, and a little. */
  private static final int FREE_OVERHEAD = 16;

  /** What all chunks together may weigh beyond that and beyond twice their data. */
  private static final int MOST_OVERHEAD = 16 * 1024;

  /**
   * What the framing, the connection or the routing of a request depends on, who sent it, how its
   * content is to be read, and conditions: known too late, and a mark of smuggling.
   */
  private static final Set<String> FORBIDDEN_TRAILERS =
      Set.of(
          "authorization",
          "cache-control",
          "connection",
          "content-encoding",
          "content-length",
          "content-range",
          "content-type",
          "cookie",
          "expect",
          "forwarded",
          "host",
          "if-match",
          "if-modified-since",
          "if-none-match",
          "if-range",
          "if-unmodified-since",
          "keep-alive",
          "max-forwards",
          "proxy-authorization",
          "range",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "x-forwarded-for",
          "x-forwarded-host",
          "x-forwarded-proto");

  private enum State {
    SIZE_BEGINS,
    SIZE,
    NAME_BEGINS,
    NAME,
    VALUE_BEGINS,
    VALUE,
    QUOTED,
    ESCAPED,
    AFTER_QUOTED,
    LINE_FEED,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    DONE
  }

  private final IncomingHead head;
  private State state = State.SIZE_BEGINS;
  private int size;
  private int left;
  private int lineBytes;
  private long overhead;
  private final FieldLines trailers;

  /** For the body of the request with this head. */
  public ChunkFraming(IncomingHead head) {
    this.head = head;
    trailers = new FieldLines(head, true);
  }

  static boolean forbiddenTrailer(String name) {
    return FORBIDDEN_TRAILERS.contains(name.toLowerCase(Locale.ROOT));
  }

  /**
   * Takes what the parser has consumed, all of it; the buffer is used up.
   *
   * @return why the request is refused, if it is; from then on nothing more is looked at
   */
  public @Nullable Refusal take(ByteBuffer bytes) {
    while (bytes.hasRemaining() && head.refusal() == null && state != State.DONE) {
      if (state == State.DATA) {
        int count = Math.min(left, bytes.remaining());
        bytes.position(bytes.position() + count);
        left -= count;
        if (left == 0) {
          state = State.DATA_CR;
        }
      } else if (state == State.TRAILER) {
        if (trailers.take(bytes)) {
          state = State.DONE;
        }
      } else {
        chunk(bytes.get() & 0xff);
      }
    }
    return head.refusal();
  }

  private void chunk(int c) {
    State next = next(c);
    if (next == null) {
      head.refuse(Rule.CHUNK.refusal());
      return;
    }
    if (state != State.DATA_CR && state != State.DATA_LF && ++lineBytes > RequestRules.CHUNK_LINE) {
      head.refuse(Rule.CHUNK_SIZE.refusal());
      return;
    }
    if (state == State.LINE_FEED) {
      weigh();
    }
    state = next;
  }

  /** The line of a chunk is complete. */
  private void weigh() {
    overhead = Math.max(0, overhead + lineBytes - FREE_OVERHEAD - 2L * size);
    if (overhead > MOST_OVERHEAD) {
      head.refuse(Rule.CHUNK_SIZE.refusal());
    }
    left = size;
    size = 0;
    lineBytes = 0;
  }

  /** Where {@code c} leads; null if it must not stand here. */
  private @Nullable State next(int c) {
    return switch (state) {
      case SIZE_BEGINS -> digit(c) ? State.SIZE : null;
      case SIZE -> digit(c) ? State.SIZE : ends(c);
      case NAME_BEGINS -> Syntax.tokenCharacter(c) ? State.NAME : null;
      case NAME -> Syntax.tokenCharacter(c) ? State.NAME : c == '=' ? State.VALUE_BEGINS : ends(c);
      case VALUE_BEGINS -> c == '"' ? State.QUOTED : Syntax.tokenCharacter(c) ? State.VALUE : null;
      case VALUE -> Syntax.tokenCharacter(c) ? State.VALUE : ends(c);
      case QUOTED ->
          c == '"' ? State.AFTER_QUOTED : c == '\\' ? State.ESCAPED : text(c) ? state : null;
      case ESCAPED -> text(c) ? State.QUOTED : null;
      case AFTER_QUOTED -> ends(c);
      case LINE_FEED -> c != '\n' ? null : size == 0 ? State.TRAILER : State.DATA;
      case DATA_CR -> c == '\r' ? State.DATA_LF : null;
      case DATA_LF -> c == '\n' ? State.SIZE_BEGINS : null;
      case DATA, TRAILER, DONE -> throw new IllegalStateException(state.name());
    };
  }

  private static @Nullable State ends(int c) {
    return c == ';' ? State.NAME_BEGINS : c == '\r' ? State.LINE_FEED : null;
  }

  /** In quotes; of RFC 9110 section 5.6.4 all but obs-text, see {@link Rule#CHUNK}. */
  private static boolean text(int c) {
    return (c >= ' ' && c < 0x7f) || c == '\t';
  }

  private boolean digit(int c) {
    int digit = Syntax.hex((char) c);
    if (digit < 0 || size > MOST_BEFORE_DIGIT || lineBytes == MOST_DIGITS) {
      return false;
    }
    size = size << 4 | digit;
    return true;
  }
}
