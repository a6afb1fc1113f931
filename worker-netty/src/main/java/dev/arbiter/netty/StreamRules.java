package dev.arbiter.netty;

import static io.netty.handler.codec.http2.Http2Error.ENHANCE_YOUR_CALM;
import static io.netty.handler.codec.http2.Http2Error.FLOW_CONTROL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.PROTOCOL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.STREAM_CLOSED;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2FrameReader;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks at each frame of a client before Netty acts on it: counts it for the {@link FloodGuard},
 * and refuses HEADERS in states of a stream that Netty does not tell apart, and with what Netty
 * would put right. One for each connection, on its loop.
 *
 * <p>Design note. RFC 9113 section 5.1 wants HEADERS on a half-closed stream answered with a stream
 * error STREAM_CLOSED, on one that both sides have ended with a connection error STREAM_CLOSED, and
 * section 5.1.1 wants a connection error PROTOCOL_ERROR for a stream that was skipped. Netty keeps
 * no closed streams, so the last ones are remembered here. Those that were reset from this side are
 * remembered apart: their clients may not know yet, and get Netty's stream error.
 */
final class StreamRules implements Http2FrameReader {
  private static final int REMEMBERED = 128;
  private static final int LENGTH_DIGITS = 18;

  private final Http2FrameReader reader;
  private final Http2Connection connection;
  private final FloodGuard guard;
  private final IntSupplier tick;
  private final HeadScan heads = new HeadScan();
  private final int[] ended = new int[REMEMBERED];
  private final int[] reset = new int[REMEMBERED];
  private int endedCount;
  private int resetCount;
  private @Nullable Judge judge;

  StreamRules(
      Http2FrameReader reader, Http2Connection connection, FloodGuard guard, IntSupplier tick) {
    this.reader = reader;
    this.connection = connection;
    this.guard = guard;
    this.tick = tick;
    connection.addListener(
        new Http2ConnectionAdapter() {
          @Override
          public void onStreamClosed(Http2Stream stream) {
            if (stream.isResetSent()) {
              reset[resetCount++ % REMEMBERED] = stream.id();
            } else {
              ended[endedCount++ % REMEMBERED] = stream.id();
            }
          }
        });
  }

  @Override
  public void readFrame(ChannelHandlerContext ctx, ByteBuf input, Http2FrameListener listener)
      throws Http2Exception {
    Judge current = judge;
    if (current == null || !current.passesTo(listener)) {
      current = new Judge(listener);
      judge = current;
    }
    heads.before(input);
    try {
      reader.readFrame(ctx, input, current);
    } finally {
      heads.after(input);
    }
  }

  /** Whether the head of a request has begun and not ended. */
  boolean inMidHead() {
    return heads.inMidHead();
  }

  @Override
  public Configuration configuration() {
    return reader.configuration();
  }

  @Override
  public void close() {
    reader.close();
  }

  private void headers(int streamId) throws Http2Exception {
    Http2Stream stream = connection.stream(streamId);
    if (stream != null) {
      if (stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE && !stream.isResetSent()) {
        throw Http2Exception.streamError(
            streamId, STREAM_CLOSED, "HEADERS after the end of stream %d", streamId);
      }
    } else if (connection.streamMayHaveExisted(streamId) && !wasReset(streamId)) {
      throw isIn(ended, streamId)
          ? Http2Exception.connectionError(
              STREAM_CLOSED, "HEADERS for stream %d, which has ended", streamId)
          : Http2Exception.connectionError(
              PROTOCOL_ERROR, "Stream %d is opened after one of a higher number", streamId);
    }
  }

  /**
   * Netty makes one length of several that are equal, as RFC 9110 section 8.6 allows, and a number
   * of any zeros. In HTTP/1 a sender of two is not trusted ({@code CONTENT_LENGTH_REPEATED}), and
   * of one no more than 18 digits are read; the same holds here.
   */
  static void length(int streamId, Http2Headers fields) throws Http2Exception {
    CharSequence first = fields.get(HttpHeaderNames.CONTENT_LENGTH);
    if (first != null
        && (first.length() > LENGTH_DIGITS
            || AsciiString.contains(first, ",")
            || fields.getAll(HttpHeaderNames.CONTENT_LENGTH).size() > 1)) {
      throw Http2Exception.streamError(streamId, PROTOCOL_ERROR, "a length that is none");
    }
  }

