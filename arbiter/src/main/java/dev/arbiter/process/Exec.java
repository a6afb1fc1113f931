package dev.arbiter.process;

import dev.arbiter.process.Kernel.ErrnoException;
import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Replaces the program of this process: same pid, same children, and of its descriptors only those
 * that are named. What is to be handed over goes into a file in memory.
 *
 * <p>Design note: signals. execve(2) keeps two things of the calling thread: its mask, and which
 * signals are ignored; handlers are gone. A signal that came before the new program has its own
 * handlers would end the process. So the thread that calls blocks all signals an arbiter answers
 * to: what comes after the exec waits, since a signal that all threads block stays pending and is
 * not discarded even if it is ignored (POSIX leaves that open, Linux keeps it). They are ignored as
 * well, for the sake of the JVM that follows: it unblocks HUP, INT and TERM early, before it
 * handles them, unless it finds them ignored, as after nohup; then it leaves them alone. The new
 * arbiter sets the disposition, installs its handlers, and unblocks ({@link #unblockSignals}), and
 * is told what waited. CHLD must not be ignored, or the kernel would reap the workers.
 *
 * <p>What is not covered: a signal that comes between the moment it is ignored and the end of the
 * other threads, which still have it unblocked: well under a millisecond.
 */
public final class Exec {
  private static final int[] SIGNALS = {
    Abi.SIGHUP,
    Abi.SIGINT,
    Abi.SIGQUIT,
    Abi.SIGUSR1,
    Abi.SIGUSR2,
    Abi.SIGTERM,
    Abi.SIGTTIN,
    Abi.SIGTTOU,
    Abi.SIGWINCH
  };

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout PTR = ValueLayout.ADDRESS;
  private static final MethodHandle EXECVE =
      Kernel.of("execve", FunctionDescriptor.of(INT, PTR, PTR, PTR));
  private static final MethodHandle CHDIR = Kernel.of("chdir", FunctionDescriptor.of(INT, PTR));
  private static final MethodHandle SIGMASK =
      Kernel.of("pthread_sigmask", FunctionDescriptor.of(INT, INT, PTR, PTR));
  private static final MethodHandle SIGADDSET =
      Kernel.of("sigaddset", FunctionDescriptor.of(INT, PTR, INT));
  private static final MethodHandle SIGNAL =
      Kernel.of("signal", FunctionDescriptor.of(LONG, INT, LONG));
  private static final MethodHandle SIGACTION_CALL =
      Kernel.of("sigaction", FunctionDescriptor.of(INT, INT, PTR, PTR));
  private static final MethodHandle SET_FLAG =
      Kernel.of(
          "fcntl",
          FunctionDescriptor.of(INT, INT, INT, INT),
          java.lang.foreign.Linker.Option.firstVariadicArg(2));
  private static final MethodHandle MEMFD =
      Kernel.of("memfd_create", FunctionDescriptor.of(INT, PTR, INT));
  private static final MethodHandle WRITE =
      Kernel.of("write", FunctionDescriptor.of(LONG, INT, PTR, LONG));
  private static final MethodHandle POLL =
      Kernel.of("poll", FunctionDescriptor.of(INT, PTR, LONG, INT));

  private Exec() {}

  /**
   * Becomes another program. Returns only by an exception: then this one is as it was, except that
   * its directory is {@code directory}.
   *
   * @param command the program's path, and its arguments
   * @param wanted asked at the last moment: false if something has come meanwhile
   * @param keep descriptors above 2 that go on to it, at their numbers; all others are closed
   * @throws IOException it cannot be executed
   */
  public static void become(
      List<String> command,
      Map<String, String> environment,
      Path directory,
      Collection<Integer> keep,
      BooleanSupplier wanted)
      throws IOException {
    PosixOs.STARTING.lock(); // no process is started meanwhile, which would inherit what is kept
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment folder = arena.allocateFrom(directory.toString());
      Kernel.call("chdir to " + directory, state -> (int) CHDIR.invokeExact(state, folder));
      MemorySegment path = arena.allocateFrom(command.getFirst());
      MemorySegment argv = strings(arena, command);
      MemorySegment envp =
          strings(
              arena,
              environment.entrySet().stream()
                  .map(entry -> entry.getKey() + "=" + entry.getValue())
                  .toList());
      MemorySegment blocked = set(arena);
      MemorySegment mask = arena.allocate(Abi.SIGSET_SIZE, 8);
      MemorySegment before = arena.allocate((long) Abi.SIGACTION_ROOM * SIGNALS.length, 8);
      rehearse(arena);
      for (int i = 0; i < SIGNALS.length; i++) {
        sigaction(
            SIGNALS[i],
            MemorySegment.NULL,
            before.asSlice((long) i * Abi.SIGACTION_ROOM, Abi.SIGACTION_ROOM));
      }
      Kernel.closeOnExecFrom(3);
      for (int fd : keep) {
        closeOnExec(fd, 0);
      }
      mask(Abi.SIG_BLOCK, blocked, mask);
      try {
        if (!wanted.getAsBoolean()) {
          throw new IOException("not now");
        }
        for (int i = 0; i < SIGNALS.length; i++) {
          int signal = SIGNALS[i];
          Kernel.call(
              "signal",
              state -> (long) SIGNAL.invokeExact(state, signal, (long) Abi.SIG_IGN) == -1 ? -1 : 0);
        }
        Kernel.call(
            "execve of " + command.getFirst(),
            state -> (int) EXECVE.invokeExact(state, path, argv, envp));
      } finally { // only if it did not work
        for (int i = 0; i < SIGNALS.length; i++) {
          sigaction(
              SIGNALS[i],
              before.asSlice((long) i * Abi.SIGACTION_ROOM, Abi.SIGACTION_ROOM),
              MemorySegment.NULL);
        }
        mask(Abi.SIG_SETMASK, mask, MemorySegment.NULL);
        for (int fd : keep) {
          closeOnExec(fd, 1);
        }
      }
    } finally {
      PosixOs.STARTING.unlock();
    }
  }

  /**
   * Lets this thread take the signals that {@link #become} has blocked, once there are handlers for
   * them; those that waited come at once. On the thread that is to take them: the others keep them
   * blocked.
   */
  public static void unblockSignals() {
    try (Arena arena = Arena.ofConfined()) {
      mask(Abi.SIG_UNBLOCK, set(arena), MemorySegment.NULL);
    } catch (ErrnoException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /**
   * A file in memory that holds {@code bytes} and has no name; close-on-exec.
   *
   * @param name as it is seen in /proc/PID/fd
   */
  public static int memory(String name, byte[] bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment called = arena.allocateFrom(name);
      int fd =
          Kernel.call(
              "memfd_create", state -> (int) MEMFD.invokeExact(state, called, Abi.MFD_CLOEXEC));
      MemorySegment content = arena.allocate(Math.max(1, bytes.length));
      MemorySegment.copy(bytes, 0, content, ValueLayout.JAVA_BYTE, 0, bytes.length);
      for (long at = 0; at < bytes.length; ) {
        MemorySegment left = content.asSlice(at, bytes.length - at);
        at +=
            Kernel.call(
                "write", state -> (int) (long) WRITE.invokeExact(state, fd, left, left.byteSize()));
      }
      return fd;
    }
  }

  /** poll(2) for something to read, or the end of it. */
  static boolean poll(int fd, int millis) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(Abi.POLLFD_SIZE, 4);
      while (true) {
        entry.set(INT, 0, fd);
        entry.set(ValueLayout.JAVA_SHORT, Abi.POLLFD_EVENTS, Abi.POLLIN);
        try {
          return Kernel.call("poll", state -> (int) POLL.invokeExact(state, entry, 1L, millis)) > 0;
        } catch (ErrnoException e) {
          if (e.errno() != Abi.EINTR) {
            throw e;
          }
        }
      }
    }
  }

  /** The first call of a method handle takes milliseconds; the ones that count should not. */
  private static void rehearse(Arena arena) throws ErrnoException {
    MemorySegment nothing = arena.allocate(Abi.SIGACTION_ROOM, 8);
    mask(Abi.SIG_BLOCK, MemorySegment.NULL, nothing);
    sigaction(SIGNALS[0], MemorySegment.NULL, nothing);
    MemorySegment noName = arena.allocateFrom("");
    MemorySegment none = strings(arena, List.of());
    try {
      Kernel.call("execve", state -> (int) EXECVE.invokeExact(state, noName, none, none));
    } catch (ErrnoException expected) {
      // There is no program without a name.
    }
  }

  private static MemorySegment set(Arena arena) throws ErrnoException {
    MemorySegment set = arena.allocate(Abi.SIGSET_SIZE, 8);
    for (int signal : SIGNALS) {
      Kernel.call("sigaddset", state -> (int) SIGADDSET.invokeExact(state, set, signal));
    }
    Kernel.call("sigaddset", state -> (int) SIGADDSET.invokeExact(state, set, Abi.SIGCHLD));
    return set;
  }

  private static void mask(int how, MemorySegment set, MemorySegment old) throws ErrnoException {
    Kernel.call("pthread_sigmask", state -> (int) SIGMASK.invokeExact(state, how, set, old));
  }

  private static void sigaction(int signal, MemorySegment set, MemorySegment old)
      throws ErrnoException {
    Kernel.call("sigaction", state -> (int) SIGACTION_CALL.invokeExact(state, signal, set, old));
  }

  private static void closeOnExec(int fd, int flag) throws ErrnoException {
    Kernel.call(
        "fcntl of descriptor " + fd,
        state -> (int) SET_FLAG.invokeExact(state, fd, Abi.F_SETFD, flag));
  }

  private static MemorySegment strings(Arena arena, List<String> strings) {
    List<MemorySegment> copies = new ArrayList<>();
    strings.forEach(text -> copies.add(arena.allocateFrom(text)));
    MemorySegment array = arena.allocate(8L * (copies.size() + 1), 8);
    for (int i = 0; i < copies.size(); i++) {
      array.setAtIndex(ValueLayout.ADDRESS, i, copies.get(i));
    }
    array.setAtIndex(ValueLayout.ADDRESS, copies.size(), MemorySegment.NULL);
    return array;
  }
}
