package dev.arbiter.sync;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.http.ChunkFraming;
import dev.arbiter.http.FieldLines;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Permission;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.RequestRules;
import dev.arbiter.http.RequestRules.Rule;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one connection, out of its bytes: a strict parser, and around it the rules that
 * every worker keeps and the few things this parser lets pass (docs/experiments/parser.md). One
 * thread at a time.
 *
 * <p>It stops after a head and after each piece of a body, and never looks beyond a request's end.
 */
final class RequestParser implements HttpParser.RequestHandler {
  /**
   * Strict, but for hosts, which the rules judge: the parser refuses an empty port, which RFC 3986
   * section 3.2.3 allows.
   */
  private static final HttpCompliance STRICT =
      HttpCompliance.STRICT.with("ARBITER", HttpCompliance.Violation.UNSAFE_HOST_HEADER);

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final RequestRules rules;
  private final boolean trusted;
  private final HttpParser parser;
  private final RequestLine line;
  private IncomingHead head;
  private FieldLines fields;
  private boolean lineRead;
  private boolean headRead;
  private boolean complete;
  private @Nullable ChunkFraming framing;
  private long received;
  private @Nullable ByteBuffer piece;

  /**
   * @param trusted whether the other end is a proxy that is believed
   */
  RequestParser(RequestRules rules, boolean trusted) {
    this.rules = rules;
    this.trusted = trusted;
    // A limit beyond those of the rules: it only stops what they never get to see whole.
    parser = new HttpParser(this, 2 * RequestRules.HEAD_SIZE, compliance(rules));
    line = new RequestLine(rules);
    head = new IncomingHead(rules, trusted);
    fields = new FieldLines(head, false);
  }

  /** Strict, but for what the operator lets in. */
  private static HttpCompliance compliance(RequestRules rules) {
    HttpCompliance compliance = STRICT;
    if (rules.permits(Permission.OBSOLETE_FOLDING)) {
      compliance = compliance.with("FOLDING", HttpCompliance.Violation.MULTILINE_FIELD_VALUE);
    }
    if (rules.permits(Permission.HEADER_SPACES)) {
      compliance = compliance.with("SPACES", HttpCompliance.Violation.WHITESPACE_AFTER_FIELD_NAME);
    }
    return compliance;
  }

  /** Makes ready for the next request on the connection. */
  void reset() {
    parser.reset();
    line.reset();
    head = new IncomingHead(rules, trusted);
    fields = new FieldLines(head, false);
    lineRead = false;
    headRead = false;
    complete = false;
    framing = null;
    received = 0;
    piece = null;
  }

  IncomingHead head() {
    return head;
  }

  /** Takes bytes of the head. Returns whether it is complete, or refused; if not, it needs more. */
  boolean takeHead(ByteBuffer in) {
    int from = in.position();
    if (!lineRead) {
      from = line.scan(in, head);
      if (head.refusal() != null) {
        return true;
      }
      lineRead = from >= 0;
      if (rules.permits(Permission.UNCONVENTIONAL_VERSION)) {
        from = replaceLine(in, from);
      }
    }
    int end = -1;
    if (lineRead) {
      ByteBuffer unread = in.duplicate().position(from);
      if (fields.take(unread)) {
        end = unread.position();
        head.end();
      }
    }
    while (!headRead && head.refusal() == null && in.hasRemaining()) {
      parser.parseNext(in);
    }
    if (headRead != (end >= 0) || (headRead && in.position() != end)) {
      // Two readings of where the head ends: that is what smuggling is made of.
      head.refuse(Rule.SYNTAX.refusal());
    }
    if (headRead && !head.hasBody()) {
      parser.parseNext(NOTHING);
      complete = true;
    }
    return headRead || head.refusal() != null;
  }

  /** The parser knows no such versions, and need not: it is shown a line that it knows instead. */
  private int replaceLine(ByteBuffer in, int from) {
    in.position(lineRead ? from : in.limit());
    if (lineRead) {
      String version = head.http11() ? "HTTP/1.1" : "HTTP/1.0";
      parser.parseNext(ByteBuffer.wrap("GET / %s\r\n".formatted(version).getBytes(US_ASCII)));
    }
    return in.position();
  }

  /**
   * Takes bytes of the body.
   *
   * @return a part of it, to be used before the next call; null if it needs more bytes, is complete
   *     or refused
   */
  @Nullable ByteBuffer takeBody(ByteBuffer in) {
    piece = null;
    while (piece == null && !complete && head.refusal() == null) {
      int before = in.position();
      parser.parseNext(in);
      int content = piece == null ? 0 : piece.remaining();
      // What it refuses the parser throws away, and with it where it was.
      if (framing != null && head.refusal() == null) {
        framing.take(in.slice(before, in.position() - before));
      }
      if (content > 0) {
        received += content;
        if (head.bodyLimit() > 0 && received > head.bodyLimit()) {
          head.refuse(Rule.BODY_SIZE.refusal());
        }
      }
      if (!in.hasRemaining() && !parser.isComplete()) {
        break;
      }
    }
    return head.refusal() == null ? piece : null;
  }

  /** Whether the request was read to its end. */
  boolean complete() {
    return complete;
  }

  /** How much of a body of known length is still to come; -1 if that is not known. */
  long left() {
    return head.contentLength() < 0 ? -1 : head.contentLength() - received;
  }

  @Override
  public void startRequest(String method, String target, HttpVersion version) {
    // RequestLine has read them as they are.
  }

  @Override
  public void parsedHeader(HttpField field) {
    // FieldLines has read them as they are: the parser has its own spelling of those it knows.
  }

  @Override
  public boolean headerComplete() {
    headRead = true;
    framing = head.chunked() ? new ChunkFraming(head) : null;
    return true;
  }

  @Override
  public boolean content(ByteBuffer content) {
    piece = content;
    return true;
  }

  @Override
  public boolean contentComplete() {
    return false;
  }

  @Override
  public boolean messageComplete() {
    complete = true;
    return true;
  }

  @Override
  public void badMessage(HttpException failure) {
    head.refuse(
        failure.getCode() == 431
            ? Rule.HEAD_SIZE.refusal()
            : new Refusal(400, Rule.SYNTAX.refusal().reason()));
  }

  /** Also what the parser calls for a malformed chunk: the end itself it is never told of. */
  @Override
  public void earlyEOF() {
    head.refuse(Rule.CHUNK.refusal());
  }
}
