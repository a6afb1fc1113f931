package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.http.HttpSettings;
import dev.arbiter.worker.WorkerSettings;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpRequest;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the decoder does beyond reading requests. */
class RequestDecoderTest {
  private static final int MOST = 10;
  private static final int SENT = 1000;

  /** A connection that lets only so many requests come at once. */
  private static final class Taker extends ChannelInboundHandlerAdapter {
    private final RequestDecoder decoder;
    private int requests;

    Taker(RequestDecoder decoder) {
      this.decoder = decoder;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof HttpRequest && ++requests % MOST == 0) {
        decoder.hold();
      }
    }
  }

  @Test
  void whatIsHeldBackIsNotDecodedAndNotLost() throws Exception {
    RequestDecoder decoder =
        new RequestDecoder(HttpSettings.from(new WorkerSettings(Map.of())), false, false);
    Taker taker = new Taker(decoder);
    EmbeddedChannel channel = new EmbeddedChannel(decoder, taker);
    String requests = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(SENT);
    channel.writeInbound(Unpooled.wrappedBuffer(requests.getBytes(US_ASCII)));
    assertThat(taker.requests).isEqualTo(MOST);
    channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    for (int i = 2 * MOST; i <= SENT; i += MOST) {
      decoder.release(channel.pipeline().context(decoder));
      assertThat(taker.requests).isEqualTo(i);
    }
    assertThat(decoder.inMidHead()).isFalse();
    channel.finishAndReleaseAll();
  }

  /** Netty measures a line whose end has not come together with the CR before it. */
  @Test
  void aLineJustAsLongAsAllowedMayComeWithoutItsLastByte() {
    String line = "GET /" + "a".repeat(4094 - "GET / HTTP/1.1".length()) + " HTTP/1.1";
    RequestDecoder decoder =
        new RequestDecoder(HttpSettings.from(new WorkerSettings(Map.of())), false, false);
    EmbeddedChannel channel = new EmbeddedChannel(decoder);
    channel.writeInbound(Unpooled.wrappedBuffer((line + "\r").getBytes(US_ASCII)));
    Object early = channel.readInbound();
    assertThat(early).isNull();
    channel.writeInbound(Unpooled.wrappedBuffer("\nHost: a\r\n\r\n".getBytes(US_ASCII)));
    Object whole = channel.readInbound();
    assertThat(whole)
        .isInstanceOfSatisfying(
            HttpRequest.class, request -> assertThat(request.decoderResult().isSuccess()).isTrue());
    channel.finishAndReleaseAll();
  }
}
