package dev.arbiter.netty;

import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.FailedRequests;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.WebSocketSession;
import dev.arbiter.worker.OutOfMemory;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection that has become a WebSocket. On its loop; from the answer to the handshake to the
 * end of the channel.
 */
final class WebSocketConnection extends ChannelInboundHandlerAdapter
    implements Served, FramePump.Carrier {
  /** How long a client that broke the protocol may take to read why. */
  private static final int LINGER_TICKS = 20;

  private static final int PIECE = 64 * 1024;

  private final Loop loop;
  private final Channel channel;
  private final IncomingHead request;
  private final FramePump pump;
  private final Consumer<Limit> late;
  private final Stall stall = new Stall();
  private final CompletableFuture<Void> handled;
  private @Nullable ChannelHandlerContext context;
  private int place;
  private int lingerSince;
  private boolean inRead;
  private boolean unflushed;
  private boolean reading = true;
  private boolean inputEnded;
  private boolean ending;

  /**
   * @param request that has asked for it
   * @param late is told which time limit is about to end it
   * @param handled completes when no thread of the app runs for it any more
   */
  WebSocketConnection(
      Loop loop,
      Channel channel,
      IncomingHead request,
      Handshake handshake,
      Consumer<Limit> late,
      CompletableFuture<Void> handled) {
    this.loop = loop;
    this.channel = channel;
    this.request = request;
    this.late = late;
    this.handled = handled;
    this.pump = new FramePump(loop, handshake, this);
  }

  WebSocketSession session() {
    return pump.session();
  }

  /** Completes when no thread of the app runs for it any more. */
  CompletableFuture<Void> handled() {
    return handled;
  }

  @Override
  public int place() {
    return place;
  }

  @Override
  public void place(int index) {
    place = index;
  }

  /**
   * Takes the channel over.
   *
   * @param head the answer to the handshake
   * @param early what the client sent after it, now this connection's to release
   */
  void begin(ByteBuf head, Deque<Object> early, boolean ended) {
    ChannelHandlerContext ctx = context();
    ctx.write(head, ctx.voidPromise());
    ctx.flush();
    for (Object message : early) {
      keep(message);
    }
    if (ended) {
      inputEnded = true;
      pump.inputEnded();
    } else {
      channel.config().setAutoRead(true);
    }
    pump.work();
  }

  // ---- what Netty tells

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("The connection is not open yet");
    }
    return ctx;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    inRead = true;
    keep(message);
    pump.work();
  }

  private void keep(Object message) {
    // The end of the handshake's own body may still come; it is empty.
    if (message instanceof ByteBuf bytes && bytes.isReadable() && !ending) {
      pump.keep(bytes);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    inRead = false;
    flush();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (channel.isWritable()) {
      pump.work();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent
        || event.equals(SslCloseCompletionEvent.SUCCESS)) {
      inputEnded = true;
      pump.inputEnded();
      if (ending) {
        channel.close();
      } else {
        pump.work();
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    loop.closed(this);
    ending = true;
    pump.closed();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A client that resets its connection is no news, nor is one that is told nothing more because
    // it has ended its side (see read). Anything else is a fault of this class.
    if (!(cause instanceof IOException || cause instanceof UncheckedIOException)) {
      OutOfMemory.leaveIf(cause);
      loop.service()
          .warn(FailedRequests.named(request) + ": its WebSocket failed and was closed: " + cause);
    }
    channel.close();
  }

  // ---- what carries the frames

  @Override
  public boolean open() {
    return !ending && channel.isActive();
  }

  @Override
  public boolean writable() {
    return channel.isWritable();
  }

  @Override
  public int room() {
    return PIECE;
  }

  @Override
  public ByteBuf buffer(int size) {
    return channel.alloc().directBuffer(size);
  }

  @Override
  public void write(ByteBuf bytes) {
    unflushed = true;
    ChannelHandlerContext ctx = context();
    ctx.write(bytes, ctx.voidPromise());
  }

  @Override
  public void flush() {
    if (unflushed) {
      unflushed = false;
      context().flush();
    }
  }

  @Override
  public void flushSoon() {
    if (!inRead) {
      flush();
    }
  }

  @Override
  public void consumed(int bytes) {
    // TCP holds the client back, as long as nothing is read.
  }

  @Override
  public void late(Limit limit) {
    late.accept(limit);
  }

  @Override
  public void worked() {
    endIfDone();
    read();
  }

  /** Reads on, or not, as the session has room. One that failed is read to be thrown away. */
  private void read() {
    boolean wanted =
        ending || session().ending() == WebSocketSession.Ending.FAILED || pump.wantsInput();
    // After the end of its input there is nothing to wait for.
    if (wanted != reading && !inputEnded) {
      reading = wanted;
      channel.config().setAutoRead(wanted);
    }
  }

  // ---- the end

  private void endIfDone() {
    WebSocketSession.Ending how = session().ending();
    if (ending || pump.inMidFrame()) {
      if (how == WebSocketSession.Ending.CUT) {
        channel.close();
      }
      return;
    }
    switch (how) {
      case NOT_YET -> {}
      case CUT -> channel.close();
      case CLOSED -> {
        ending = true;
        lastWritten().addListener(_ -> channel.close());
      }
      case FAILED -> {
        ending = true;
        lastWritten().addListener(_ -> linger());
      }
    }
  }

  private ChannelFuture lastWritten() {
    unflushed = false;
    lingerSince = loop.tick();
    pump.drop();
    return context().writeAndFlush(Unpooled.EMPTY_BUFFER);
  }

  /** Closing while the client still sends would reset the connection before it has read why. */
  private void linger() {
    if (inputEnded || !channel.isActive()) {
      channel.close();
      return;
    }
    new ChannelEnd(channel, channel.pipeline().get(TlsGate.class)).shutdownOutput();
    read();
  }

  @Override
  public void check() {
    boolean stalled = stall.over(channel, loop.tick(), loop.writeTicks());
    if (stalled) {
      late(Limit.WRITE);
    }
    if (stalled || (ending && loop.tick() - lingerSince > LINGER_TICKS)) {
      channel.close();
      return;
    }
    pump.check();
  }
}
