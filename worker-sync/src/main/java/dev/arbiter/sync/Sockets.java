package dev.arbiter.sync;

import dev.arbiter.worker.SocketChannels;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/**
 * What the JDK's channels do not offer: to wait for a non-blocking one without a selector. Any
 * thread.
 *
 * <p>Design note. {@code sun.nio.ch.SelChImpl.park} is what the JDK's own blocking channels wait
 * with: it parks a virtual thread on the poller and polls on a platform thread, for TCP and Unix
 * sockets alike. Called directly, on a channel that is not in blocking mode, it makes every wait
 * one that can be ended, by {@code unpark}, without closing anything. It needs {@code --add-opens
 * java.base/sun.nio.ch}, which the kind's descriptor carries.
 */
final class Sockets {
  /** As poll(2) has it. */
  static final int READABLE = 1;

  /** As poll(2) has it. */
  static final int WRITABLE = 4;

  private static final MethodHandle PARK;

  static {
    try {
      Class<?> channel = Class.forName("sun.nio.ch.SelChImpl");
      PARK =
          MethodHandles.privateLookupIn(channel, MethodHandles.lookup())
              .findVirtual(
                  channel, "park", MethodType.methodType(void.class, int.class, long.class))
              .asType(
                  MethodType.methodType(void.class, SocketChannel.class, int.class, long.class));
    } catch (ReflectiveOperationException changed) {
      throw new LinkageError(
          "This JDK ("
              + Runtime.version()
              + ") does not let the sync worker wait for a socket; it needs a JDK 25 and the"
              + " --add-opens flags of its worker.properties",
          changed);
    }
  }

  private Sockets() {}

  /** Makes a non-blocking channel of a connected descriptor, which it owns from here on. */
  static SocketChannel adopt(int fd, boolean unix) throws IOException {
    SocketChannel channel = SocketChannels.channel(fd, unix);
    try {
      channel.configureBlocking(false);
      if (!unix) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      }
      return channel;
    } catch (IOException unusable) {
      channel.close();
      throw unusable;
    }
  }

  /**
   * Waits until the channel is ready, or the thread is unparked, or for no reason at all.
   *
   * @param nanos the longest wait, 0 for no limit
   */
  static void park(SocketChannel channel, int event, long nanos) throws IOException {
    try {
      PARK.invokeExact(channel, event, nanos);
    } catch (IOException | RuntimeException | Error known) {
      throw known;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }
}
