package dev.arbiter.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A connected, non-blocking Unix socket of datagrams, such as {@code /dev/log} takes them: the JDK
 * has Unix sockets of streams alone. One thread.
 */
final class UnixDatagrams implements WritableByteChannel {
  private static final int CLOSED = -1;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final MethodHandle SOCKET =
      Native.handle("socket", FunctionDescriptor.of(INT, INT, INT, INT));
  private static final MethodHandle CONNECT =
      Native.handle("connect", FunctionDescriptor.of(INT, INT, ValueLayout.ADDRESS, INT));

  private final AtomicInteger fd;

  private UnixDatagrams(int fd) {
    this.fd = new AtomicInteger(fd);
  }

  /** A socket that sends to the one at {@code path}. */
  static UnixDatagrams connect(String path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.state(arena);
      int fd =
          (int)
              SOCKET.invokeExact(
                  state, Abi.AF_UNIX, Abi.SOCK_DGRAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0);
      if (fd < 0) {
        throw new IOException("socket failed with errno " + Native.errno(state));
      }
      MemorySegment address = arena.allocate(Abi.SOCKADDR_UN_SIZE, 2);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) Abi.AF_UNIX);
      byte[] name = path.getBytes(UTF_8);
      MemorySegment.copy(
          name, 0, address, ValueLayout.JAVA_BYTE, Abi.SOCKADDR_UN_PATH, name.length);
      if ((int) CONNECT.invokeExact(state, fd, address, Abi.SOCKADDR_UN_PATH + name.length + 1)
          < 0) {
        int errno = Native.errno(state);
        Native.close(fd);
        throw new IOException("connect to " + path + " failed with errno " + errno);
      }
      return new UnixDatagrams(fd);
    } catch (IOException | RuntimeException | Error known) {
      throw known;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Sends one datagram, or nothing if it cannot be taken at once. */
  @Override
  public int write(ByteBuffer datagram) throws IOException {
    byte[] bytes = new byte[datagram.remaining()];
    datagram.duplicate().get(bytes);
    int count = Native.write(fd.get(), bytes);
    if (count == -Abi.EAGAIN) {
      return 0;
    }
    if (count < 0) {
      throw new IOException("write failed with errno " + -count);
    }
    datagram.position(datagram.position() + count);
    return count;
  }

  @Override
  public boolean isOpen() {
    return fd.get() != CLOSED;
  }

  @Override
  public void close() {
    int open = fd.getAndSet(CLOSED);
    if (open != CLOSED) {
      Native.close(open);
    }
  }
}
