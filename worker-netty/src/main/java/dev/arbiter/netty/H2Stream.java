package dev.arbiter.netty;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Origin;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.ResponseHead;
import dev.arbiter.http.ResponseHead.Framing;
import dev.arbiter.http.Status;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.WebSocketSession;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.FileRegion;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * One stream of HTTP/2: carries one request and its response. On its connection's loop; lives from
 * the request's head to the end of the stream on both sides.
 */
final class H2Stream implements HttpStream {
  /** What is queued beyond the client's window is no more than this for each stream. */
  private static final int PIECE = 16 * 1024;

  private final H2Connection connection;
  private final Http2Stream stream;
  private @Nullable Exchange exchange;
  private @Nullable WebSocketStream webSocket;

  /** What a client that asks for a WebSocket has sent before it was answered; null for others. */
  private @Nullable Deque<ByteBuf> early;

  private @Nullable ChannelFuture lastWrite;
  private boolean inputComplete;
  private boolean finished;
  private int unwritten;
  private int progressAt;

  H2Stream(H2Connection connection, Http2Stream stream) {
    this.connection = connection;
    this.stream = stream;
    progressAt = connection.loop().tick();
  }

  // ---- what the connection tells

  /** Takes the request's head, which is well-formed; {@code end} if it is all of the request. */
  void begin(IncomingHead head, boolean end) {
    inputComplete = end;
    Refusal refusal = head.refusal();
    if (refusal != null) {
      refuse(head, refusal);
      return;
    }
    Handshake handshake = null;
    if (head.upgrades()) {
      handshake = Handshake.of(head, loop().service().settings().webSocket());
      if (handshake.refusal() != null) {
        refuse(head, handshake.refusal());
        return;
      }
      early = new ArrayDeque<>(1);
    }
    Exchange next = new Exchange(this, head, handshake);
    exchange = next;
    next.begin();
  }

  /** Answers a request that no app sees. */
  void refuse(IncomingHead head, Refusal refusal) {
    refuse(head, Status.response(refusal));
  }

  private void refuse(IncomingHead head, Response response) {
    byte[] body = ((Response.Body.Bytes) response.body()).bytes();
    ResponseHead responseHead = loop().responseHead();
    responseHead.encode(head, response.status(), response.headers(), body.length, true);
    boolean bodiless = responseHead.framing() == Framing.NONE;
    int length = bodiless ? 0 : body.length;
    int count = writeHead(responseHead, ByteBuffer.wrap(body, 0, length), true);
    loop().service().refused(head, origin(head).client(), response, length, count);
    end(true);
    flushSoon();
  }

  /** Takes a part of the body; the caller releases it, and gives the client credit for the rest. */
  int data(ByteBuf bytes, boolean end) {
    inputComplete = end;
    WebSocketStream socket = webSocket;
    if (socket != null) {
      socket.take(bytes, end);
      return 0;
    }
    Exchange current = exchange;
    if (current == null || finished) {
      return bytes.readableBytes();
    }
    if (early != null) {
      FramePump.join(early, bytes, this::buffer);
      return 0;
    }
    current.inbox().take(bytes, end);
    return 0;
  }

  /**
   * The trailers have come, which end the body.
   *
   * @throws Http2Exception if the stream is to be reset, which is the client's fault and counted so
   */
  void trailers(Http2Headers fields) throws Http2Exception {
    inputComplete = true;
    if (early != null || webSocket != null) {
      // RFC 9113 section 8.5: nothing but DATA follows a CONNECT.
      throw Http2Exception.streamError(
          stream.id(), Http2Error.PROTOCOL_ERROR, "HEADERS after a CONNECT");
    }
    if (StreamHead.padded(fields)) {
      throw Http2Exception.streamError(
          stream.id(), Http2Error.PROTOCOL_ERROR, "malformed trailers");
    }
    Exchange current = exchange;
    if (current == null || finished) {
      return;
    }
    for (Map.Entry<CharSequence, CharSequence> field : fields) {
      if (!current.head().trailer(field.getKey().toString(), field.getValue().toString())) {
        current.inbox().malformed();
        return;
      }
    }
    current.inbox().take(Unpooled.EMPTY_BUFFER, true);
  }

  /** There may be room in the client's window. */
  void writabilityChanged() {
    if (webSocket != null) {
      webSocket.writabilityChanged();
      return;
    }
    Exchange current = exchange;
    if (current != null && !current.answered() && writable()) {
      current.outbox().pump();
    }
  }

  /** The client has ended its side of the connection: no more comes for any stream. */
  void inputShut() {
    if (webSocket != null) {
      webSocket.inputEnded();
      return;
    }
    Exchange current = exchange;
    if (current != null && !finished) {
      current.inputEnded();
    }
  }

  /** The stream has ended, by whichever side. */
  void closed() {
    dropEarly();
    Exchange current = exchange;
    if (webSocket != null) {
      webSocket.closed();
    } else if (!finished) {
      finished = true;
      if (current != null) {
        current.closed();
      }
    }
  }

  /**
   * The client has ended its side, and with it what could open a window that is shut: what waits
   * for that is broken off. Over HTTP/1 such a client could still read on.
   */
  void breakOffIfShut() {
    if (connection.windowShut(stream) && (waitsForRoom() || connection.queued(stream))) {
      reset(Http2Error.CANCEL);
    }
  }

  /** Whether more could be written, were the window open; what was written may have gone out. */
  private boolean waitsForRoom() {
    return webSocket != null
        ? webSocket.waitsForRoom()
        : exchange != null && exchange.outbox().waits();
  }

