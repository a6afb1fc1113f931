package dev.arbiter.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/** Whether a client reads nothing of what was sent. One for each connection, on its loop. */
final class Stall {
  private int since;
  private long at;

  /** Whether that has lasted for longer than {@code limit} ticks. */
  boolean over(Channel channel, int tick, int limit) {
    ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
    if (pending == null || pending.isEmpty()) {
      at = -1;
      return false;
    }
    long now = pending.totalPendingWriteBytes() * 31 + pending.currentProgress();
    if (now != at) {
      at = now;
      since = tick;
      return false;
    }
    return tick - since > limit;
  }
}
