package dev.arbiter.netty;

import dev.arbiter.app.Response;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.FailedRequests;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Origin;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.RequestRules.Rule;
import dev.arbiter.http.Status;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.worker.OutOfMemory;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.Deque;
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
final class HttpConnection extends ChannelInboundHandlerAdapter implements Served {

  /** How long a client may take to read the last answer and close; RFC 9112 section 9.6. */
  private static final int LINGER_TICKS = 10;

  /** What of a body nobody reads is taken in to keep the connection. */
  static final int DISCARD = 64 * 1024;

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
  private final ChannelEnd channelEnd;
  private final Http1Stream stream;
  private final RequestQueue queue;
  private @Nullable Exchange exchange;
  private Phase phase = Phase.OPEN;
  private int place;
  private int since;
  private int served;
  private boolean shaking;
  private boolean inMidHead;
  private boolean reading = true;
  private boolean advancing;
  private boolean inputEnded;
  private final Stall stall = new Stall();
  private CompletableFuture<Void> over = CompletableFuture.completedFuture(null);

  HttpConnection(
      Loop loop, Channel channel, RequestDecoder decoder, Origin origin, @Nullable TlsGate tls) {
    this.loop = loop;
    this.channel = channel;
    this.decoder = decoder;
    this.origin = origin;
    this.tls = tls;
    channelEnd = new ChannelEnd(channel, tls);
    stream = new Http1Stream(this, channel, tls);
    queue = new RequestQueue(decoder);
    shaking = tls != null;
  }

  Loop loop() {
    return loop;
  }

  Origin origin() {
    return origin;
  }

  Origin origin(IncomingHead head) {
    return loop.service().settings().proxy().origin(head, origin);
  }

  /** A PROXY preamble has told whom the connection is for. Before anything is decoded. */
  void announced(Origin told) {
    origin = told;
    decoder.announced(told.trusted());
  }

