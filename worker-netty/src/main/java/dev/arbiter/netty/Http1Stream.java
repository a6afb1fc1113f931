package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Origin;
import dev.arbiter.http.ResponseHead;
import dev.arbiter.http.ResponseHead.Framing;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.WebSocketSession;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.FileRegion;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * How HTTP/1 is written to a connection, and when it goes out; what an exchange asks of the
 * connection's life is the {@link HttpConnection}'s. On its loop; one for each connection.
 */
final class Http1Stream implements HttpStream {
  private static final int PIECE = 64 * 1024;
  private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(US_ASCII);
  private static final byte[] HEX = "0123456789abcdef".getBytes(US_ASCII);
  private static final ByteBuf CONTINUE =
      Unpooled.unreleasableBuffer(
          Unpooled.directBuffer(25).writeBytes("HTTP/1.1 100 Continue\r\n\r\n".getBytes(US_ASCII)));

  private static final ByteBuf SWITCH =
      Unpooled.unreleasableBuffer(
          Unpooled.copiedBuffer(
              "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
              US_ASCII));

  private final HttpConnection connection;
  private final Channel channel;
  private final @Nullable TlsGate tls;
  private @Nullable ChannelHandlerContext context;
  private boolean inRead;
  private boolean unflushed;

  Http1Stream(HttpConnection connection, Channel channel, @Nullable TlsGate tls) {
    this.connection = connection;
    this.channel = channel;
    this.tls = tls;
  }

  /** Where it writes from here on. */
  void open(ChannelHandlerContext ctx) {
    context = ctx;
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("The connection is not open yet");
    }
    return ctx;
  }

  // ---- when it goes out

  /** A batch of what the client sent is being read. */
  void readBegun() {
    inRead = true;
  }

  /** It was read, and what was written meanwhile goes out. */
  void readEnded() {
    inRead = false;
    flushWritten();
  }

  boolean inRead() {
    return inRead;
  }

  /** Whether something was written that was not sent yet. */
  boolean unflushed() {
    return unflushed;
  }

  /** Another handler writes from here on, and sends what was written. */
  void handOver() {
    unflushed = false;
  }

  /** Sends all that was written. Completes when the system has it. */
  ChannelFuture writeLast() {
    unflushed = false;
    return context().writeAndFlush(Unpooled.EMPTY_BUFFER);
  }

  /** Sends what was written, if there is something. */
  void flushWritten() {
    if (unflushed) {
      flush();
    }
  }

  @Override
  public void flushSoon() {
    if (unflushed && !inRead) {
      flush();
    }
  }

  @Override
  public void flush() {
    unflushed = false;
    context().flush();
  }

  @Override
  public boolean writable() {
    return channel.isWritable();
  }

  // ---- what is written

  /** Returns how many bytes it writes. */
  private int write(ByteBuf bytes) {
    int count = bytes.readableBytes();
    unflushed = true;
    ChannelHandlerContext ctx = context();
    ctx.write(bytes, ctx.voidPromise());
    return count;
  }

  @Override
  public void sendContinue() {
    write(CONTINUE.duplicate());
    flushSoon();
  }

  /** Says that HTTP/2 follows. */
  void sendSwitch() {
    write(SWITCH.duplicate());
  }

  /** Answers a request that no app sees. */
  void refuse(IncomingHead head, Response response) {
    byte[] bytes = ((Response.Body.Bytes) response.body()).bytes();
    ResponseHead responseHead = loop().responseHead();
    responseHead.encode(head, response.status(), response.headers(), bytes.length, false);
    boolean bodiless = responseHead.framing() == Framing.NONE;
    int length = bodiless ? 0 : bytes.length;
    int count = writeHead(responseHead, ByteBuffer.wrap(bytes, 0, length), true);
    loop().service().refused(head, origin(head).client(), response, length, count);
  }

  @Override
  public int writeInformational(ResponseHead head) {
    return write(
        channel.alloc().directBuffer(head.length()).writeBytes(head.bytes(), 0, head.length()));
  }

  @Override
  public int writeHead(ResponseHead head, ByteBuffer first, boolean last) {
    ByteBuf out = channel.alloc().directBuffer(head.length() + first.remaining());
    return write(out.writeBytes(head.bytes(), 0, head.length()).writeBytes(first));
  }

  @Override
  public int writePart(ByteBuffer part, Framing framing, boolean last) {
    int count = part.remaining();
    if (framing != Framing.CHUNKED) {
      return write(channel.alloc().directBuffer(count).writeBytes(part));
    }
    ByteBuf out = channel.alloc().directBuffer(count + 16);
    for (int shift = 28 - (Integer.numberOfLeadingZeros(count) & ~3); shift >= 0; shift -= 4) {
      out.writeByte(HEX[count >> shift & 15]);
    }
    out.writeByte('\r').writeByte('\n').writeBytes(part).writeByte('\r').writeByte('\n');
    return write(last ? out.writeBytes(LAST_CHUNK) : out);
  }

  @Override
  public int writeEnd(Framing framing, byte @Nullable [] trailers) {
    byte[] end = trailers == null ? LAST_CHUNK : trailers;
    return framing == Framing.CHUNKED
        ? write(channel.alloc().directBuffer(end.length).writeBytes(end))
        : 0;
  }

  @Override
  public int room() {
    return PIECE;
  }

  @Override
  public ChannelFuture writeFile(FileRegion part) {
    unflushed = true;
    return context().write(part);
  }

  @Override
  public boolean sendsFiles() {
    // Not by the system alone, if what is sent must first be encrypted.
    return loop().service().settings().sendfile() && tls == null;
  }

  // ---- what is the connection's

  @Override
  public Loop loop() {
    return connection.loop();
  }

  @Override
  public Origin origin(IncomingHead head) {
    return connection.origin(head);
  }

  @Override
  public @Nullable TlsInfo tlsInfo() {
    return TlsGate.info(tls);
  }

  @Override
  public @Nullable SSLSession sslSession() {
    return tls == null ? null : tls.session();
  }

  @Override
  public boolean inputEnded() {
    return connection.inputEnded();
  }

  @Override
  public void read() {
    connection.read();
  }

  @Override
  public void consumed(int bytes) {
    // What is held back is told by read().
  }

  @Override
  public boolean keeps(Exchange asked) {
    return asked.inbox().leavesConnectionUsable()
        && (!loop().service().draining() || connection.moreToAnswer());
  }

  @Override
  public void done(Exchange ended) {
    connection.done(ended);
  }

  @Override
  public void end(boolean linger) {
    connection.end(linger);
  }

  @Override
  public void cut(boolean reset) {
    connection.cut(reset);
  }

  @Override
  public void late(Limit limit) {
    connection.late(limit);
  }

  /** The request is answered with a 101: another handler has the channel from here on. */
  @Override
  public WebSocketSession upgrade(
      Exchange asked,
      Handshake handshake,
      Optional<String> subprotocol,
      Headers headers,
      CompletableFuture<Void> handled) {
    ResponseHead head = loop().responseHead();
    head.encodeSwitch(headers, handshake.answer(subprotocol, headers));
    ByteBuf answer =
        channel.alloc().directBuffer(head.length()).writeBytes(head.bytes(), 0, head.length());
    asked.switched(101, headers, head.length());
    WebSocketConnection next =
        new WebSocketConnection(
            loop(), channel, asked.head(), handshake, connection::late, handled);
    connection.becomeWebSocket(next, answer);
    return next.session();
  }
}