  /** Whether the client may still be sending for a stream that was reset from this side. */
  boolean wasReset(int streamId) {
    return isIn(reset, streamId);
  }

  private static boolean isIn(int[] remembered, int streamId) {
    for (int id : remembered) {
      if (id == streamId) {
        return true;
      }
    }
    return false;
  }

  /** A client has sent a frame that carries nothing. */
  void idle(String kind) throws Http2Exception {
    calm(guard.idleFrame(kind, tick.getAsInt()));
  }

  /** A client has reset a stream, or had it reset. */
  void reset() throws Http2Exception {
    calm(guard.reset(tick.getAsInt()));
  }

  /** A client has opened more streams than it may, and has had one refused. */
  void refused() throws Http2Exception {
    idle("for more streams than are allowed");
  }

  private static void calm(@Nullable String excess) throws Http2Exception {
    if (excess != null) {
      throw Http2Exception.connectionError(ENHANCE_YOUR_CALM, "%s", excess);
    }
  }

  private final class Judge extends Http2FrameListenerDecorator {
    Judge(Http2FrameListener next) {
      super(next);
    }

    @SuppressWarnings("ReferenceEquality") // listeners have no other
    boolean passesTo(Http2FrameListener next) {
      return listener == next;
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream)
        throws Http2Exception {
      if (data.isReadable()) {
        guard.body(data.readableBytes());
      } else if (!endOfStream) {
        idle("DATA");
      }
      return super.onDataRead(ctx, streamId, data, padding, endOfStream);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int streamId, Http2Headers fields, int padding, boolean end)
        throws Http2Exception {
      headers(streamId);
      length(streamId, fields);
      super.onHeadersRead(ctx, streamId, fields, padding, end);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int streamId,
        Http2Headers fields,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean end)
        throws Http2Exception {
      headers(streamId);
      length(streamId, fields);
      super.onHeadersRead(ctx, streamId, fields, dependency, weight, exclusive, padding, end);
    }

    @Override
    public void onPriorityRead(
        ChannelHandlerContext ctx, int streamId, int dependency, short weight, boolean exclusive)
        throws Http2Exception {
      idle("PRIORITY");
      super.onPriorityRead(ctx, streamId, dependency, weight, exclusive);
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode)
        throws Http2Exception {
      if (connection.stream(streamId) == null) {
        idle("RST_STREAM");
      } else {
        reset();
      }
      super.onRstStreamRead(ctx, streamId, errorCode);
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
        throws Http2Exception {
      idle("SETTINGS");
      try {
        super.onSettingsRead(ctx, settings);
      } catch (Http2Exception overflow) {
        // RFC 9113 section 6.9.2: whichever stream's window it is that becomes too large.
        throw Http2Exception.isStreamError(overflow) && overflow.error() == FLOW_CONTROL_ERROR
            ? Http2Exception.connectionError(
                FLOW_CONTROL_ERROR, "SETTINGS that make a window too large")
            : overflow;
      }
    }

    @Override
    public void onSettingsAckRead(ChannelHandlerContext ctx) throws Http2Exception {
      idle("SETTINGS");
      super.onSettingsAckRead(ctx);
    }

    @Override
    public void onGoAwayRead(
        ChannelHandlerContext ctx, int lastStreamId, long errorCode, ByteBuf debugData)
        throws Http2Exception {
      idle("GOAWAY");
      super.onGoAwayRead(ctx, lastStreamId, errorCode, debugData);
    }

    @Override
    public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
      idle("PING");
      super.onPingRead(ctx, data);
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
      idle("PING");
      super.onPingAckRead(ctx, data);
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext ctx, int streamId, int increment)
        throws Http2Exception {
      idle("WINDOW_UPDATE");
      super.onWindowUpdateRead(ctx, streamId, increment);
    }

    @Override
    public void onUnknownFrame(
        ChannelHandlerContext ctx, byte type, int streamId, Http2Flags flags, ByteBuf payload)
        throws Http2Exception {
      idle("of unknown type " + type);
      super.onUnknownFrame(ctx, type, streamId, flags, payload);
    }
  }
}
