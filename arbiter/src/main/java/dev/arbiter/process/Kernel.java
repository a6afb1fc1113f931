package dev.arbiter.process;

import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * The system calls that neither the JDK nor jnr-posix offers, through java.lang.foreign: sockets by
 * descriptor, close_range, dispositions. Any thread.
 */
public final class Kernel {

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final AddressLayout PTR = ValueLayout.ADDRESS;
  private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle SOCKET =
      of("socket", FunctionDescriptor.of(INT, INT, INT, INT));
  private static final MethodHandle BIND = of("bind", FunctionDescriptor.of(INT, INT, PTR, INT));
  private static final MethodHandle LISTEN = of("listen", FunctionDescriptor.of(INT, INT, INT));
  private static final MethodHandle ACCEPT4 =
      of("accept4", FunctionDescriptor.of(INT, INT, PTR, PTR, INT));
  private static final MethodHandle FCHMOD = of("fchmod", FunctionDescriptor.of(INT, INT, INT));
  private static final MethodHandle GETEUID = of("geteuid", FunctionDescriptor.of(INT));
  private static final MethodHandle ISATTY = of("isatty", FunctionDescriptor.of(INT, INT));
  private static final MethodHandle CONNECT =
      of("connect", FunctionDescriptor.of(INT, INT, PTR, INT));
  private static final MethodHandle SETSOCKOPT =
      of("setsockopt", FunctionDescriptor.of(INT, INT, INT, INT, PTR, INT));
  private static final MethodHandle GETSOCKOPT =
      of("getsockopt", FunctionDescriptor.of(INT, INT, INT, INT, PTR, PTR));
  private static final MethodHandle GETSOCKNAME =
      of("getsockname", FunctionDescriptor.of(INT, INT, PTR, PTR));
  private static final MethodHandle OPEN =
      of("open", FunctionDescriptor.of(INT, PTR, INT), Linker.Option.firstVariadicArg(2));
  private static final MethodHandle DUP2 = of("dup2", FunctionDescriptor.of(INT, INT, INT));
  private static final MethodHandle FLOCK = of("flock", FunctionDescriptor.of(INT, INT, INT));
  private static final MethodHandle READ = of("read", FunctionDescriptor.of(LONG, INT, PTR, LONG));
  private static final MethodHandle WAITID =
      of("waitid", FunctionDescriptor.of(INT, INT, INT, PTR, INT));
  private static final MethodHandle SENDMSG =
      of("sendmsg", FunctionDescriptor.of(LONG, INT, PTR, INT));
  private static final MethodHandle CLOSE = of("close", FunctionDescriptor.of(INT, INT));
  private static final MethodHandle CLOSE_RANGE =
      of("close_range", FunctionDescriptor.of(INT, INT, INT, INT));
  private static final MethodHandle SIGNAL = of("signal", FunctionDescriptor.of(LONG, INT, LONG));
  private static final MethodHandle FCNTL =
      of("fcntl", FunctionDescriptor.of(INT, INT, INT, INT), Linker.Option.firstVariadicArg(2));

  private Kernel() {}

  /** A call that failed. */
  public static final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1;
    private final int errno;

    ErrnoException(String call, int errno) {
      super(call + " failed: " + Errno.text(errno));
      this.errno = errno;
    }

