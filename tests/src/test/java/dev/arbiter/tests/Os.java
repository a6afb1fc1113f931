package dev.arbiter.tests;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** The few system calls the JDK does not offer. */
@SuppressWarnings("restricted") // reaching the C library is what this class is for
final class Os {
  /** A signal, by the number it has on both architectures Arbiter runs on. */
  enum Signal {
    HUP(1),
    INT(2),
    QUIT(3),
    KILL(9),
    USR1(10),
    USR2(12),
    TERM(15),
    CONT(18),
    STOP(19),
    TTIN(21),
    TTOU(22),
    WINCH(28);

    final int number;

    Signal(int number) {
      this.number = number;
    }

    /** Whether this signal's bit is set in a mask such as {@code SigBlk}. */
    boolean in(long mask) {
      return (mask & (1L << (number - 1))) != 0;
    }
  }

  private static final int O_WRONLY_NONBLOCK = 1 | 0x800;
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle KILL =
      bind("kill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle OPEN =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("open"),
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle WRITE =
      bind("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle CLOSE =
      bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private Os() {}

  private static MethodHandle bind(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor);
  }

  /** Sends a signal; false if there is no such process (any more). */
  static boolean kill(long pid, Signal signal) {
    try {
      return (int) KILL.invokeExact(Math.toIntExact(pid), signal.number) == 0;
    } catch (Throwable e) {
      throw new IllegalStateException("kill(" + pid + ", " + signal + ")", e);
    }
  }

  /**
   * Fills the pipe behind {@code path} (such as {@code /proc/PID/fd/2}) to the last byte. The path
   * is opened anew, so that the non-blocking mode set here is not seen by the pipe's other users.
   *
   * @return how many bytes fitted
   */
  static long fillPipe(Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      int fd = (int) OPEN.invokeExact(arena.allocateFrom(path.toString()), O_WRONLY_NONBLOCK);
      if (fd < 0) {
        throw new IOException("Cannot open " + path + " for writing");
      }
      try {
        MemorySegment line = arena.allocate(MemoryLayout.sequenceLayout(4096, JAVA_BYTE));
        line.fill((byte) '\n');
        // Whole pages first; what then still fits goes in byte by byte.
        return write(fd, line, 4096) + write(fd, line, 1);
      } finally {
        int ignored = (int) CLOSE.invokeExact(fd);
      }
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException("Cannot fill " + path, e);
    }
  }

  private static long write(int fd, MemorySegment bytes, long size) throws Throwable {
    long total = 0;
    long written;
    while ((written = (long) WRITE.invokeExact(fd, bytes, size)) > 0) {
      total += written;
    }
    return total;
  }
}
