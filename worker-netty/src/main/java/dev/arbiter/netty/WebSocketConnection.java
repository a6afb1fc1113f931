package dev.arbiter.netty;

import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.OutFrame;
import dev.arbiter.http.websocket.WebSocketSession;
import dev.arbiter.worker.OutOfMemory;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One connection that has become a WebSocket: moves bytes between its channel and its session. On
 * its loop, but for {@link #wake}; from the answer to the handshake to the end of the channel.
 */
final class WebSocketConnection extends ChannelInboundHandlerAdapter
    implements Served, WebSocketSession.Transport {
  /** How long a client that broke the protocol may take to read why. */
  private static final int LINGER_TICKS = 20;

  private static final int PIECE = 64 * 1024;

  private final Loop loop;
  private final Channel channel;
  private final WebSocketSession session;
  private final Stall stall = new Stall();
  private final Deque<ByteBuf> unread = new ArrayDeque<>(2);
  private final AtomicBoolean called = new AtomicBoolean();
  private final CompletableFuture<Void> handled;
  private @Nullable ChannelHandlerContext context;
  private @Nullable OutFrame current;
  private int place;
  private int lingerSince;
  private boolean working;
  private boolean again;
  private boolean inRead;
  private boolean unflushed;
  private boolean reading = true;
  private boolean inputEnded;
  private boolean ending;

  /**
   * @param handled completes when no thread of the app runs for it any more
   */
  WebSocketConnection(
      Loop loop, Channel channel, Handshake handshake, CompletableFuture<Void> handled) {
    this.loop = loop;
    this.channel = channel;
    this.handled = handled;
    this.session = new WebSocketSession(handshake, loop.service().settings().webSocket(), this);
  }

  WebSocketSession session() {
    return session;
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
    inputEnded = ended;
    channel.config().setAutoRead(true);
    work();
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
    work();
  }

  private void keep(Object message) {
    // The end of the handshake's own body may still come; it is empty.
    if (message instanceof ByteBuf bytes && bytes.isReadable() && !ending) {
      unread.add(bytes);
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
      work();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      inputEnded = true;
      if (ending) {
        channel.close();
      } else {
        work();
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    loop.closed(this);
    ending = true;
    session.lost();
    session.release();
    unread.forEach(ReferenceCountUtil::release);
    unread.clear();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A client that resets its connection is no news. Anything else is a fault of this class.
    if (!(cause instanceof IOException)) {
      OutOfMemory.leaveIf(cause);
      loop.service().warn("A WebSocket failed and was closed: " + cause);
    }
    channel.close();
  }

  // ---- between the channel and the session

  @Override
  public void wake() {
    if (loop.executor().inEventLoop()) {
      work();
    } else if (called.compareAndSet(false, true)) {
      loop.executor()
          .execute(
              () -> {
                called.set(false);
                work();
              });
    }
  }

  /** Does what there is to do; the app, called in the midst of it, may make more. */
  private void work() {
    again = true;
    if (working) {
      return;
    }
    working = true;
    try {
      while (again) {
        again = false;
        feed();
        pump();
      }
    } finally {
      working = false;
    }
    if (!inRead) {
      flush();
    }
    endIfDone();
    read();
  }

  private void feed() {
    while (!unread.isEmpty() && session.wantsInput()) {
      ByteBuf bytes = unread.peek();
      ByteBuffer view = bytes.nioBuffer();
      session.feed(view);
      bytes.skipBytes(view.position());
      if (!bytes.isReadable()) {
        unread.remove().release();
      }
    }
    if (inputEnded && unread.isEmpty() && session.wantsInput()) {
      session.lost(); // without a Close; what came before is still the app's
    }
  }

  /** Writes what there is room for; a frame's stage completes when there is room for the next. */
  private void pump() {
    while (!ending && channel.isActive()) {
      if (!channel.isWritable()) {
        flush();
        if (!channel.isWritable()) {
          return;
        }
      }
      OutFrame frame = current;
      if (frame == null) {
        frame = session.next();
        current = frame;
        if (frame == null) {
          return;
        }
      }
      if (frame.header().hasRemaining() || frame.payload().hasRemaining()) {
        piece(frame);
      } else {
        current = null;
        session.written(frame);
      }
    }
  }

  /** Copied piece by piece, so that no message needs more of the channel than its room. */
  private void piece(OutFrame frame) {
    ByteBuffer payload = frame.payload();
    int count = Math.min(payload.remaining(), PIECE);
    ByteBuf out = channel.alloc().directBuffer(frame.header().remaining() + count);
    out.writeBytes(frame.header());
    out.writeBytes(payload.slice(payload.position(), count));
    payload.position(payload.position() + count);
    unflushed = true;
    ChannelHandlerContext ctx = context();
    ctx.write(out, ctx.voidPromise());
  }

  private void flush() {
    if (unflushed) {
      unflushed = false;
      context().flush();
    }
  }

  /** Reads on, or not, as the session has room. One that failed is read to be thrown away. */
  private void read() {
    boolean wanted = ending || session.ending() == WebSocketSession.Ending.FAILED;
    wanted |= unread.isEmpty() && session.wantsInput();
    if (wanted != reading) {
      reading = wanted;
      channel.config().setAutoRead(wanted);
    }
  }

  // ---- the end

  private void endIfDone() {
    if (ending || current != null) {
      if (session.ending() == WebSocketSession.Ending.CUT) {
        channel.close();
      }
      return;
    }
    switch (session.ending()) {
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
    unread.forEach(ReferenceCountUtil::release);
    unread.clear();
    return context().writeAndFlush(Unpooled.EMPTY_BUFFER);
  }

  /** Closing while the client still sends would reset the connection before it has read why. */
  private void linger() {
    if (inputEnded || !channel.isActive()) {
      channel.close();
      return;
    }
    TlsGate tls = channel.pipeline().get(TlsGate.class);
    if (tls == null) {
      ((DuplexChannel) channel).shutdownOutput();
    } else {
      tls.shutdownOutput();
    }
    read();
  }

  @Override
  public void check() {
    if (stall.over(channel, loop.tick(), loop.writeTicks())
        || (ending && loop.tick() - lingerSince > LINGER_TICKS)) {
      channel.close();
      return;
    }
    if (loop.service().draining()) {
      session.leave();
    }
    session.tick(loop.tick() * Loop.TICK.toNanos());
  }
}
