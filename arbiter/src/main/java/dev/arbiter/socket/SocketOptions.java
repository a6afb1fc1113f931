package dev.arbiter.socket;

import dev.arbiter.worker.Abi;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;

/** Values of setsockopt(2), as the kernel reads them. */
final class SocketOptions {
  private SocketOptions() {}

  static byte[] number(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
  }

  static byte[] time(Duration value) {
    return ByteBuffer.allocate(Abi.TIMEVAL_SIZE)
        .order(ByteOrder.nativeOrder())
        .putLong(value.toSeconds())
        .putLong(value.toNanosPart() / 1000)
        .array();
  }
}
