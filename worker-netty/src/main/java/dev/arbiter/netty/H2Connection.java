package dev.arbiter.netty;

import static io.netty.handler.codec.http2.Http2Error.ENHANCE_YOUR_CALM;
import static io.netty.handler.codec.http2.Http2Error.INTERNAL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.NO_ERROR;
import static io.netty.handler.codec.http2.Http2Error.REFUSED_STREAM;

import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Origin;
import dev.arbiter.http.RequestRules;
import dev.arbiter.http.RequestRules.Rule;
import dev.arbiter.worker.OutOfMemory;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.HeaderListSizeException;
import io.netty.handler.codec.http2.Http2Exception.StreamException;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 connection: gives each request a stream of its own, keeps the limits of the connection
 * as a whole, and ends it so that no request is lost. On its loop only; takes the channel over from
 * an {@link HttpConnection} and lives as long as it.
 *
 * <p>Design note: the end. A client may have sent a request that is still on its way when it is
 * told to go (RFC 9113 section 6.8). So it is told twice: first that the connection ends, with the
 * highest number there is, then, when a PING that followed has come back, which request was the
 * last. Everything up to that is answered, and the client knows that nothing beyond was begun.
 */
final class H2Connection extends Http2ConnectionHandler implements Served {
  /** How long a client may take to read the last frame and close. */
  private static final int LINGER_TICKS = 10;

  /**
   * How long it stays, with nothing under way, after the client was told the last request. A client
   * may choose a connection, hear that it ends, and open its stream nevertheless, as the JDK's does
   * if it is unlucky. Refused, that is tried again; but on a connection that has ended it is lost,
   * since from the outside the same happens to a request that was begun.
   */
  private static final int LATE_TICKS = 5;

  /** What all streams together may have sent that no app has read, in bytes. */
  private static final int WINDOW = 1024 * 1024;

  private static final long FAREWELL = 0x6661726577656c6cL;

  private enum Phase {
    OPEN,
    /** The client was told that the connection ends; its requests are still taken. */
    TOLD,
    /** The client was told the last request that is answered. */
    LEAVING,
    /** Nothing is under way any more; the last frame is being written. */
    ENDING,
    /** Our side is shut; waits for the client's. */
    LINGERING
  }

  private final Loop loop;
  private final Channel channel;
  private final Origin origin;
  private final @Nullable TlsGate tls;
  private final RequestRules rules;
  private final FloodGuard guard;
  private final StreamRules streamRules;
  private final H2Streams streams;
  private final ChannelEnd channelEnd;

  /** The connection itself, and each handler of its WebSockets that still runs. */
  private final AtomicInteger handling = new AtomicInteger(1);

  private final CompletableFuture<Void> handled = new CompletableFuture<>();

  private final Stall stall = new Stall();
  private @Nullable ChannelHandlerContext context;
  private Phase phase = Phase.OPEN;
  private int place;
  private int since;
  private boolean served;
  private boolean inMidHead;
  private boolean inRead;
  private boolean flushing;
  private boolean inputEnded;

  /** For a channel that is active, and whose client has sent nothing but perhaps an upgrade. */
  static H2Connection of(Loop loop, Channel channel, Origin origin, @Nullable TlsGate tls) {
    return new H2Connection(H2Parts.of(loop), loop, channel, origin, tls);
  }

  private H2Connection(
      H2Parts parts, Loop loop, Channel channel, Origin origin, @Nullable TlsGate tls) {
    super(parts.decoder(), parts.encoder(), parts.settings(), true);
    this.loop = loop;
    this.channel = channel;
    this.origin = origin;
    this.tls = tls;
    this.rules = loop.service().settings().rules();
    this.guard = parts.guard();
    this.streamRules = parts.rules();
    channelEnd = new ChannelEnd(channel, tls);
    since = loop.tick();
    streams = new H2Streams(this, parts, origin.trusted());
    parts.decoder().frameListener(streams);
    connection().addListener(streams);
    parts
        .encoder()
        .flowController()
        .listener(stream -> streams.tell(stream, H2Stream::writabilityChanged));
  }

