package dev.arbiter.http;

import dev.arbiter.worker.Abi;
import dev.arbiter.worker.Syslog;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Where access lines go. One thread. */
interface LogSink extends Closeable {
  /** The most bytes a single write may have for its lines to stay whole. */
  default int most() {
    return Abi.PIPE_BUF;
  }

  /** Writes whole lines; blocks while the reader is slow. */
  void write(byte[] lines, int length) throws IOException;

  @Override
  default void close() throws IOException {}

  /** A file of our own, opened O_APPEND: each write lands in one piece at its end. */
  record File(FileChannel channel) implements LogSink {
    static File open(Path path) throws IOException {
      return new File(
          FileChannel.open(
              path,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.APPEND));
    }

    @Override
    public int most() {
      return 64 * 1024;
    }

    @Override
    public void write(byte[] lines, int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(lines, 0, length);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /** A syslog daemon: a message for each line. */
  record Daemon(Syslog syslog) implements LogSink {
    @Override
    public void write(byte[] lines, int length) throws IOException {
      syslog.send(
          Syslog.INFO,
          new String(lines, 0, length, StandardCharsets.ISO_8859_1),
          System.currentTimeMillis());
    }

    @Override
    public void close() throws IOException {
      syslog.close();
    }
  }

  /** Two sinks; what one does not take the other still gets. */
  record Both(LogSink first, LogSink second) implements LogSink {
    @Override
    public int most() {
      return Math.min(first.most(), second.most());
    }

    @Override
    public void write(byte[] lines, int length) throws IOException {
      try {
        first.write(lines, length);
      } finally {
        second.write(lines, length);
      }
    }

    @Override
    public void close() throws IOException {
      try {
        first.close();
      } finally {
        second.close();
      }
    }
  }

  /**
   * A descriptor inherited from the arbiter and shared with the other workers. Write(2) directly:
   * the JDK can neither adopt a descriptor by number nor open one again that is a socket. A pipe
   * keeps writes of at most PIPE_BUF apart from each other (pipe(7)), so none is longer.
   */
  record Descriptor(int fd) implements LogSink {
    private static final int POLL_MILLIS = 1000;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
        STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle WRITE =
        Native.handle(
            "write",
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG));
    private static final MethodHandle POLL =
        Native.handle(
            "poll",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT));

    @Override
    public void write(byte[] lines, int length) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment state = arena.allocate(STATE);
        MemorySegment bytes = arena.allocate(length);
        MemorySegment.copy(lines, 0, bytes, ValueLayout.JAVA_BYTE, 0, length);
        long from = 0;
        while (from < length) {
          long written = (long) WRITE.invokeExact(state, fd, bytes.asSlice(from), length - from);
          if (written >= 0) {
            from += written;
            continue;
          }
          int errno = (int) ERRNO.get(state, 0L);
          if (errno == Abi.EAGAIN) {
            awaitRoom(arena, state);
          } else if (errno != Abi.EINTR) {
            throw new IOException("write to descriptor " + fd + " failed, errno " + errno);
          }
        }
      } catch (IOException | RuntimeException | Error known) {
        throw known;
      } catch (Throwable impossible) {
        throw new AssertionError(impossible);
      }
    }

    /** Someone sharing the descriptor has made it non-blocking: that is a flag of the open file. */
    private void awaitRoom(Arena arena, MemorySegment state) throws Throwable {
      MemorySegment poll = arena.allocate(Abi.POLLFD_SIZE, 4);
      poll.set(ValueLayout.JAVA_INT, 0, fd);
      poll.set(ValueLayout.JAVA_SHORT, Abi.POLLFD_EVENTS, Abi.POLLOUT);
      int _ = (int) POLL.invokeExact(state, poll, 1L, POLL_MILLIS);
    }

    private static final class Native {
      private Native() {}

      // Workers run with --enable-native-access; write and poll are described as in libc.
      @SuppressWarnings("restricted")
      static MethodHandle handle(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
            linker.defaultLookup().findOrThrow(name),
            type,
            Linker.Option.captureCallState("errno"));
      }
    }
  }
}
