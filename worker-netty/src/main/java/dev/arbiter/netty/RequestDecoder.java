package dev.arbiter.netty;

import dev.arbiter.http.ChunkFraming;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Leniency;
import dev.arbiter.http.Permission;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.RequestRules;
import dev.arbiter.http.RequestRules.Rule;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Netty's request decoder, with the head judged as it is read. One per connection, on its loop.
 *
 * <p>Design note. The decoder is strict about most things but joins folded lines, takes a run of
 * blanks or a tab as one separator in the request line, and skips any control characters before it.
 * None of that can be seen in what it delivers; so the bytes it consumed of a head are looked at
 * once more, line by line. Those of a chunked body are shown to {@link ChunkFraming}.
 */
final class RequestDecoder extends HttpRequestDecoder {

  private static final byte CR = '\r';
  private static final byte LF = '\n';

  private final RequestRules rules;
  private final boolean webSockets;
  private final boolean http2;
  private boolean trusted;
  private IncomingHead head;
  private boolean inHead = true;
  private boolean broken;
  private boolean held;
  private boolean lineSeen;
  private boolean fieldSeen;
  private boolean raw;
  private boolean blankCr;
  private int blankLines;
  private @Nullable ChunkFraming framing;

  /**
   * @param trusted whether the other end is a proxy that is believed
   * @param http2 whether the client may ask for an upgrade to HTTP/2
   */
  RequestDecoder(HttpSettings settings, boolean trusted, boolean http2) {
    super(
        new HttpDecoderConfig()
            // A chunk's line may be that long, too; a request line is measured with its head. One
            // more, because Netty counts a CR whose LF has not come yet.
            .setMaxInitialLineLength(Math.max(settings.rules().line(), RequestRules.CHUNK_LINE) + 1)
            .setMaxHeaderSize(RequestRules.HEAD_SIZE)
            .setMaxChunkSize(64 * 1024)
            .setAllowPartialChunks(true)
            .setStrictLineParsing(true)
            .setUseRfc9112TransferEncoding(true));
    this.rules = settings.rules();
    this.webSockets = settings.webSocket().on();
    this.http2 = http2;
    this.trusted = trusted;
    this.head = new IncomingHead(rules, trusted);
  }

  /** A PROXY preamble has told whom the connection is for. Before anything is decoded. */
  void announced(boolean nowTrusted) {
    trusted = nowTrusted;
    head = new IncomingHead(rules, trusted);
  }

  /** Decodes nothing more until {@link #release}: what has come and comes stays as bytes. */
  void hold() {
    held = true;
  }

  /** Whether it decodes nothing for now. */
  boolean held() {
    return held;
  }

  /** Goes on with the bytes it has; not from within a read of this channel. */
  void release(ChannelHandlerContext ctx) throws Exception {
    held = false;
    channelRead(ctx, Unpooled.EMPTY_BUFFER);
    channelReadComplete(ctx);
  }