    /** As in errno(3). */
    public int errno() {
      return errno;
    }
  }

  /** socket(2). */
  public static int socket(int family, int type) throws ErrnoException {
    return call("socket", state -> (int) SOCKET.invokeExact(state, family, type, 0));
  }

  /** bind(2). {@code address} is a struct sockaddr. */
  public static void bind(int fd, byte[] address) throws ErrnoException {
    withBytes(
        "bind",
        address,
        (state, bytes) -> (int) BIND.invokeExact(state, fd, bytes, address.length));
  }

  /** connect(2). */
  public static void connect(int fd, byte[] address) throws ErrnoException {
    withBytes(
        "connect",
        address,
        (state, bytes) -> (int) CONNECT.invokeExact(state, fd, bytes, address.length));
  }

  /** accept4(2): the connection, close-on-exec and non-blocking. */
  public static int accept(int fd) throws ErrnoException {
    return call(
        "accept4",
        state ->
            (int)
                ACCEPT4.invokeExact(
                    state,
                    fd,
                    MemorySegment.NULL,
                    MemorySegment.NULL,
                    Abi.SOCK_CLOEXEC | Abi.SOCK_NONBLOCK));
  }

  /**
   * fchmod(2). On a socket that is not bound yet it decides the mode its file is created with, less
   * what the umask takes away: unix(7) does not say so, the kernel's unix_bind does.
   */
  public static void mode(int fd, int mode) throws ErrnoException {
    call("fchmod", state -> (int) FCHMOD.invokeExact(state, fd, mode));
  }

  /** geteuid(2). */
  public static long effectiveUser() {
    try (Arena arena = Arena.ofConfined()) {
      return Integer.toUnsignedLong((int) GETEUID.invokeExact(arena.allocate(STATE)));
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Whether {@code fd} is a terminal: isatty(3). */
  public static boolean isTerminal(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) ISATTY.invokeExact(arena.allocate(STATE), fd) == 1;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** listen(2). */
  public static void listen(int fd, int backlog) throws ErrnoException {
    call("listen", state -> (int) LISTEN.invokeExact(state, fd, backlog));
  }

  /** setsockopt(2), with an option that is an int or a struct timeval. */
  public static void setOption(int fd, int level, int option, byte[] value) throws ErrnoException {
    withBytes(
        "setsockopt",
        value,
        (state, bytes) ->
            (int) SETSOCKOPT.invokeExact(state, fd, level, option, bytes, value.length));
  }

  /** getsockopt(2), for an option that is an int. */
  public static int option(int fd, int level, int option) throws ErrnoException {
    return option(fd, level, option, 4).getInt();
  }

  /** getsockopt(2), for an option that is a struct: its first {@code size} bytes, native order. */
  public static ByteBuffer option(int fd, int level, int option, int size) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(size, 8);
      MemorySegment length = arena.allocate(4, 4);
      length.set(INT, 0, size);
      call(
          "getsockopt",
          state -> (int) GETSOCKOPT.invokeExact(state, fd, level, option, value, length));
      return ByteBuffer.wrap(value.toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.nativeOrder());
    }
  }

  /** getsockname(2): a struct sockaddr of the length the kernel says. */
  public static byte[] name(int fd) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(Abi.SOCKADDR_STORAGE_SIZE, 8);
      MemorySegment length = arena.allocate(4, 4);
      length.set(INT, 0, Abi.SOCKADDR_STORAGE_SIZE);
      call("getsockname", state -> (int) GETSOCKNAME.invokeExact(state, fd, address, length));
      return address
          .asSlice(0, Math.min(Abi.SOCKADDR_STORAGE_SIZE, length.get(INT, 0)))
          .toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** open(2): a folder, to be locked. */
  public static int openFolder(Path folder) throws ErrnoException {
    return open(folder, Abi.O_CLOEXEC | Abi.O_NONBLOCK);
  }

  /** open(2): a file that is there, to write at its end. */
  public static int openToAppend(Path file) throws ErrnoException {
    return open(file, Abi.O_CLOEXEC | Abi.O_WRONLY | Abi.O_APPEND);
  }

  private static int open(Path file, int flags) throws ErrnoException {
    byte[] path = (file + "\0").getBytes(StandardCharsets.UTF_8);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, path);
      return call("open of " + file, state -> (int) OPEN.invokeExact(state, text, flags));
    }
  }

  /** dup2(2): what is written to {@code fd} from now on goes to the end of a file that is there. */
  public static void redirect(int fd, Path file) throws ErrnoException {
    int opened = openToAppend(file);
    try {
      call("dup2", state -> (int) DUP2.invokeExact(state, opened, fd));
    } finally {
      close(opened);
    }
  }

  /** flock(2): an exclusive lock, which ends when {@code fd} is closed; does not wait for it. */
  public static void lock(int fd) throws ErrnoException {
    call("flock", state -> (int) FLOCK.invokeExact(state, fd, Abi.LOCK_EX | Abi.LOCK_NB));
  }

  /** read(2). */
  static int read(int fd, byte[] buffer) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(buffer.length);
      while (true) {
        try {
          int count =
              call(
                  "read",
                  state -> (int) (long) READ.invokeExact(state, fd, bytes, bytes.byteSize()));
          MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, buffer, 0, count);
          return count;
        } catch (ErrnoException e) {
          if (e.errno() != Abi.EINTR) {
            throw e;
          }
        }
      }
    }
  }

  /**
   * sendmsg(2) of one datagram, without waiting.
   *
   * @param address whom it is for, a struct sockaddr
   * @param passed a descriptor that the receiver is given a copy of, see unix(7)
   */
  public static void send(int fd, byte[] address, byte[] text, OptionalInt passed)
      throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment part = arena.allocate(Abi.IOVEC_SIZE, 8);
      part.set(PTR, 0, arena.allocateFrom(ValueLayout.JAVA_BYTE, text));
      part.set(LONG, Abi.IOVEC_LENGTH, text.length);
      MemorySegment message = arena.allocate(Abi.MSGHDR_SIZE, 8);
      message.set(PTR, 0, arena.allocateFrom(ValueLayout.JAVA_BYTE, address));
      message.set(INT, Abi.MSGHDR_NAME_LENGTH, address.length);
      message.set(PTR, Abi.MSGHDR_PARTS, part);
      message.set(LONG, Abi.MSGHDR_PART_COUNT, 1);
      if (passed.isPresent()) {
        MemorySegment control = arena.allocate(Abi.CMSG_SPACE, 8);
        control.set(LONG, 0, (long) Abi.CMSG_LENGTH);
        control.set(INT, Abi.CMSG_LEVEL, Abi.SOL_SOCKET);
        control.set(INT, Abi.CMSG_TYPE, Abi.SCM_RIGHTS);
        control.set(INT, Abi.CMSG_DATA, passed.getAsInt());
        message.set(PTR, Abi.MSGHDR_CONTROL, control);
        message.set(LONG, Abi.MSGHDR_CONTROL_LENGTH, (long) Abi.CMSG_SPACE);
      }
      call(
          "sendmsg",
          state ->
              (int)
                  (long)
                      SENDMSG.invokeExact(state, fd, message, Abi.MSG_DONTWAIT | Abi.MSG_NOSIGNAL));
    }
  }

  /** A copy of {@code fd} at {@code least} or above, close-on-exec. */
  public static int duplicateAbove(int fd, int least) throws ErrnoException {
    return call("fcntl", state -> (int) FCNTL.invokeExact(state, fd, Abi.F_DUPFD_CLOEXEC, least));
  }

  /** Makes {@code fd} blocking or not: for everyone who shares the open file description. */
  public static void nonBlocking(int fd, boolean on) throws ErrnoException {
    int flags = call("fcntl", state -> (int) FCNTL.invokeExact(state, fd, Abi.F_GETFL, 0));
    int wanted = on ? flags | Abi.O_NONBLOCK : flags & ~Abi.O_NONBLOCK;
    call("fcntl", state -> (int) FCNTL.invokeExact(state, fd, Abi.F_SETFL, wanted));
  }

  /** Marks every descriptor from {@code first} on as close-on-exec. */
  static void closeOnExecFrom(int first) throws ErrnoException {
    call(
        "close_range",
        state -> (int) CLOSE_RANGE.invokeExact(state, first, -1, Abi.CLOSE_RANGE_CLOEXEC));
  }

  /**
   * Gives a signal its default disposition. A HUP, INT or TERM that was ignored when the arbiter
   * was launched (nohup, a script's background job) never reaches the JVM's handler otherwise.
   */
  public static void defaultDisposition(int signal) {
    try (Arena arena = Arena.ofConfined()) {
      long _ = (long) SIGNAL.invokeExact(arena.allocate(STATE), signal, 0L);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** waitid(2): a child that has ended and stays to be reaped; 0 if there is none. */
  static int peekEnded() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(Abi.SIGINFO_SIZE, 8);
      int failed =
          (int)
              WAITID.invokeExact(
                  arena.allocate(STATE),
                  Abi.P_ALL,
                  0,
                  info,
                  Abi.WNOHANG | Abi.WEXITED | Abi.WNOWAIT);
      return failed == 0 ? info.get(INT, Abi.SIGINFO_PID) : 0; // ECHILD: no child at all
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** close(2); errors mean it was closed already. */
  public static void close(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) CLOSE.invokeExact(arena.allocate(STATE), fd);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  @FunctionalInterface
  interface Call {
    int make(MemorySegment state) throws Throwable;
  }

  @FunctionalInterface
  private interface BytesCall {
    int make(MemorySegment state, MemorySegment bytes) throws Throwable;
  }

  static int call(String name, Call call) throws ErrnoException {
    int result;
    int errno;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      result = call.make(state);
      errno = result >= 0 ? 0 : (int) ERRNO.get(state, 0L);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
    if (result < 0) {
      throw new ErrnoException(name, errno);
    }
    return result;
  }

  private static void withBytes(String name, byte[] bytes, BytesCall call) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(bytes.length, 8);
      MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
      call(name, state -> call.make(state, segment));
    }
  }

  @SuppressWarnings("restricted") // the launcher grants native access
  static MethodHandle of(String name, FunctionDescriptor descriptor, Linker.Option... more) {
    Linker.Option[] options = java.util.Arrays.copyOf(more, more.length + 1);
    options[more.length] = Linker.Option.captureCallState("errno");
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().find(name).orElseThrow(), descriptor, options);
  }
}
