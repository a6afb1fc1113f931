package dev.arbiter.sync;

import dev.arbiter.http.IncomingHead;
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
   * Bytes between two pieces of a body: chunk sizes, their extensions, trailers. The parser has no
   * limit of its own for an extension.
   */
  private static final int FRAMING_BYTES = 8190;

  /**
   * Strict, but names stay as they were written: that concerns what the app sees, not what is let
   * in.
   */
  private static final HttpCompliance STRICT =
      HttpCompliance.STRICT.with("ARBITER", HttpCompliance.Violation.CASE_SENSITIVE_FIELD_NAME);

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final RequestRules rules;
  private final boolean trusted;
  private final HttpParser parser;
  private final RequestLine line;
  private IncomingHead head;
  private boolean lineRead;
  private boolean headRead;
  private boolean complete;
  private int framing;
  private long received;
  private @Nullable ByteBuffer piece;

  /**
   * @param trusted whether the other end is a proxy that is believed
   */
  RequestParser(RequestRules rules, boolean trusted) {
    this.rules = rules;
    this.trusted = trusted;
    // A limit beyond those of the rules: it only stops what they never get to see whole.
    parser = new HttpParser(this, 2 * RequestRules.HEAD_SIZE, STRICT);
    line = new RequestLine(rules);
    head = new IncomingHead(rules, trusted);
  }

  /** Makes ready for the next request on the connection. */
  void reset() {
    parser.reset();
    line.reset();
    head = new IncomingHead(rules, trusted);
    lineRead = false;
    headRead = false;
    complete = false;
    framing = 0;
    received = 0;
    piece = null;
  }

  IncomingHead head() {
    return head;
  }

  /** Takes bytes of the head. Returns whether it is complete, or refused; if not, it needs more. */
  boolean takeHead(ByteBuffer in) {
    if (!lineRead) {
      int end = line.scan(in, head);
      if (head.refusal() != null) {
        return true;
      }
      lineRead = end >= 0;
    }
    while (!headRead && head.refusal() == null && in.hasRemaining()) {
      parser.parseNext(in);
    }
    if (headRead && !head.hasBody()) {
      parser.parseNext(NOTHING);
      complete = true;
    }
    return headRead || head.refusal() != null;
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
      framing += in.position() - before - content;
      if (framing > FRAMING_BYTES) {
        head.refuse(Rule.CHUNK.refusal());
      }
      if (content > 0) {
        framing = 0;
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
    String value = field.getValue();
    head.field(field.getName(), value == null ? "" : value);
  }

  @Override
  public boolean headerComplete() {
    head.end();
    headRead = true;
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