  Loop loop() {
    return loop;
  }

  Origin origin(IncomingHead head) {
    return loop.service().settings().proxy().origin(head, origin);
  }

  @Nullable TlsInfo tlsInfo() {
    return TlsGate.info(tls);
  }

  @Nullable SSLSession sslSession() {
    return tls == null ? null : tls.session();
  }

  boolean inputEnded() {
    return inputEnded;
  }

  ByteBufAllocator allocator() {
    return channel.alloc();
  }

  ChannelPromise promise() {
    return channel.newPromise();
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
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    context = ctx;
    super.handlerAdded(ctx);
    connection()
        .local()
        .flowController()
        .incrementWindowSize(connection().connectionStream(), WINDOW - connectionWindow());
    channel.config().setAutoRead(true);
    ctx.flush();
  }

  private int connectionWindow() {
    return connection().local().flowController().windowSize(connection().connectionStream());
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("The connection is not open yet");
    }
    return ctx;
  }

  /**
   * The client's request for an upgrade is the first stream's (RFC 7540 section 3.2).
   *
   * @param peer the client's settings
   * @param early what the client sent after it, now this connection's to release
   */
  void begin(
      IncomingHead head, io.netty.handler.codec.http2.Http2Settings peer, Iterable<Object> early) {
    ChannelHandlerContext ctx = context();
    try {
      onHttpServerUpgrade(peer);
      Http2Stream first = connection().stream(1);
      served = true;
      streams.add(first).begin(head, true);
      for (Object message : early) {
        channelRead(ctx, message);
      }
      channelReadComplete(ctx);
    } catch (Exception failed) {
      onError(ctx, false, failed);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    if (phase == Phase.ENDING || phase == Phase.LINGERING) {
      ReferenceCountUtil.release(message);
      return;
    }
    inRead = true;
    super.channelRead(ctx, message);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
    inRead = false;
    super.channelReadComplete(ctx);
    if (phase == Phase.OPEN && streamRules.inMidHead() != inMidHead) {
      inMidHead = !inMidHead;
      since = loop.tick();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    super.userEventTriggered(ctx, event);
    if (event instanceof ChannelInputShutdownEvent
        || event.equals(SslCloseCompletionEvent.SUCCESS)) {
      inputEnded = true;
      streams.forEach(H2Stream::inputShut);
      if (phase == Phase.LINGERING) {
        close();
      } else if (connection().numActiveStreams() == 0) {
        end();
      } else if (phase == Phase.OPEN || phase == Phase.TOLD) {
        // It may only have shut its side: what is under way is answered all the same.
        phase = Phase.LEAVING;
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    phase = Phase.LINGERING;
    loop.closed(this);
    try {
      super.channelInactive(ctx);
    } finally {
      oneHandled();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A client that resets its connection, or fails at TLS, is no news.
    if (cause.getCause() instanceof SSLException failure) {
      loop.tlsFailed(origin.client(), failure);
      channel.close();
    } else if (cause instanceof IOException) {
      channel.close();
    } else {
      onError(ctx, false, cause);
    }
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx,
      boolean outbound,
      Throwable cause,
      @Nullable Http2Exception known) {
    if (phase == Phase.ENDING || phase == Phase.LINGERING) {
      return;
    }
    if (known == null && !(cause instanceof IOException)) {
      OutOfMemory.leaveIf(cause);
      loop.service().warn("An HTTP/2 connection failed and is closed: " + cause);
    } else if (known != null && known.error() == ENHANCE_YOUR_CALM) {
      loop.service().flooded(origin.client(), String.valueOf(known.getMessage()));
    }
    // Netty's own text may repeat what the client sent, so none is.
    goAway(
        connection().remote().lastStreamCreated(), known == null ? INTERNAL_ERROR : known.error());
    end();
  }

  @Override
  protected void onStreamError(
      ChannelHandlerContext ctx, boolean outbound, Throwable cause, StreamException error) {
    int id = error.streamId();
    boolean tooLong = error instanceof HeaderListSizeException large && large.duringDecode();
    Http2Stream stream = connection().stream(id);
    try {
      if (stream == null && streamRules.wasReset(id)) {
        streamRules.idle("for streams that were reset");
        return;
      }
      if (!outbound && error.error() != REFUSED_STREAM) {
        streamRules.reset();
      }
      if (stream == null && (id & 1) == 1 && !connection().streamMayHaveExisted(id)) {
        // Its head could not be read; it must be known all the same, for what follows it.
        stream = connection().remote().createStream(id, false);
      }
    } catch (StreamException unknown) {
      // It cannot be known, and is reset nevertheless.
    } catch (Http2Exception worse) {
      onConnectionError(ctx, outbound, worse, worse);
      return;
    }
    if (tooLong && stream != null && streams.get(stream) == null && !stream.isHeadersSent()) {
      streams.add(stream).refuse(new IncomingHead(rules), Rule.HEAD_SIZE.refusal());
    } else {
      resetStream(ctx, id, error.error().code(), ctx.newPromise());
    }
  }

  /** Nothing may follow a reset: what can be sent of the stream goes out before it. */
  @Override
  public ChannelFuture resetStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    try {
      encoder().flowController().writePendingBytes();
    } catch (Http2Exception failed) {
      onConnectionError(ctx, true, failed, failed);
    }
    ChannelFuture written = super.resetStream(ctx, streamId, errorCode, promise);
    ctx.flush();
    return written;
  }

  // ---- what its streams tell

  /** A request has begun. */
  void requested() {
    served = true;
  }

  /** The client has answered a PING. */
  void pingAnswered(long data) {
    if (data == FAREWELL) {
      sayLast();
    }
  }

  /** A stream has ended, and is no longer known. */
  void streamRemoved() {
    if (connection().numActiveStreams() == 0) {
      if (phase == Phase.OPEN) {
        since = loop.tick();
      }
      endIfDone();
    }
  }

  /**
   * One of its streams becomes a WebSocket.
   *
   * @param one completes when no thread of the app runs for it any more
   */
  void handles(CompletableFuture<Void> one) {
    handling.incrementAndGet();
    one.thenRun(this::oneHandled);
  }

  private void oneHandled() {
    if (handling.decrementAndGet() == 0) {
      handled.complete(null);
    }
  }

  /**
   * Completes when the channel has ended, and so have all streams, and no thread of the app runs
   * for a WebSocket of it any more.
   */
  CompletableFuture<Void> over() {
    return handled;
  }

  // ---- what a stream asks

  ChannelFuture writeHeaders(Http2Stream stream, Http2Headers fields, boolean last) {
    ChannelHandlerContext ctx = context();
    return encoder().writeHeaders(ctx, stream.id(), fields, 0, last, ctx.newPromise());
  }

  void writeData(Http2Stream stream, ByteBuf data, boolean last, ChannelPromise promise) {
    guard.sent(data.readableBytes());
    encoder().writeData(context(), stream.id(), data, 0, last, promise);
  }

  boolean writable(Http2Stream stream) {
    return encoder().flowController().isWritable(stream);
  }

  /**
   * Whether the client does not read what is on its way: no stream is to blame, and the connection
   * has a limit of its own.
   */
  boolean isHeldUp() {
    return !channel.isWritable();
  }

  /** Whether something of it waits for the client's window, or for the channel. */
  boolean queued(Http2Stream stream) {
    return encoder().flowController().hasFlowControlled(stream);
  }

  /** Whether the client must open a window before more is sent. */
  boolean windowShut(Http2Stream stream) {
    Http2RemoteFlowController flow = encoder().flowController();
    return flow.windowSize(stream) <= 0 || flow.windowSize(connection().connectionStream()) <= 0;
  }

  void consumed(Http2Stream stream, int bytes) {
    try {
      if (connection().local().flowController().consumeBytes(stream, bytes)) {
        flushSoon();
      }
    } catch (Http2Exception error) {
      onError(context(), false, error);
    }
  }

  void reset(Http2Stream stream, Http2Error error) {
    if (stream.state() != Http2Stream.State.CLOSED) {
      ChannelHandlerContext ctx = context();
      resetStream(ctx, stream.id(), error.code(), ctx.newPromise());
    }
  }

  /** It is about to be ended because of {@code limit}. */
  private void late(Limit limit) {
    loop.service().ended(limit, origin.client());
  }

  /** One of its streams is. */
  void streamLate(Limit limit) {
    loop.service().streamEnded(limit, origin.client());
  }

  /** Sends what was written, once all that is to be done now has been. */
  void flushSoon() {
    if (!inRead && !flushing) {
      flushing = true;
      loop.executor().execute(this::flushNow);
    }
  }

  void flushNow() {
    flushing = false;
    flush(context());
  }

  // ---- the end

  private void goAway(int last, Http2Error error) {
    ChannelHandlerContext ctx = context();
    try {
      connection().goAwaySent(last, error.code(), Unpooled.EMPTY_BUFFER);
    } catch (Http2Exception impossible) {
      return; // one that named an earlier stream was sent
    }
    frameWriter().writeGoAway(ctx, last, error.code(), Unpooled.EMPTY_BUFFER, ctx.newPromise());
  }

  /** Begins to end it: the client is told, and asked to say that it has heard. */
  private void leave() {
    ChannelHandlerContext ctx = context();
    phase = Phase.TOLD;
    since = loop.tick();
    frameWriter()
        .writeGoAway(
            ctx, Integer.MAX_VALUE, NO_ERROR.code(), Unpooled.EMPTY_BUFFER, ctx.newPromise());
    encoder().writePing(ctx, false, FAREWELL, ctx.newPromise());
    flushNow();
  }

  /** Says which request is the last. */
  private void sayLast() {
    if (phase == Phase.TOLD) {
      phase = Phase.LEAVING;
      since = loop.tick();
      goAway(connection().remote().lastStreamCreated(), NO_ERROR);
      flushSoon();
      endIfDone();
    }
  }

  private void endIfDone() {
    if (phase == Phase.LEAVING && connection().numActiveStreams() == 0 && nothingIsLate()) {
      end();
    }
  }

  /** Whether no request comes any more that the client has sent in ignorance. */
  private boolean nothingIsLate() {
    return inputEnded || loop.lingerOver() || loop.tick() - since > LATE_TICKS;
  }

  /** Ends it after what was written, as soon as the client has read it. */
  private void end() {
    if (phase == Phase.ENDING || phase == Phase.LINGERING) {
      return;
    }
    phase = Phase.ENDING;
    streams.forEach(H2Stream::closed);
    context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> linger());
  }

  private void linger() {
    if (inputEnded || !channel.isActive()) {
      close();
      return;
    }
    phase = Phase.LINGERING;
    since = loop.tick();
    channelEnd.shutdownOutput();
  }

  private void close() {
    channelEnd.close();
  }

  // ---- time limits, once a tick

  @Override
  public void check() {
    if (stall.over(channel, loop.tick(), loop.writeTicks())) {
      late(Limit.WRITE);
      close();
      return;
    }
    int passed = loop.tick() - since;
    switch (phase) {
      case OPEN -> {
        streams.forEach(H2Stream::check);
        if (loop.service().draining()) {
          leave();
        } else if (connection().numActiveStreams() == 0 && passed > idleTicks()) {
          late(inMidHead ? Limit.HEAD : served ? Limit.IDLE : Limit.FIRST_BYTE);
          leave();
        }
      }
      case TOLD -> {
        streams.forEach(H2Stream::check);
        if (loop.lingerOver() || passed > loop.drainTicks()) {
          sayLast();
        }
      }
      case LEAVING -> {
        if (inputEnded) {
          streams.forEach(H2Stream::breakOffIfShut);
        }
        streams.forEach(H2Stream::check);
        endIfDone();
      }
      case ENDING -> {}
      case LINGERING -> {
        if (passed > LINGER_TICKS) {
          close();
        }
      }
    }
  }

  /** While half a head is there nothing else can come (RFC 9113 section 6.10). */
  private int idleTicks() {
    return inMidHead || !served ? loop.headerTicks() : loop.keepAliveTicks();
  }
}