  /** Looks at its time limits, once a tick. */
  void check() {
    if (stream.isResetSent()) {
      return;
    }
    boolean waits = unwritten > 0 || waitsForRoom();
    if (!waits || connection.isHeldUp()) {
      progressAt = loop().tick();
    }
    if (loop().tick() - progressAt > loop().writeTicks()) {
      late(Limit.WRITE);
      reset(Http2Error.CANCEL);
    } else if (webSocket != null) {
      webSocket.check();
    } else if (exchange != null && !finished) {
      exchange.inbox().check();
    }
  }

  // ---- what an exchange asks

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
    return connection.tlsInfo();
  }

  @Override
  public @Nullable SSLSession sslSession() {
    return connection.sslSession();
  }

  @Override
  public boolean inputEnded() {
    return finished || connection.inputEnded();
  }

  @Override
  public void read() {
    // Each stream has its own window, and consumed() says how much is free.
  }

  @Override
  public void consumed(int bytes) {
    if (bytes > 0) {
      connection.consumed(stream, bytes);
    }
  }

  @Override
  public void sendContinue() {
    connection.writeHeaders(stream, StreamHead.interim(100), false);
    flushSoon();
  }

  @Override
  public boolean keeps(Exchange asked) {
    return asked.inbox().leavesConnectionUsable();
  }

  @Override
  public int writeInformational(ResponseHead head) {
    connection.writeHeaders(stream, StreamHead.response(head), false);
    return head.length();
  }

  @Override
  public int writeHead(ResponseHead head, ByteBuffer first, boolean last) {
    boolean alone = !first.hasRemaining();
    ChannelFuture written =
        connection.writeHeaders(stream, StreamHead.response(head), last && alone);
    if (last && alone) {
      lastWrite = written;
    }
    return head.length() + (alone ? 0 : writePart(first, Framing.LENGTH, last));
  }

  @Override
  public int writePart(ByteBuffer part, Framing framing, boolean last) {
    int count = part.remaining();
    write(buffer(count).writeBytes(part), last);
    return count;
  }

  ByteBuf buffer(int size) {
    return connection.allocator().directBuffer(size);
  }

  /** Writes what is the stream's to release then. */
  void write(ByteBuf data, boolean last) {
    if (unwritten++ == 0) {
      progressAt = loop().tick();
    }
    ChannelPromise promise = connection.promise();
    promise.addListener(
        _ -> {
          unwritten--;
          progressAt = loop().tick();
        });
    connection.writeData(stream, data, last, promise);
    if (last) {
      lastWrite = promise;
    }
  }

  @Override
  public int writeEnd(Framing framing, byte @Nullable [] trailers) {
    if (trailers == null) {
      writePart(ByteBuffer.allocate(0), framing, true);
      return 0;
    }
    lastWrite = connection.writeHeaders(stream, StreamHead.trailers(trailers), true);
    return trailers.length;
  }

  @Override
  public int room() {
    return PIECE;
  }

  @Override
  public boolean writable() {
    return connection.writable(stream);
  }

  @Override
  public void flush() {
    connection.flushNow();
  }

  @Override
  public void flushSoon() {
    connection.flushSoon();
  }

  @Override
  public boolean sendsFiles() {
    return false; // it is cut into frames
  }

  @Override
  public ChannelFuture writeFile(FileRegion part) {
    throw new IllegalStateException("A stream cannot send a file as it is.");
  }

  @Override
  public void done(Exchange ended) {
    finished = true;
  }

  /** RFC 9113 section 8.1: after a whole response a client may be asked to send no more. */
  @Override
  public void end(boolean linger) {
    finished = true;
    dropEarly();
    ChannelFuture written = lastWrite;
    if (written == null) {
      reset(Http2Error.NO_ERROR);
    } else if (!inputComplete) {
      written.addListener(
          _ -> {
            if (!inputComplete) {
              reset(Http2Error.NO_ERROR);
            }
          });
    }
  }

  @Override
  public void cut(boolean reset) {
    finished = true;
    reset(Http2Error.INTERNAL_ERROR);
  }

  private void dropEarly() {
    if (early != null) {
      early.forEach(ByteBuf::release);
      early.clear(); // the end of the stream gives back their share of the window
    }
  }

  /**
   * Ends our side where the client has ended its own; else breaks off, as a reset of TCP does.
   *
   * @param whole whether nothing was written in part
   */
  void cancel(boolean whole) {
    finished = true;
    if (whole && inputComplete) {
      write(Unpooled.EMPTY_BUFFER, true);
      flushSoon();
    } else {
      reset(Http2Error.CANCEL);
    }
  }

  /** Our side has ended, and no more is wanted of the client. */
  void endInput() {
    if (!inputComplete) {
      reset(Http2Error.NO_ERROR);
    }
  }

  private void reset(Http2Error error) {
    connection.reset(stream, error);
  }

  @Override
  public void late(Limit limit) {
    connection.streamLate(limit);
  }

  /** RFC 8441 section 5: the answer is a 200, and frames of WebSocket follow it in DATA. */
  @Override
  public WebSocketSession upgrade(
      Exchange asked,
      Handshake handshake,
      Optional<String> subprotocol,
      Headers headers,
      CompletableFuture<Void> handled) {
    ResponseHead head = loop().responseHead();
    head.encodeSwitch(headers, handshake.answer(subprotocol, headers));
    Http2Headers fields = StreamHead.response(head).status("200");
    asked.switched(200, headers, head.length());
    connection.handles(handled);
    WebSocketStream socket = new WebSocketStream(this, handshake);
    webSocket = socket;
    connection.writeHeaders(stream, fields, false);
    flushSoon();
    Deque<ByteBuf> before = Objects.requireNonNull(early);
    early = null;
    for (ByteBuf bytes : before) {
      socket.take(bytes, false);
      bytes.release();
    }
    if (inputComplete || connection.inputEnded()) {
      socket.inputEnded();
    }
    return socket.session();
  }
}