  boolean inputEnded() {
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
    stream.open(ctx);
    since = loop.tick();
    over = new CompletableFuture<>();
    loop.opened(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    stream.readBegun();
    if (phase != Phase.OPEN || !channel.isActive()) {
      ReferenceCountUtil.release(message);
    } else if (queue.isEmpty() && takesNow(message)) {
      take(message);
    } else {
      queue.add(message);
      read();
    }
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
    Exchange next = new Exchange(stream, head, handshake);
    exchange = next;
    next.begin();
  }

  private void upgrade(IncomingHead head) {
    Http2Settings peer = UpgradeSettings.of(head);
    if (peer == null) {
      refuse(head, Rule.SYNTAX.refusal());
      return;
    }
    head.leaveUpgradeOut();
    stream.sendSwitch();
    Deque<Object> early = queue.handOver();
    H2Connection next = becomeHttp2();
    next.begin(head, peer, early);
    // What it has not decoded yet goes to its successor, after what it has.
    channel.pipeline().remove(decoder);
  }

  /** HTTP/2 has the channel from here on. */
  private H2Connection becomeHttp2() {
    leave();
    H2Connection next = H2Connection.of(loop, channel, origin, tls);
    channel.pipeline().replace(this, null, next);
    loop.replaced(this, next);
    next.over().thenRun(() -> over.complete(null));
    return next;
  }

  /** A WebSocket has the channel from here on; {@code answer} is that to its handshake. */
  void becomeWebSocket(WebSocketConnection next, ByteBuf answer) {
    leave();
    exchange = null;
    Deque<Object> early = queue.handOver();
    channel.pipeline().replace(this, null, next);
    loop.replaced(this, next);
    next.handled().thenRun(() -> over.complete(null));
    next.begin(answer, early, inputEnded);
  }

  private void leave() {
    phase = Phase.LEFT;
    stream.handOver();
  }

  /** HTTP/2 has it, before anything was decoded. */
  void beginHttp2() {
    becomeHttp2();
    channel.pipeline().remove(decoder);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    stream.readEnded();
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
      if (phase == Phase.LINGERING
          || (phase == Phase.OPEN && exchange == null && queue.nothingWaits())) {
        close();
      } else if (exchange != null) {
        // It may only have shut its side: what is under way is answered all the same.
        exchange.inputEnded();
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
    if (phase == Phase.LINGERING) {
      channelEnd.close();
    } else {
      channel.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    loop.closed(this);
    queue.drop();
    Exchange current = exchange;
    exchange = null;
    try {
      if (current != null) {
        current.closed();
      }
    } finally {
      over.complete(null);
    }
  }

  /**
   * Completes when the channel has ended, and so has what was under way, be it with the handler
   * that has it now.
   */
  CompletableFuture<Void> over() {
    return over;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A client that resets its connection, or fails at TLS, is no news. Anything else is a fault of
    // this class.
    if (cause.getCause() instanceof SSLException failure) {
      loop.tlsFailed(origin.client(), failure);
    } else if (!(cause instanceof IOException)) {
      OutOfMemory.leaveIf(cause);
      Exchange current = exchange;
      String what = "connection failed and was closed: " + cause;
      loop.service()
          .warn(
              current == null
                  ? "A " + what
                  : FailedRequests.named(current.head()) + ": its " + what);
    }
    channel.close();
  }

  // ---- what an exchange asks

  /** Reads on, or not, as the exchange and the queue have room. */
  void read() {
    if (phase == Phase.LEFT) {
      return;
    }
    boolean wanted = queue.nothingWaits() && (exchange == null || exchange.inbox().hasRoom());
    if (wanted != reading && !inputEnded) {
      reading = wanted;
      channel.config().setAutoRead(wanted);
    }
  }

  /** The response is written, and the body read to its end. */
  void done(Exchange ended) {
    if (exchange == ended) {
      exchange = null;
      since = loop.tick();
      if (inputEnded && queue.nothingWaits()) {
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
      if (!channel.isWritable()) {
        stream.flushWritten();
      }
    }
    advancing = false;
    if (queue.decodesOn()) {
      // Not at once: it may be the decoder that has called.
      loop.executor().execute(this::decodeOn);
    }
    read();
    stream.flushSoon();
    if (exchange == null && phase == Phase.OPEN) {
      inMidHead = decoder.inMidHead();
      if (inputEnded && queue.nothingWaits()) {
        end(false);
      }
    }
  }

  /** Takes what was held back; it is another handler's if the channel is. */
  private void decodeOn() {
    ChannelHandlerContext ctx = channel.pipeline().context(decoder);
    if (ctx == null || !queue.decodesOn()) {
      return;
    }
    try {
      decoder.release(ctx);
    } catch (Exception failed) {
      exceptionCaught(ctx, failed);
    }
    advance();
  }

  /** Ends the connection after what was written, at once or when the client has read it. */
  void end(boolean linger) {
    if (phase != Phase.OPEN) {
      return;
    }
    phase = Phase.ENDING;
    exchange = null;
    queue.drop();
    ChannelFuture written = stream.writeLast();
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
    channelEnd.shutdownOutput();
    if (!reading) {
      reading = true;
      channel.config().setAutoRead(true);
    }
  }

  /** Breaks off, so that the client can tell that the response was cut. */
  void cut(boolean reset) {
    phase = Phase.ENDING;
    if (reset) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
      channelEnd.close();
    } else {
      stream.flushWritten();
      channel.close();
    }
  }

  /** Answers a request that no app sees, and ends the connection. */
  void refuse(IncomingHead head, Refusal refusal) {
    refuse(head, Status.response(refusal));
  }

  private void refuse(IncomingHead head, Response response) {
    stream.refuse(head, response);
    end(true);
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
          boolean leaving = loop.lingerOver();
          if (passed > (leaving ? LINGER_TICKS : loop.handshakeTicks())) {
            if (!leaving) {
              late(Limit.HANDSHAKE);
            }
            channel.close();
          }
        } else if (inMidHead) {
          if (passed > loop.headerTicks()) {
            late(Limit.HEAD);
            refuse(decoder.head(), Rule.TIMEOUT.refusal());
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

  /** It is about to be ended because of {@code limit}. */
  void late(Limit limit) {
    loop.service().ended(limit, origin.client());
  }

  /**
   * Whether the connection must be kept for requests that are here already. They are answered, also
   * by a worker that drains, so the last of them is the one to announce the end.
   */
  boolean moreToAnswer() {
    return queue.hasRequest() || (!loop.lingerOver() && readLate());
  }

  /** Takes what came since the loop last looked, and says whether there was something. */
  private boolean readLate() {
    ByteBuf late = inputEnded ? null : LateBytes.read(channel);
    if (late == null) {
      return false;
    }
    boolean wasInRead = stream.inRead();
    channel.pipeline().fireChannelRead(late);
    if (!wasInRead) {
      channel.pipeline().fireChannelReadComplete();
    }
    return true;
  }
}
