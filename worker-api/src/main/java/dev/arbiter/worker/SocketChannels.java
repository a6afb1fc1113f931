package dev.arbiter.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import org.jspecify.annotations.Nullable;

/**
 * Turns an accepted connection into a {@link SocketChannel}, for a kind that does not bring a
 * network library of its own. Stateless, any thread.
 *
 * <p>The JDK has no public way to adopt a descriptor, so this calls the constructor its own {@code
 * accept} uses, which needs {@code --add-opens java.base/sun.nio.ch=ALL-UNNAMED} among the {@code
 * jvm-flags} of the kind's descriptor. That the descriptor is non-blocking does no harm: a channel
 * in blocking mode waits in {@code poll} whenever the kernel says "not now", on a platform thread
 * as on a virtual one, where only the virtual thread is held up.
 */
public final class SocketChannels {
  private static final MethodHandle NEW_DESCRIPTOR;
  private static final MethodHandle NEW_CHANNEL;
  private static final MethodHandle REMOTE_ADDRESS;

  static {
    try {
      MethodHandles.Lookup own = MethodHandles.lookup();
      Class<?> channel = Class.forName("sun.nio.ch.SocketChannelImpl");
      MethodHandles.Lookup jdk = MethodHandles.privateLookupIn(channel, own);
      NEW_DESCRIPTOR =
          jdk.findStatic(
              Class.forName("sun.nio.ch.IOUtil"),
              "newFD",
              MethodType.methodType(FileDescriptor.class, int.class));
      NEW_CHANNEL =
          jdk.findConstructor(
                  channel,
                  MethodType.methodType(
                      void.class,
                      SelectorProvider.class,
                      ProtocolFamily.class,
                      FileDescriptor.class,
                      SocketAddress.class))
              .asType(
                  MethodType.methodType(
                      SocketChannel.class,
                      SelectorProvider.class,
                      ProtocolFamily.class,
                      FileDescriptor.class,
                      SocketAddress.class));
      Class<?> net = Class.forName("sun.nio.ch.Net");
      REMOTE_ADDRESS =
          jdk.findStatic(
                  net,
                  "remoteAddress",
                  MethodType.methodType(java.net.InetSocketAddress.class, FileDescriptor.class))
              .asType(MethodType.methodType(SocketAddress.class, FileDescriptor.class));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(
          "This JDK does not let a socket be adopted by its descriptor. Add --add-opens"
              + " java.base/sun.nio.ch=ALL-UNNAMED to jvm-flags in worker.properties, and use"
              + " JDK 25.",
          e);
    }
  }

  private SocketChannels() {}

  /**
   * {@return the connection as a channel in blocking mode} Closing the channel closes the
   * descriptor; {@link Connection#closed} remains to be called after it.
   *
   * @param connection whose descriptor becomes the channel's
   * @throws IOException the descriptor is no socket; it stays the caller's
   */
  public static SocketChannel channel(Connection connection) throws IOException {
    return channel(connection.fd(), connection.listener().unix());
  }

  /**
   * {@return the connected socket {@code fd} as a channel in blocking mode}
   *
   * @param fd a descriptor, which becomes the channel's
   * @param unix whether it is a Unix socket, else one of IP
   * @throws IOException it is no socket; it stays the caller's
   */
  public static SocketChannel channel(int fd, boolean unix) throws IOException {
    try {
      FileDescriptor descriptor = (FileDescriptor) NEW_DESCRIPTOR.invokeExact(fd);
      ProtocolFamily family = unix ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET;
      @Nullable SocketAddress remote = unix ? null : remoteAddress(descriptor);
      return (SocketChannel)
          NEW_CHANNEL.invokeExact(SelectorProvider.provider(), family, descriptor, remote);
    } catch (Throwable e) {
      throw asIoException(e);
    }
  }

  /** Null if the client has already gone: the first read or write will say so. */
  private static @Nullable SocketAddress remoteAddress(FileDescriptor descriptor) throws Throwable {
    try {
      return (SocketAddress) REMOTE_ADDRESS.invokeExact(descriptor);
    } catch (IOException _) {
      return null;
    }
  }

  private static IOException asIoException(Throwable failure) {
    return switch (failure) {
      case Error error -> throw error;
      case RuntimeException unchecked -> throw unchecked;
      case IOException io -> io;
      default -> new IOException("A socket could not be adopted by its descriptor", failure);
    };
  }
}