  /** At the end of the client's side, too, it keeps its bytes for when it goes on. */
  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (held) {
      ctx.fireUserEventTriggered(event);
    } else {
      super.userEventTriggered(ctx, event);
    }
  }

  /** Whether a part of a head has come, so that the connection is not idle. */
  boolean inMidHead() {
    return inHead && (lineSeen || actualReadableBytes() > 0);
  }

  /** What has come of the head that is being read. */
  IncomingHead head() {
    return head;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
    if (held) {
      return;
    }
    if (raw) {
      out.add(in.readRetainedSlice(in.readableBytes()));
      return;
    }
    int from = in.readerIndex();
    if (broken) {
      in.skipBytes(in.readableBytes());
      return;
    }
    if (!inHead) {
      super.decode(ctx, in, out);
      inspectBody(in, from, out);
      return;
    }
    super.decode(ctx, in, out);
    if (out.isEmpty()) {
      inspect(in, from);
      return;
    }
    HttpRequest request = (HttpRequest) out.getFirst();
    if (request.decoderResult().isFailure()) {
      head.refuse(reason(request.decoderResult().cause()));
      return;
    }
    inspect(in, from);
    head.end();
    inHead = false;
    framing = head.chunked() ? new ChunkFraming(head) : null;
    // What follows a request for an upgrade may be frames; none of it is a request.
    raw = (webSockets && head.takeUpgrade()) || (http2 && head.takeHttp2Upgrade());
    if (out.getLast() instanceof LastHttpContent) {
      nextHead();
    }
  }

  /** A message that is cut short is no message: there is nothing to answer. */
  @Override
  protected void decodeLast(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {}

  private void inspectBody(ByteBuf in, int from, List<Object> out) {
    int end = in.readerIndex();
    boolean last = !out.isEmpty() && out.getLast() instanceof LastHttpContent;
    // A body that the decoder itself refused was consumed with all that followed.
    if (last && ((LastHttpContent) out.getLast()).decoderResult().isFailure()) {
      broken = true;
      return;
    }
    ChunkFraming judge = framing;
    if (judge != null && end > from && judge.take(in.nioBuffer(from, end - from)) != null) {
      broken = true;
      out.forEach(ReferenceCountUtil::release);
      out.clear();
      LastHttpContent refused = new DefaultLastHttpContent();
      refused.setDecoderResult(DecoderResult.failure(new FieldList.Refused()));
      out.add(refused);
    } else if (last) {
      nextHead();
    }
  }

  private void nextHead() {
    inHead = true;
    lineSeen = false;
    fieldSeen = false;
    blankCr = false;
    blankLines = 0;
    framing = null;
    head = new IncomingHead(rules, trusted);
  }

  private static Refusal reason(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      return Rule.REQUEST_LINE_SIZE.refusal();
    }
    if (cause instanceof TooLongHttpHeaderException) {
      return Rule.HEAD_SIZE.refusal();
    }
    return Rule.SYNTAX.refusal();
  }

  @Override
  protected HttpMessage createMessage(String[] line) {
    if (line[2].isEmpty()) {
      head.refuse(Rule.REQUEST_LINE.refusal());
      throw new FieldList.Refused();
    }
    if (!head.line(line[0], line[1], line[2])) {
      throw new FieldList.Refused();
    }
    return new DefaultHttpRequest(
        head.http11() ? HttpVersion.HTTP_1_1 : HttpVersion.HTTP_1_0,
        HttpMethod.valueOf(head.method()),
        line[1],
        new FieldList(head));
  }

  @Override
  protected HttpMessage createInvalidMessage() {
    return new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/", new FieldList(head));
  }

  /** Looks at the bytes of the head from {@code from} on, which were just consumed. */
  private void inspect(ByteBuf in, int from) {
    int end = in.readerIndex();
    int at = from;
    while (!lineSeen && at < end && (in.getByte(at) == CR || in.getByte(at) == LF)) {
      boolean cr = in.getByte(at++) == CR;
      if (cr == blankCr || (!cr && ++blankLines > Leniency.EMPTY_LINES)) {
        head.refuse(Rule.REQUEST_LINE.refusal());
        return;
      }
      blankCr = cr;
    }
    if (blankCr && at < end) {
      head.refuse(Rule.REQUEST_LINE.refusal());
      return;
    }
    while (at < end) {
      int lineEnd = in.indexOf(at, end, LF);
      if (lineEnd < 0) {
        // Only skipped control characters are consumed before their line is complete.
        head.refuse(Rule.REQUEST_LINE.refusal());
        return;
      }
      if (lineSeen) {
        byte first = in.getByte(at);
        boolean folded = first == ' ' || first == '\t';
        if (folded && !(fieldSeen && rules.permits(Permission.OBSOLETE_FOLDING))) {
          head.refuse(Rule.FIELD_FOLDED.refusal());
        } else if (folded && hasControls(in, at, lineEnd)) {
          // Netty joins the lines by trim(), which cuts such characters off as if they were blanks.
          head.refuse(Rule.FIELD_VALUE.refusal());
        }
        fieldSeen = true;
      } else {
        lineSeen = true;
        if (!separated(in, at, lineEnd - 1)) {
          head.refuse(Rule.REQUEST_LINE.refusal());
        }
      }
      at = lineEnd + 1;
    }
  }

  /** Whether a line, which may end in a CR, has a control character in it that is no tab. */
  private static boolean hasControls(ByteBuf in, int from, int lineEnd) {
    int to = in.getByte(lineEnd - 1) == CR ? lineEnd - 1 : lineEnd;
    for (int i = from; i < to; i++) {
      byte b = in.getByte(i);
      if ((b >= 0 && b < ' ' && b != '\t') || b == 0x7f) {
        return true;
      }
    }
    return false;
  }

  /** Whether there are exactly two blanks, and no other white space or control character. */
  private static boolean separated(ByteBuf in, int from, int to) {
    int blanks = 0;
    for (int i = from; i < to; i++) {
      byte b = in.getByte(i);
      if (b == ' ') {
        blanks++;
      } else if ((b >= 0 && b < ' ') || b == 0x7f) {
        return false;
      }
    }
    return blanks == 2;
  }
}
