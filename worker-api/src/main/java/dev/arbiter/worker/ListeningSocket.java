package dev.arbiter.worker;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.time.Duration;

/**
 * A TCP socket that listens, made by this process where no arbiter has made one: as {@link
 * Acceptor} wants it, blocking, with a limit on how long accept waits. The JDK's own cannot be
 * used: it does not tell its descriptor. Any thread.
 *
 * @param fd its descriptor, who made it closes it
 * @param address where it listens, with the port it was given
 */
record ListeningSocket(int fd, InetSocketAddress address) {
  /** What the kernel cuts to net.core.somaxconn. */
  private static final int BACKLOG = 2048;

  /** How long an accepting thread takes to notice that it is to leave. */
  private static final Duration LOOK_UP = Duration.ofMillis(100);

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfShort BIG_ENDIAN =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

  private static final MethodHandle SOCKET =
      Native.handle("socket", FunctionDescriptor.of(INT, INT, INT, INT));
  private static final MethodHandle SETSOCKOPT =
      Native.handle(
          "setsockopt", FunctionDescriptor.of(INT, INT, INT, INT, ValueLayout.ADDRESS, INT));
  private static final MethodHandle BIND =
      Native.handle("bind", FunctionDescriptor.of(INT, INT, ValueLayout.ADDRESS, INT));
  private static final MethodHandle LISTEN =
      Native.handle("listen", FunctionDescriptor.of(INT, INT, INT));
  private static final MethodHandle GETSOCKNAME =
      Native.handle(
          "getsockname", FunctionDescriptor.of(INT, INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));

  /**
   * Binds and listens.
   *
   * @param address port 0 for one that is free
   * @throws IOException it cannot; says why
   */
  static ListeningSocket open(InetSocketAddress address) throws IOException {
    InetAddress ip = address.getAddress();
    if (ip == null) {
      throw new IOException("the host " + address.getHostString() + " is not known");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.state(arena);
      byte[] raw = ip.getAddress();
      boolean v4 = raw.length == 4;
      int fd =
          (int)
              SOCKET.invokeExact(
                  state, v4 ? Abi.AF_INET : Abi.AF_INET6, Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC, 0);
      require(fd, "socket", state);
      boolean listens = false;
      try {
        MemorySegment on = arena.allocateFrom(INT, 1);
        set(fd, Abi.SOL_SOCKET, Abi.SO_REUSEADDR, on, state);
        if (!v4) {
          set(
              fd,
              Abi.IPPROTO_IPV6,
              Abi.IPV6_V6ONLY,
              on,
              state); // what is asked for, and nothing beside it
        }
        long micros = LOOK_UP.toNanos() / 1000;
        set(fd, Abi.SOL_SOCKET, Abi.SO_RCVTIMEO, arena.allocateFrom(LONG, 0, micros), state);

        MemorySegment name = arena.allocate(Abi.SOCKADDR_IN6_SIZE, 8);
        name.set(ValueLayout.JAVA_SHORT, 0, (short) (v4 ? Abi.AF_INET : Abi.AF_INET6));
        name.set(BIG_ENDIAN, Abi.SOCKADDR_PORT, (short) address.getPort());
        MemorySegment.copy(
            raw,
            0,
            name,
            ValueLayout.JAVA_BYTE,
            v4 ? Abi.SOCKADDR_IN_ADDRESS : Abi.SOCKADDR_IN6_ADDRESS,
            raw.length);
        int size = v4 ? Abi.SOCKADDR_IN_SIZE : Abi.SOCKADDR_IN6_SIZE;
        require((int) BIND.invokeExact(state, fd, name, size), "bind", state);
        require((int) LISTEN.invokeExact(state, fd, BACKLOG), "listen", state);
        MemorySegment length = arena.allocateFrom(INT, Abi.SOCKADDR_IN6_SIZE);
        require((int) GETSOCKNAME.invokeExact(state, fd, name, length), "getsockname", state);
        int port = name.get(BIG_ENDIAN, Abi.SOCKADDR_PORT) & 0xffff;
        listens = true;
        return new ListeningSocket(fd, new InetSocketAddress(ip, port));
      } finally {
        if (!listens) {
          Native.close(fd);
        }
      }
    } catch (IOException | Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static void set(int fd, int level, int option, MemorySegment value, MemorySegment state)
      throws Throwable {
    int size = (int) value.byteSize();
    require(
        (int) SETSOCKOPT.invokeExact(state, fd, level, option, value, size), "setsockopt", state);
  }

  private static void require(int result, String call, MemorySegment state) throws IOException {
    if (result < 0) {
      int errno = Native.errno(state);
      throw new IOException(
          switch (errno) {
            case Abi.EACCES -> "permission denied"; // ports below 1024
            case Abi.EADDRINUSE -> "the address is in use";
            case Abi.EADDRNOTAVAIL -> "the address is not of this machine";
            default -> call + " failed with errno " + errno;
          });
    }
  }
}
