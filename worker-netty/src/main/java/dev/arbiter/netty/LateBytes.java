package dev.arbiter.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What has come since a loop last looked at a channel: a request is answered if its first byte was
 * here before the connection is closed. Static; on the channel's loop.
 */
final class LateBytes {
  private static final int ROOM = 4096;

  private LateBytes() {}

  /** Reads some, which are the caller's to release; null if there are none. */
  static @Nullable ByteBuf read(Channel channel) {
    ByteBuf late = channel.alloc().directBuffer(ROOM);
    int count = 0;
    try {
      count = Transport.readNow(channel, late.nioBuffer(0, ROOM));
    } catch (IOException _) {
      // The client has gone, which the loop will hear of.
    }
    if (count <= 0) {
      late.release();
      return null;
    }
    return late.writerIndex(count);
  }
}
