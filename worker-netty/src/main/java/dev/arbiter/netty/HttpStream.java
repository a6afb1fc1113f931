package dev.arbiter.netty;

import dev.arbiter.app.Headers;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Origin;
import dev.arbiter.http.ResponseHead;
import dev.arbiter.http.ResponseHead.Framing;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.WebSocketSession;
import io.netty.channel.ChannelFuture;
import io.netty.channel.FileRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * How an {@link Exchange} reaches its client, whatever version of HTTP that speaks: an exchange and
 * its two halves know what a request and a response are, and this knows how they are written. On
 * its loop, unless said otherwise.
 */
interface HttpStream {

  /** The loop that serves it. Any thread. */
  Loop loop();

  /** Where a request comes from. */
  Origin origin(IncomingHead head);

  /** How the connection is secured; null if it is not. Any thread. */
  @Nullable TlsInfo tlsInfo();

  /** The session of what secures it; null if nothing does. Any thread. */
  @Nullable SSLSession sslSession();

  // ---- the request

  /** Whether the client has ended its side of the connection, though it may still read. */
  boolean inputEnded();

  /** The app has room for more of the body. */
  void read();

  /** So many bytes of the body, taken in before, are no longer held. */
  void consumed(int bytes);

  /** Tells the client that its body is wanted (RFC 9110 section 15.2.1). */
  void sendContinue();

  // ---- the response

  /** Whether the client may be told that its next request is welcome here. */
  boolean keeps(Exchange exchange);

  /** Writes the head of an interim response; the response is still to come. Returns its length. */
  int writeInformational(ResponseHead head);

  /**
   * Writes a response's head and what there is of its body.
   *
   * @param first the body's first bytes, all of which are taken; may be none
   * @param last whether nothing follows
   * @return how many bytes that was
   */
  int writeHead(ResponseHead head, ByteBuffer first, boolean last);

  /**
   * Writes a part of a body.
   *
   * @param part not more than {@link #room} bytes, all of which are taken
   * @param last whether nothing follows
   * @return how many bytes that was
   */
  int writePart(ByteBuffer part, Framing framing, boolean last);

  /**
   * Ends a body whose last part was not the last of the response.
   *
   * @param trailers as {@link ResponseHead#encodeTrailers} makes them; null if there are none
   * @return how many bytes it took
   */
  int writeEnd(Framing framing, byte @Nullable [] trailers);

  /** The most bytes of a part that are written at once. */
  int room();

  /** Whether what is written now goes out soon; if not, {@link Outbox#pump} will be called. */
  boolean writable();

  /** Sends what was written. */
  void flush();

  /** The same, but while a batch of requests is being read once at its end. */
  void flushSoon();

  /** Whether {@link #writeFile} may be called. Any thread. */
  boolean sendsFiles();

  /** Writes a file's part, which the system sends by itself; it is closed in any case. */
  ChannelFuture writeFile(FileRegion part);

  // ---- the end

  /** The response is written, and the body read to its end. */
  void done(Exchange exchange);

  /** Nothing more of the body is read; what was written still reaches the client. */
  void end(boolean linger);

  /**
   * Breaks off, so that the client can tell that the response was cut.
   *
   * @param reset whether nothing less than a reset of the connection says so
   */
  void cut(boolean reset);

  /** It is about to be ended because of {@code limit}. */
  void late(Limit limit);

  /**
   * Makes a WebSocket of it.
   *
   * @param headers the app's own
   * @param handled completes when no thread of the app runs for it any more
   * @throws IllegalArgumentException if the app's answer is not valid
   */
  WebSocketSession upgrade(
      Exchange exchange,
      Handshake handshake,
      Optional<String> subprotocol,
      Headers headers,
      CompletableFuture<Void> handled)
      throws IOException;
}
