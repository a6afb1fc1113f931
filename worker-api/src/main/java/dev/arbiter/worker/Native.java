package dev.arbiter.worker;

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

/**
 * The few system calls a worker makes by itself, through java.lang.foreign. Any thread.
 *
 * <p>Why not jnr here: it costs each JVM a few hundred milliseconds and 40 MB, and a fleet pays
 * that once per worker. Calls that may block ({@link #accept}, {@link #read}) hold no lock and no
 * safepoint.
 */
final class Native {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private static final MethodHandle ACCEPT4 =
      handle(
          "accept4",
          FunctionDescriptor.of(INT, INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, INT));
  private static final MethodHandle READ =
      handle("read", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG));
  private static final MethodHandle WRITE =
      handle("write", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG));
  private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(INT, INT));
  private static final MethodHandle POLL =
      handle("poll", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, LONG, INT));
  private static final MethodHandle FCNTL =
      handle("fcntl", FunctionDescriptor.of(INT, INT, INT, INT), Linker.Option.firstVariadicArg(2));

  private Native() {}

  @SuppressWarnings("restricted") // the launcher grants native access
  static MethodHandle handle(String name, FunctionDescriptor descriptor, Linker.Option... more) {
    Linker.Option[] options = java.util.Arrays.copyOf(more, more.length + 1);
    options[more.length] = Linker.Option.captureCallState("errno");
    return LINKER.downcallHandle(
        LINKER.defaultLookup().find(name).orElseThrow(), descriptor, options);
  }

  /** A place for errno; one for each thread that makes calls. */
  static MemorySegment state(Arena arena) {
    return arena.allocate(STATE);
  }

  /** What the last call that was made with {@code state} failed with. */
  static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /**
   * Accepts one connection, non-blocking and close-on-exec. Blocks as long as the listener does
   * (SO_RCVTIMEO).
   *
   * @return the descriptor, or -errno
   */
  static int accept(int listener, MemorySegment state) {
    try {
      int fd =
          (int)
              ACCEPT4.invokeExact(
                  state,
                  listener,
                  MemorySegment.NULL,
                  MemorySegment.NULL,
                  Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC);
      return fd >= 0 ? fd : -(int) ERRNO.get(state, 0L);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /**
   * Reads what there is, blocking for the first byte.
   *
   * @return how many bytes; 0 at the end
   */
  static int read(int fd, MemorySegment buffer, MemorySegment state) throws IOException {
    try {
      while (true) {
        long count = (long) READ.invokeExact(state, fd, buffer, buffer.byteSize());
        if (count >= 0) {
          return (int) count;
        }
        int errno = (int) ERRNO.get(state, 0L);
        if (errno != Abi.EINTR) {
          throw new IOException("read(" + fd + ") failed with errno " + errno);
        }
      }
    } catch (IOException | Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /**
   * Writes once.
   *
   * @return how many bytes, or -errno
   */
  static int write(int fd, byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = state(arena);
      MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      while (true) {
        long count = (long) WRITE.invokeExact(state, fd, buffer, (long) bytes.length);
        if (count >= 0) {
          return (int) count;
        }
        int errno = (int) ERRNO.get(state, 0L);
        if (errno != Abi.EINTR) {
          return -errno;
        }
      }
    } catch (Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Waits until {@code fd} can be written, or has failed, or the time is over. */
  static void awaitWritable(int fd, int millis) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment poll = arena.allocate(Abi.POLLFD_SIZE, 4);
      poll.set(INT, 0, fd);
      poll.set(ValueLayout.JAVA_SHORT, Abi.POLLFD_EVENTS, Abi.POLLOUT);
      int _ = (int) POLL.invokeExact(state(arena), poll, 1L, millis);
    } catch (Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Waits until it can be read, or accepted from, for so long at most; whether it can. */
  static boolean readable(int fd, int millis) {
    // Whatever else is the matter with it, the next call tells.
    return readable(new int[] {fd}, ~0, millis)[0];
  }

  /** Which of them can be read, or accepted from, without waiting: poll(2). */
  static boolean[] readable(int... fds) {
    return readable(fds, Abi.POLLIN, 0);
  }

  private static boolean[] readable(int[] fds, int events, int millis) {
    boolean[] result = new boolean[fds.length];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment polls = arena.allocate((long) Abi.POLLFD_SIZE * fds.length, 4);
      for (int i = 0; i < fds.length; i++) {
        polls.set(INT, (long) Abi.POLLFD_SIZE * i, fds[i]);
        polls.set(
            ValueLayout.JAVA_SHORT, (long) Abi.POLLFD_SIZE * i + Abi.POLLFD_EVENTS, Abi.POLLIN);
      }
      int _ = (int) POLL.invokeExact(state(arena), polls, (long) fds.length, millis);
      for (int i = 0; i < fds.length; i++) {
        short happened =
            polls.get(ValueLayout.JAVA_SHORT, (long) Abi.POLLFD_SIZE * i + Abi.POLLFD_REVENTS);
        result[i] = (happened & events) != 0;
      }
      return result;
    } catch (Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  static void close(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) CLOSE.invokeExact(state(arena), fd);
    } catch (Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Keeps {@code fd} from processes the app starts. */
  static void closeOnExec(int fd) {
    fcntl(fd, Abi.F_SETFD, Abi.FD_CLOEXEC);
  }

  static void nonBlocking(int fd) {
    int flags = fcntl(fd, Abi.F_GETFL, 0);
    if (flags >= 0) {
      fcntl(fd, Abi.F_SETFL, flags | Abi.O_NONBLOCK);
    }
  }

  private static int fcntl(int fd, int command, int argument) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) FCNTL.invokeExact(state(arena), fd, command, argument);
    } catch (Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }
}
