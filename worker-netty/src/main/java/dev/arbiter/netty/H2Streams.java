package dev.arbiter.netty;

import static io.netty.handler.codec.http2.Http2Error.PROTOCOL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.REFUSED_STREAM;

import dev.arbiter.http.Http2Settings;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.RequestRules;
import dev.arbiter.http.RequestRules.Rule;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The streams of a connection: what frames of a request come goes to the {@link H2Stream} that is
 * kept with Netty's own. On the connection's loop; lives as long as it.
 */
final class H2Streams extends Http2EventAdapter {
  private final H2Connection connection;
  private final Http2Connection http2;
  private final Http2Connection.PropertyKey key;
  private final RequestRules rules;
  private final Http2Settings settings;
  private final boolean webSockets;
  private final FloodGuard guard;
  private final StreamRules streamRules;
  private final boolean trusted;

  /**
   * @param trusted whether the client is a proxy that is believed
   */
  H2Streams(H2Connection connection, H2Parts parts, boolean trusted) {
    this.connection = connection;
    this.http2 = parts.decoder().connection();
    this.key = http2.newKey();
    HttpSettings all = connection.loop().service().settings();
    this.rules = all.rules();
    this.settings = all.http2();
    this.webSockets = all.webSocket().on();
    this.guard = parts.guard();
    this.streamRules = parts.rules();
    this.trusted = trusted;
  }

  /** A new one. */
  H2Stream add(Http2Stream stream) {
    H2Stream added = new H2Stream(connection, stream);
    stream.setProperty(key, added);
    return added;
  }

  /** The one that was added; null if its head has not come. */
  @Nullable H2Stream get(Http2Stream stream) {
    return stream.getProperty(key);
  }

  /** Does {@code action} if it was added. */
  void tell(Http2Stream stream, Consumer<H2Stream> action) {
    H2Stream known = get(stream);
    if (known != null) {
      action.accept(known);
    }
  }

  /** Does {@code action} for each that is active. */
  void forEach(Consumer<H2Stream> action) {
    try {
      http2.forEachActiveStream(
          stream -> {
            tell(stream, action);
            return true;
          });
    } catch (Http2Exception impossible) {
      throw new IllegalStateException(impossible); // the visitor throws none
    }
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int id, Http2Headers fields, int padding, boolean end)
      throws Http2Exception {
    headers(id, fields, end);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int id,
      Http2Headers fields,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean end)
      throws Http2Exception {
    headers(id, fields, end);
  }

  private void headers(int id, Http2Headers fields, boolean end) throws Http2Exception {
    Http2Stream stream = http2.stream(id);
    H2Stream known = get(stream);
    if (known != null) {
      known.trailers(fields);
      return;
    }
    if (http2.numActiveStreams() > settings.maxStreams()) {
      streamRules.refused();
      throw Http2Exception.streamError(id, REFUSED_STREAM, "too many streams");
    }
    guard.request();
    connection.requested();
    IncomingHead head =
        StreamHead.request(new IncomingHead(rules, trusted), fields, !end, webSockets);
    if (head != null && streamRules.lengthRepeated(id)) {
      head.refuse(Rule.CONTENT_LENGTH_REPEATED.refusal());
    }
    if (head == null) {
      throw Http2Exception.streamError(id, PROTOCOL_ERROR, "malformed request");
    }
    add(stream).begin(head, end);
  }

  @Override
  public int onDataRead(ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
    H2Stream known = get(http2.stream(id));
    return padding + (known == null ? data.readableBytes() : known.data(data, end));
  }

  @Override
  public void onSettingsAckRead(ChannelHandlerContext ctx) {
    H2Parts.allowStreams(http2, settings);
  }

  @Override
  public void onPingAckRead(ChannelHandlerContext ctx, long data) {
    connection.pingAnswered(data);
  }

  @Override
  public void onStreamClosed(Http2Stream stream) {
    tell(stream, H2Stream::closed);
  }

  @Override
  public void onStreamRemoved(Http2Stream stream) {
    connection.streamRemoved();
  }
}
