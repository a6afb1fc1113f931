package dev.arbiter.netty;

import dev.arbiter.http.Http2Settings;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2PromisedRequestVerifier;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;

/**
 * What Netty's HTTP/2 is put together of for one connection, with the limits that are kept here.
 *
 * @param settings what the client is told first
 */
record H2Parts(
    Http2ConnectionDecoder decoder,
    Http2ConnectionEncoder encoder,
    io.netty.handler.codec.http2.Http2Settings settings,
    FloodGuard guard,
    StreamRules rules) {

  /** Frames of one head that are small, HEADERS and CONTINUATION. */
  static final int SMALL_CONTINUATIONS = 16;

  /**
   * So many streams beyond those allowed are known to Netty, and refused one by one: of a stream it
   * does not know, the client's next frame would end the connection.
   */
  private static final int REFUSABLE = 1000;

  /** New ones for a connection of that loop. */
  static H2Parts of(Loop loop) {
    Http2Settings settings = loop.service().settings().http2();
    Http2Connection connection = new DefaultHttp2Connection(true);
    allowStreams(connection, settings);
    // Priorities are read and have no effect (RFC 9113 section 5.3.2): all streams share alike.
    connection
        .remote()
        .flowController(
            new DefaultHttp2RemoteFlowController(
                connection, new UniformStreamByteDistributor(connection)));
    Http2ConnectionEncoder encoder =
        new DefaultHttp2ConnectionEncoder(connection, new DefaultHttp2FrameWriter());
    FloodGuard guard = new FloodGuard(loop.tick());
    StreamRules reader =
        new StreamRules(
            new DefaultHttp2FrameReader(headersDecoder(settings), SMALL_CONTINUATIONS),
            connection,
            guard,
            loop::tick);
    Http2ConnectionDecoder decoder =
        new DefaultHttp2ConnectionDecoder(
            connection,
            encoder,
            reader,
            Http2PromisedRequestVerifier.ALWAYS_VERIFY,
            true,
            true,
            true);
    io.netty.handler.codec.http2.Http2Settings initial =
        new io.netty.handler.codec.http2.Http2Settings()
            .maxConcurrentStreams(settings.maxStreams())
            .initialWindowSize(settings.window())
            .maxFrameSize(settings.maxFrame())
            .maxHeaderListSize(settings.maxHeaderList());
    if (loop.service().settings().webSocket().on()) {
      initial.connectProtocolEnabled(true);
    }
    return new H2Parts(decoder, encoder, initial, guard, reader);
  }

  /** Checks names and values, and which of HTTP/1 must not be there. */
  static DefaultHttp2HeadersDecoder headersDecoder(Http2Settings settings) {
    return new DefaultHttp2HeadersDecoder(true, true, settings.maxHeaderList());
  }

  /** Netty sets its own limit to what was announced, each time a client has confirmed that. */
  static void allowStreams(Http2Connection connection, Http2Settings settings) {
    connection.remote().maxActiveStreams(settings.maxStreams() + REFUSABLE);
  }
}
