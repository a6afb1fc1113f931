package dev.arbiter.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * Binds a listening socket on 127.0.0.1 and becomes another program that inherits it, by execv: so
 * the peer's processes share one socket exactly as workers do. Short-lived; ends in the exec.
 *
 * <p>Arguments: port, program, its arguments; {@code {fd}} in one of them becomes the descriptor.
 */
@SuppressWarnings("restricted") // the JDK can neither pass on a socket nor exec
final class SharedListener {
  private static final short AF_INET = 2;

  /** Non-blocking, as Netty needs it; without CLOEXEC, so that it outlives the exec. */
  private static final int SOCK_STREAM_NONBLOCK = 1 | 0x800;

  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int BACKLOG = 2048;
  private static final ValueLayout.OfShort NETWORK_SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

  private SharedListener() {}

  public static void main(String[] args) throws Throwable {
    int port = Integer.parseInt(args[0]);
    try (Arena arena = Arena.ofConfined()) {
      String fd = Integer.toString(listen(arena, port));
      List<String> command =
          Arrays.stream(args).skip(1).map(word -> word.replace("{fd}", fd)).toList();
      become(arena, command);
    }
  }

  private static int listen(Arena arena, int port) throws Throwable {
    int fd =
        (int)
            call("socket", JAVA_INT, JAVA_INT, JAVA_INT)
                .invokeExact((int) AF_INET, SOCK_STREAM_NONBLOCK, 0);
    check(fd, "socket");
    MemorySegment on = arena.allocateFrom(JAVA_INT, 1);
    check(
        (int)
            call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT)
                .invokeExact(fd, SOL_SOCKET, SO_REUSEADDR, on, (int) on.byteSize()),
        "setsockopt");
    MemorySegment address = arena.allocate(16); // struct sockaddr_in, see ip(7)
    address.set(JAVA_SHORT, 0, AF_INET);
    address.set(NETWORK_SHORT, 2, (short) port);
    MemorySegment.copy(new byte[] {127, 0, 0, 1}, 0, address, JAVA_BYTE, 4, 4);
    check(
        (int)
            call("bind", JAVA_INT, ADDRESS, JAVA_INT)
                .invokeExact(fd, address, (int) address.byteSize()),
        "bind to port " + port);
    check((int) call("listen", JAVA_INT, JAVA_INT).invokeExact(fd, BACKLOG), "listen");
    return fd;
  }

  private static void become(Arena arena, List<String> command) throws Throwable {
    MemorySegment argv = arena.allocate(ADDRESS, command.size() + 1L); // the last stays NULL
    for (int i = 0; i < command.size(); i++) {
      argv.setAtIndex(ADDRESS, i, arena.allocateFrom(command.get(i)));
    }
    MemorySegment program = arena.allocateFrom(command.getFirst());
    check((int) call("execv", ADDRESS, ADDRESS).invokeExact(program, argv), "exec of " + command);
  }

  private static MethodHandle call(String name, MemoryLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static void check(int result, String what) throws IOException {
    if (result < 0) {
      throw new IOException(what + " failed");
    }
  }
}
