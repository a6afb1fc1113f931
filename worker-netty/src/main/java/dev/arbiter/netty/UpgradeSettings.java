package dev.arbiter.netty;

import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Leniency;
import io.netty.handler.codec.http2.Http2Settings;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client that asks for an upgrade says in {@code HTTP2-Settings} (RFC 7540 section 3.2.1).
 */
final class UpgradeSettings {
  private static final int ENTRY = 6;

  private UpgradeSettings() {}

  /** Null if they are not there once, or malformed. */
  static @Nullable Http2Settings of(IncomingHead head) {
    List<String> values = head.headers().all("http2-settings");
    if (values.size() != 1 || !(Leniency.PADDED_SETTINGS || values.getFirst().indexOf('=') < 0)) {
      return null;
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(values.getFirst()));
      Http2Settings settings = new Http2Settings();
      while (bytes.remaining() >= ENTRY) {
        settings.put((char) bytes.getShort(), (Long) (bytes.getInt() & 0xffff_ffffL));
      }
      return bytes.hasRemaining() ? null : settings;
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }
}
