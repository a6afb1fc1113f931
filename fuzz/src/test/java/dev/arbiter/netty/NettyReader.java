package dev.arbiter.netty;

import dev.arbiter.fuzz.Reading;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.RequestRules.Rule;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** Reads requests as a connection of the netty worker does. */
@NullMarked
public final class NettyReader extends ChannelInboundHandlerAdapter {

  private final Reading reading = new Reading();
  private @Nullable IncomingHead current;
  private long received;

  private NettyReader() {}

  /** What becomes of these bytes. */
  public static Reading read(HttpSettings settings, List<byte[]> pieces) {
    NettyReader reader = new NettyReader();
    EmbeddedChannel channel =
        new EmbeddedChannel(new RequestDecoder(settings, false, false), reader);
    try {
      for (byte[] piece : pieces) {
        if (!reader.reading.ended()) {
          channel.writeInbound(Unpooled.wrappedBuffer(piece));
        }
      }
      channel.checkException();
    } finally {
      channel.finishAndReleaseAll();
    }
    return reader.reading;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (!reading.ended()) {
        take(message);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void take(Object message) {
    if (message instanceof HttpRequest request) {
      IncomingHead head = ((FieldList) request.headers()).head();
      if (request.decoderResult().isFailure()) {
        head.refuse(Rule.SYNTAX.refusal());
      }
      begin(head);
    } else if (message instanceof HttpContent content) {
      IncomingHead head = current;
      if (head == null) {
        throw new AssertionError("A body without a request");
      }
      content(head, content);
    } else {
      throw new AssertionError("Raw bytes of what is no upgrade: " + message);
    }
  }

  private void begin(IncomingHead head) {
    if (current != null) {
      throw new AssertionError("A request within a request");
    }
    Refusal refusal = head.refusal();
    if (refusal != null) {
      reading.refused(refusal.status());
      return;
    }
    reading.head(head);
    received = 0;
    current = head;
    if (head.upgrades()) {
      reading.over("upgrade");
    } else if (!head.hasBody()) {
      complete(head);
    }
  }

  private void complete(IncomingHead head) {
    reading.complete();
    if (!head.keepAlive()) {
      reading.over("close");
    }
  }

  private void content(IncomingHead head, HttpContent content) {
    boolean last = content instanceof LastHttpContent;
    if (!head.hasBody()) {
      if (!last || content.content().isReadable()) {
        throw new AssertionError("A body that was not announced");
      }
      current = null;
      return;
    }
    if (content.decoderResult().isFailure()) {
      Refusal framing = head.refusal();
      reading.refused((framing == null ? Rule.CHUNK.refusal() : framing).status());
      return;
    }
    ByteBuf bytes = content.content();
    received += bytes.readableBytes();
    if (head.bodyLimit() > 0 && received > head.bodyLimit()) {
      reading.refused(Rule.BODY_SIZE.refusal().status());
      return;
    }
    reading.body(ByteBufUtil.getBytes(bytes));
    if (last) {
      current = null;
      complete(head);
    }
  }
}
