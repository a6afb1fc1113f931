package dev.arbiter.worker;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Two connected Unix sockets, for a worker that talks to itself: nobody else can connect to them,
 * and they need no port. The descriptors belong to the caller.
 *
 * @param ours blocking, for the side that asks
 * @param theirs non-blocking and close-on-exec, as an accepted connection is
 */
public record SocketPair(int ours, int theirs) {
  /**
   * Makes a pair.
   *
   * @return two descriptors, the caller's to close
   * @throws IOException the system has none to give
   */
  @SuppressWarnings("restricted") // the kind's descriptor grants native access
  public static SocketPair open() throws IOException {
    Linker linker = Linker.nativeLinker();
    MethodHandle socketpair =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("socketpair"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pair = arena.allocate(ValueLayout.JAVA_INT, 2);
      int result =
          (int) socketpair.invokeExact(Abi.AF_UNIX, Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC, 0, pair);
      if (result != 0) {
        throw new IOException("socketpair failed");
      }
      int[] both = pair.toArray(ValueLayout.JAVA_INT);
      Native.nonBlocking(both[1]);
      return new SocketPair(both[0], both[1]);
    } catch (IOException | RuntimeException | Error known) {
      throw known;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /**
   * Sends all of {@code bytes}, which must be few: what the socket's buffer holds.
   *
   * @param bytes sent by {@link #ours}
   * @throws IOException the socket is closed, or has taken a part only
   */
  public void write(byte[] bytes) throws IOException {
    int count = Native.write(ours, bytes);
    if (count != bytes.length) {
      throw new IOException("a socket of the worker's own took " + count + " bytes");
    }
  }

  /**
   * Waits for bytes.
   *
   * @param most bytes at once, from 1
   * @return what came; empty at the end
   * @throws IOException the socket is closed
   */
  public byte[] read(int most) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(most);
      int count = Native.read(ours, buffer, Native.state(arena));
      return buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Closes the side that asks. */
  public void close() {
    Native.close(ours);
  }
}
