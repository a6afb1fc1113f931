package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.fuzz.ReadHead;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.IncomingHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** Reads a request's head as a stream of HTTP/2 does: HPACK, Netty's checks, and ours. */
@NullMarked
public final class StreamReader {
  private StreamReader() {}

  /** What becomes of these names and values, in turn; null if it is malformed or refused. */
  public static @Nullable ReadHead read(HttpSettings settings, List<String> fields) {
    ByteBuf block = Unpooled.buffer();
    for (int i = 0; i < fields.size(); i++) {
      if (i % 2 == 0) {
        block.writeByte(0); // a literal without indexing, RFC 7541 section 6.2.2
      }
      byte[] bytes = fields.get(i).getBytes(ISO_8859_1);
      length(block, bytes.length);
      block.writeBytes(bytes);
    }
    try {
      Http2Headers headers = H2Parts.headersDecoder(settings.http2()).decodeHeaders(1, block);
      StreamRules.length(1, headers);
      IncomingHead head =
          StreamHead.request(new IncomingHead(settings.rules()), headers, false, true);
      return head == null || head.refusal() != null ? null : ReadHead.of(head);
    } catch (Http2Exception malformed) {
      return null;
    } finally {
      block.release();
    }
  }

  /** RFC 7541 section 5.1, with a prefix of seven bits. */
  private static void length(ByteBuf block, int length) {
    block.writeByte(Math.min(length, 0x7f));
    if (length >= 0x7f) {
      int rest = length - 0x7f;
      for (; rest >= 0x80; rest >>= 7) {
        block.writeByte(rest & 0x7f | 0x80);
      }
      block.writeByte(rest);
    }
  }
}
