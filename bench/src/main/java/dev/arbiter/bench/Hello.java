package dev.arbiter.bench;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Answers every request with the same bytes and a date. One for each connection, on its event loop.
 * Flushes once for all that was read, as a pipelining client would like.
 */
final class Hello extends ChannelInboundHandlerAdapter {
  private static final AsciiString TEXT = AsciiString.cached("text/plain; charset=utf-8");
  private static final AsciiString PAD = AsciiString.cached("x-pad");
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US);
  private static final long SECOND = 1_000_000_000;

  /** Head of a response without the padding field, its date 29 characters as RFC 9110 has it. */
  private static final String HEAD =
      "HTTP/1.1 200 OK\r\ncontent-type: "
          + TEXT
          + "\r\ndate: "
          + "x".repeat(29)
          + "\r\ncontent-length: %d\r\n\r\n%s";

  private final byte[] body;
  private final AsciiString length;
  private final AsciiString padding;
  private AsciiString date = AsciiString.EMPTY_STRING;
  private long dateExpires = System.nanoTime();

  Hello(byte[] body, int size) {
    this.body = body;
    this.length = AsciiString.cached(Integer.toString(body.length));
    int bare = String.format(HEAD, body.length, "").length() + body.length;
    int missing = size - bare - (PAD.length() + ": \r\n".length());
    this.padding = missing < 1 ? AsciiString.EMPTY_STRING : AsciiString.of("x".repeat(missing));
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    boolean whole = message instanceof LastHttpContent;
    ReferenceCountUtil.release(message);
    if (!whole) {
      return;
    }
    HttpHeaders headers = new DefaultHttpHeaders();
    headers
        .set(HttpHeaderNames.CONTENT_TYPE, TEXT)
        .set(HttpHeaderNames.DATE, date())
        .set(HttpHeaderNames.CONTENT_LENGTH, length);
    if (!padding.isEmpty()) {
      headers.set(PAD, padding);
    }
    var response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.OK,
            Unpooled.wrappedBuffer(body),
            headers,
            EmptyHttpHeaders.INSTANCE);
    context.write(response, context.voidPromise());
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    context.flush();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close(); // a client that went away; the load generator counts its own errors
  }

  private AsciiString date() {
    long now = System.nanoTime();
    if (now - dateExpires >= 0) {
      date = AsciiString.of(DATE.format(ZonedDateTime.now(ZoneOffset.UTC)));
      dateExpires = now + SECOND;
    }
    return date;
  }
}
