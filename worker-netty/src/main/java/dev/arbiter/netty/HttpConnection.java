package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Origin;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.RequestRules.Rule;
import dev.arbiter.http.ResponseHead;
import dev.arbiter.http.ResponseHead.Framing;
import dev.arbiter.http.Status;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.WebSocketSession;
import dev.arbiter.worker.OutOfMemory;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FileRegion;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1 connection: takes one request after the other, keeps its time limits, and ends it so
 * that the client can read the last answer. On its loop only; lives as long as its channel.
 *
 * <p>What was read beyond the request under way waits in a queue while reading is off, so requests
 * are answered in order and a client that pipelines is held back by TCP.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter implements Served, HttpStream {

  /** How long a client may take to read the last answer and close; RFC 9112 section 9.6. */
  private static final int LINGER_TICKS = 10;

  /** What of a body nobody reads is taken in to keep the connection. */
  static final int DISCARD = 64 * 1024;

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

  /**
   * What may wait behind a request that is under way, in pieces. The bytes of one read may be
   * thousands of requests, and a request that was decoded weighs twenty times what its bytes do.
   */
  private static final int WAITING = 64;

  private enum Phase {
    OPEN,
    /** No request is taken any more; the last answer is being written. */
    ENDING,
    /** Our side is shut; waits for the client's. */
    LINGERING,
    /** Another handler has the channel. */
    LEFT
  }

  private final Loop loop;
  private final Channel channel;
  private final RequestDecoder decoder;
  private Origin origin;
  private final @Nullable TlsGate tls;
  private final Deque<Object> queue = new ArrayDeque<>(0);
  private @Nullable ChannelHandlerContext context;
  private @Nullable Exchange exchange;
  private Phase phase = Phase.OPEN;
  private int place;
  private int since;
  private int served;
  private boolean shaking;
  private boolean inMidHead;
  private boolean reading = true;
  private boolean inRead;
  private boolean unflushed;
  private boolean advancing;
  private boolean inputEnded;
  private final Stall stall = new Stall();

  HttpConnection(
      Loop loop, Channel channel, RequestDecoder decoder, Origin origin, @Nullable TlsGate tls) {
    this.loop = loop;
    this.channel = channel;
    this.decoder = decoder;
    this.origin = origin;
    this.tls = tls;
    shaking = tls != null;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  Origin origin() {
    return origin;
  }

  @Override
  public Origin origin(IncomingHead head) {
    return loop.service().settings().proxy().origin(head, origin);
  }

  /** A PROXY preamble has told whom the connection is for. Before anything is decoded. */
  void announced(Origin told) {
    origin = told;
    decoder.announced(told.trusted());
  }

  @Override
  public @Nullable TlsInfo tlsInfo() {
    return tls == null ? null : tls.info();
  }

  private ByteBufAllocator allocator() {
    return channel.alloc();
  }

  @Override
  public boolean writable() {
    return channel.isWritable();
  }

  @Override
  public boolean inputEnded() {
    return inputEnded;
  }

  @Override
  public int place() {
    return place;
  }

  @Override
  public void place(int index) {
    place = index;
  }

  // ---- what Netty tells

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    context = ctx;
    since = loop.tick();
    loop.opened(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    inRead = true;
    if (phase != Phase.OPEN || !channel.isActive()) {
      ReferenceCountUtil.release(message);
    } else if (queue.isEmpty() && takesNow(message)) {
      take(message);
    } else {
      queue.add(message);
      if (queue.size() >= WAITING) {
        decoder.hold();
      }
      read();
    }
  }

  /** Whether nothing has come behind the request that is under way, as far as is known. */
  private boolean nothingWaits() {
    return queue.isEmpty() && !decoder.held();
  }

  /** Bytes that follow a request for an upgrade wait until it is answered. */
  private boolean takesNow(Object message) {
    return message instanceof HttpContent || (message instanceof HttpRequest && free());
  }

  /**
   * Whether the next request may be served; a client that reads no answers gets no more of them.
   */
  private boolean free() {
    return exchange == null && channel.isWritable();
  }

  private void take(Object message) {
    if (message instanceof HttpRequest request) {
      IncomingHead head = ((FieldList) request.headers()).head();
      if (request.decoderResult().isFailure()) {
        head.refuse(Rule.SYNTAX.refusal());
      }
      begin(head);
    } else {
      HttpContent content = (HttpContent) message;
      try {
        Exchange current = exchange;
        if (current != null) {
          if (content.decoderResult().isFailure()) {
            current.inbox().malformed();
          } else {
            current.inbox().take(content.content(), content instanceof LastHttpContent);
          }
        }
      } finally {
        content.release();
      }
    }
  }

  private void begin(IncomingHead head) {
    since = loop.tick();
    inMidHead = false;
    served++;
    Refusal refusal = head.refusal();
    if (refusal != null) {
      refuse(head, refusal);
      return;
    }
    if (head.http2()) {
      upgrade(head);
      return;
    }
    Handshake handshake = null;
    if (head.upgrades()) {
      handshake = Handshake.of(head, loop.service().settings().webSocket());
      if (handshake.refusal() != null) {
        refuse(head, handshake.refusal());
        return;
      }
    }
    Exchange next = new Exchange(this, head, handshake);
    exchange = next;
    next.begin();
  }

  private void upgrade(IncomingHead head) {
    Http2Settings peer = UpgradeSettings.of(head);
    if (peer == null) {
      refuse(head, Rule.SYNTAX.refusal());
      return;
    }
    write(SWITCH.duplicate());
    Deque<Object> early = new ArrayDeque<>(queue);
    queue.clear();
    H2Connection next = becomeHttp2();
    next.begin(head, peer, early);
    // What it has not decoded yet goes to its successor, after what it has.
    channel.pipeline().remove(decoder);
  }

  /** HTTP/2 has the channel from here on. */
  private H2Connection becomeHttp2() {
    phase = Phase.LEFT;
    unflushed = false;
    H2Connection next = H2Connection.of(loop, channel, origin, tls);
    context().pipeline().replace(this, null, next);
    loop.replaced(this, next);
    return next;
  }

  /** The same, before anything was decoded. */
  void beginHttp2() {
    becomeHttp2();
    channel.pipeline().remove(decoder);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    inRead = false;
    if (unflushed) {
      flush();
    }
    if (exchange == null && phase == Phase.OPEN && decoder.inMidHead() != inMidHead) {
      inMidHead = !inMidHead;
      since = loop.tick();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (channel.isWritable()) {
      if (exchange != null) {
        exchange.outbox().pump();
      } else {
        advance();
      }
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SslHandshakeCompletionEvent handshake) {
      shaken(handshake);
    } else if (event instanceof TlsGate.PlainHttp) {
      shaking = false;
      refuse(new IncomingHead(loop.service().settings().rules()), Rule.PLAIN_ON_TLS.refusal());
    } else if (event instanceof ChannelInputShutdownEvent
        || event.equals(SslCloseCompletionEvent.SUCCESS)) {
      inputEnded = true;
      if (phase == Phase.LINGERING || (phase == Phase.OPEN && exchange == null && nothingWaits())) {
        close();
      } else if (exchange != null) {
        // It may only have shut its side: what is under way is answered all the same.
        exchange.inbox().end();
      }
    }
  }

  private void shaken(SslHandshakeCompletionEvent handshake) {
    if (tls != null && handshake.isSuccess()) {
      String chosen = tls.shaken();
      shaking = false;
      since = loop.tick();
      if (chosen.equals("h2") || loop.service().settings().http2().only()) {
        beginHttp2();
      }
    }
  }

  /** Closes what needs no more words: nothing is under way, or all has been said. */
  private void close() {
    if (tls != null && phase == Phase.LINGERING) {
      tls.close();
    } else {
      channel.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    loop.closed(this);
    dropQueue();
    Exchange current = exchange;
    exchange = null;
    if (current != null) {
      current.closed();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A client that resets its connection, or fails at TLS, is no news. Anything else is a fault of
    // this class.
    if (cause.getCause() instanceof SSLException failure) {
      loop.tlsFailed(origin.client(), failure);
    } else if (!(cause instanceof IOException)) {
      OutOfMemory.leaveIf(cause);
      loop.service().warn("A connection failed and was closed: " + cause);
    }
    channel.close();
  }

  // ---- what an exchange asks

  @Override
  public void consumed(int bytes) {
    // What is held back is told by read().
  }

  @Override
  public void sendContinue() {
    write(CONTINUE.duplicate());
    flushSoon();
  }

  @Override
  public boolean keeps(Exchange asked) {
    return asked.inbox().leavesConnectionUsable() && (!loop.service().draining() || moreToAnswer());
  }

  @Override
  public int writeInformational(ResponseHead head) {
    return write(
        allocator().directBuffer(head.length()).writeBytes(head.bytes(), 0, head.length()));
  }

  @Override
  public int writeHead(ResponseHead head, ByteBuffer first, boolean last) {
    ByteBuf out = allocator().directBuffer(head.length() + first.remaining());
    return write(out.writeBytes(head.bytes(), 0, head.length()).writeBytes(first));
  }

  @Override
  public int writePart(ByteBuffer part, Framing framing, boolean last) {
    int count = part.remaining();
    if (framing != Framing.CHUNKED) {
      return write(allocator().directBuffer(count).writeBytes(part));
    }
    ByteBuf out = allocator().directBuffer(count + 16);
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
        ? write(allocator().directBuffer(end.length).writeBytes(end))
        : 0;
  }

  @Override
  public int room() {
    return PIECE;
  }

  /** Returns how many bytes it writes. */
  private int write(ByteBuf bytes) {
    int count = bytes.readableBytes();
    unflushed = true;
    ChannelHandlerContext ctx = context();
    ctx.write(bytes, ctx.voidPromise());
    return count;
  }

  @Override
  public ChannelFuture writeFile(FileRegion part) {
    unflushed = true;
    return context().write(part);
  }

  @Override
  public boolean sendsFiles() {
    // Not by the system alone, if what is sent must first be encrypted.
    return loop.service().settings().sendfile() && tls == null;
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

  private ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("The connection is not open yet");
    }
    return ctx;
  }

  /** Reads on, or not, as the exchange and the queue have room. */
  @Override
  public void read() {
    if (phase == Phase.LEFT) {
      return;
    }
    boolean wanted = nothingWaits() && (exchange == null || exchange.inbox().hasRoom());
    if (wanted != reading && !inputEnded) {
      reading = wanted;
      channel.config().setAutoRead(wanted);
    }
  }

  @Override
  public void done(Exchange ended) {
    if (exchange == ended) {
      exchange = null;
      since = loop.tick();
      if (inputEnded && nothingWaits()) {
        end(false);
      } else {
        advance();
      }
    }
  }

  private void advance() {
    if (advancing) {
      return;
    }
    advancing = true;
    while (phase == Phase.OPEN && !queue.isEmpty() && takesNow(queue.element())) {
      take(queue.remove());
      if (unflushed && !channel.isWritable()) {
        flush();
      }
    }
    advancing = false;
    if (decoder.held() && queue.isEmpty()) {
      // Not at once: it may be the decoder that has called.
      loop.executor().execute(this::decodeOn);
    }
    read();
    flushSoon();
    if (exchange == null && phase == Phase.OPEN) {
      inMidHead = decoder.inMidHead();
      if (inputEnded && nothingWaits()) {
        end(false);
      }
    }
  }

  /** Takes what was held back; it is another handler's if the channel is. */
  private void decodeOn() {
    ChannelHandlerContext ctx = channel.pipeline().context(decoder);
    if (ctx == null || !decoder.held() || !queue.isEmpty()) {
      return;
    }
    try {
      decoder.release(ctx);
    } catch (Exception failed) {
      exceptionCaught(context(), failed);
    }
    advance();
  }

  /** The request is answered with a 101: another handler has the channel from here on. */
  @Override
  public WebSocketSession upgrade(
      Exchange asked,
      Handshake handshake,
      Optional<String> subprotocol,
      Headers headers,
      CompletableFuture<Void> handled) {
    ResponseHead responseHead = loop.responseHead();
    responseHead.encodeSwitch(headers, handshake.answer(subprotocol, headers));
    ByteBuf head =
        allocator()
            .directBuffer(responseHead.length())
            .writeBytes(responseHead.bytes(), 0, responseHead.length());
    WebSocketConnection next = new WebSocketConnection(loop, channel, handshake, handled);
    asked.switched(headers, responseHead.length());
    phase = Phase.LEFT;
    exchange = null;
    unflushed = false;
    Deque<Object> early = new ArrayDeque<>(queue);
    queue.clear();
    context().pipeline().replace(this, null, next);
    loop.replaced(this, next);
    next.begin(head, early, inputEnded);
    return next.session();
  }

  /** Ends the connection after what was written, at once or when the client has read it. */
  @Override
  public void end(boolean linger) {
    if (phase != Phase.OPEN) {
      return;
    }
    phase = Phase.ENDING;
    exchange = null;
    dropQueue();
    unflushed = false;
    ChannelFuture written = context().writeAndFlush(Unpooled.EMPTY_BUFFER);
    if (!linger || inputEnded) {
      written.addListener(_ -> channel.close());
    } else {
      written.addListener(_ -> linger());
    }
  }

  /**
   * Closing while the client still sends would answer with a reset, which can destroy the response
   * before the client has read it.
   */
  private void linger() {
    if (inputEnded || !channel.isActive()) {
      channel.close();
      return;
    }
    phase = Phase.LINGERING;
    since = loop.tick();
    if (tls == null) {
      ((DuplexChannel) channel).shutdownOutput();
    } else {
      tls.shutdownOutput();
    }
    if (!reading) {
      reading = true;
      channel.config().setAutoRead(true);
    }
  }

  @Override
  public void cut(boolean reset) {
    phase = Phase.ENDING;
    if (reset) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    } else if (unflushed) {
      flush();
    }
    if (tls != null && reset) {
      tls.close();
    } else {
      channel.close();
    }
  }

  /** Answers a request that no app sees, and ends the connection. */
  void refuse(IncomingHead head, Refusal refusal) {
    refuse(head, Status.response(refusal));
  }

  private void refuse(IncomingHead head, Response response) {
    write(encode(head, response.status(), response.headers(), response.body()));
    loop.service().logRefused(origin(head).client(), response.status());
    end(true);
  }

  private ByteBuf encode(IncomingHead head, int status, Headers headers, Response.Body body) {
    byte[] bytes = ((Response.Body.Bytes) body).bytes();
    ResponseHead responseHead = loop.responseHead();
    responseHead.encode(head, status, headers, bytes.length, false);
    ByteBuf out = allocator().directBuffer(responseHead.length() + bytes.length);
    out.writeBytes(responseHead.bytes(), 0, responseHead.length());
    return responseHead.framing() == ResponseHead.Framing.NONE ? out : out.writeBytes(bytes);
  }

  private void dropQueue() {
    queue.forEach(ReferenceCountUtil::release);
    queue.clear();
  }

  // ---- time limits, once a tick

  @Override
  public void check() {
    if (stall.over(channel, loop.tick(), loop.writeTicks())) {
      late(Limit.WRITE);
      cut(true);
      return;
    }
    int passed = loop.tick() - since;
    switch (phase) {
      case ENDING, LEFT -> {}
      case LINGERING -> {
        if (passed > LINGER_TICKS) {
          close();
        }
      }
      case OPEN -> {
        Exchange current = exchange;
        if (current != null) {
          current.inbox().check();
        } else if (shaking) {
          if (passed > (loop.lingerOver() ? LINGER_TICKS : loop.handshakeTicks())) {
            channel.close();
          }
        } else if (inMidHead) {
          if (passed > loop.headerTicks()) {
            late(Limit.HEAD);
            IncomingHead unread = new IncomingHead(loop.service().settings().rules());
            refuse(unread, Rule.TIMEOUT.refusal());
          }
        } else if (passed > idleTicks()) {
          endIdle();
        }
      }
    }
  }

  private int idleTicks() {
    if (loop.lingerOver()) {
      // One that was accepted just before the worker left has a moment to say what it wants.
      return served == 0 ? LINGER_TICKS : -1;
    }
    return served == 0 ? loop.headerTicks() : loop.keepAliveTicks();
  }

  private void endIdle() {
    int before = served;
    // Under TLS, what came may be less than a record: no part of a request that could be seen.
    if (!readLate() || (served == before && exchange == null && !decoder.inMidHead())) {
      if (!loop.lingerOver()) {
        late(served == 0 ? Limit.FIRST_BYTE : Limit.IDLE);
      }
      channel.close();
    }
  }

  @Override
  public void late(Limit limit) {
    loop.service().ended(limit, origin.client());
  }

  /**
   * Whether the connection must be kept for requests that are here already. They are answered, also
   * by a worker that drains, so the last of them is the one to announce the end.
   */
  private boolean moreToAnswer() {
    return queue.stream().anyMatch(HttpRequest.class::isInstance)
        || decoder.inMidHead()
        || (!loop.lingerOver() && readLate());
  }

  /**
   * Reads what came since the loop last looked, and says whether there was something: a request is
   * answered if its first byte was here before the connection is closed.
   */
  private boolean readLate() {
    if (inputEnded || !(channel instanceof UnixChannel unix)) {
      return false;
    }
    ByteBuf late = allocator().directBuffer(4096);
    int count = 0;
    try {
      count = unix.fd().read(late.nioBuffer(0, late.capacity()), 0, late.capacity());
    } catch (IOException _) {
      // The client has gone, which the loop will hear of.
    }
    if (count <= 0) {
      late.release();
      return false;
    }
    boolean wasInRead = inRead;
    channel.pipeline().fireChannelRead(late.writerIndex(count));
    if (!wasInRead) {
      channel.pipeline().fireChannelReadComplete();
    }
    return true;
  }
}
