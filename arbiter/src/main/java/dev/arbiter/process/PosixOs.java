package dev.arbiter.process;

import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongPredicate;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.byref.IntByReference;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import jnr.posix.UnixLibC;
import jnr.posix.util.DefaultPOSIXHandler;

/**
 * The real operating system. {@link #spawn} is for one thread at a time; the rest for any.
 *
 * <p>Design note: spawn. A JVM cannot fork, and {@link ProcessBuilder} closes every descriptor
 * above 2. posix_spawn passes descriptors, and has three traps here. (1) The JDK opens jars and
 * sockets without close-on-exec, and a child would inherit them all, so everything above 2 is
 * marked right before. (2) A thread of a JVM runs with QUIT blocked, and a child inherits that
 * mask, so that it would ignore our request for a thread dump; mask and dispositions are set
 * through the attributes. (3) jnr's wrapper hides both those attributes and the error; the C
 * interface below it has them. Targets may collide with sources, so the sources are duplicated
 * above all targets first (no further: RLIMIT_NOFILE may be small); dup2 clears close-on-exec.
 */
public final class PosixOs implements Os {
  /** Held while a process is started, here or by the JDK. */
  public static final ReentrantLock STARTING = new ReentrantLock();

  private static final int UNKNOWN_END = 255 << 8;

  private final boolean isFirst = ProcessHandle.current().pid() == 1;
  private final POSIX posix;
  private final UnixLibC libc;
  private final Runtime runtime;

  /**
   * @throws IllegalStateException jnr could not load its library
   */
  public PosixOs() {
    posix = load();
    libc = (UnixLibC) posix.libc();
    runtime = Runtime.getRuntime(libc);
  }

  /**
   * @throws IllegalStateException jnr could not load its library
   */
  static POSIX load() {
    POSIX loaded = POSIXFactory.getPOSIX(new DefaultPOSIXHandler(), true);
    if (!loaded.isNative()) {
      // It falls back to a pure Java imitation without a word, in which every pid is 0.
      throw new IllegalStateException(
          "The native library of jnr-posix cannot be loaded: is --enable-native-access missing, or is"
              + " java.io.tmpdir mounted noexec?");
    }
    return loaded;
  }

  @Override
  public void changeDirectory(java.nio.file.Path directory) {
    posix.chdir(directory.toString());
  }

  @Override
  public long spawn(Child child) throws IOException {
    // A process that the JDK starts at this moment would find its pipes marked close-on-exec.
    STARTING.lock();
    try {
      return spawnLocked(child);
    } finally {
      STARTING.unlock();
    }
  }

  @SuppressWarnings("deprecation") // jnr offers no other way to addopen
  private long spawnLocked(Child child) throws IOException {
    Pointer attributes = Memory.allocateDirect(runtime, Abi.POSIX_SPAWNATTR_SIZE, true);
    Pointer actions = Memory.allocateDirect(runtime, Abi.POSIX_SPAWN_FILE_ACTIONS_SIZE, true);
    int[] sources = new int[child.descriptors().size()];
    java.util.Arrays.fill(sources, -1);
    libc.posix_spawnattr_init(attributes);
    libc.posix_spawn_file_actions_init(actions);
    try {
      Pointer set = Memory.allocateDirect(runtime, Abi.SIGSET_SIZE, true);
      libc.posix_spawnattr_setsigmask(attributes, set); // empty: nothing blocked
      for (int i = 0; i < Abi.SIGSET_SIZE; i++) {
        set.putByte(i, (byte) 0xff);
      }
      libc.posix_spawnattr_setsigdefault(attributes, set); // full: nothing ignored
      libc.posix_spawnattr_setpgroup(attributes, 0);
      libc.posix_spawnattr_setflags(
          attributes,
          (short)
              (Abi.POSIX_SPAWN_SETPGROUP | Abi.POSIX_SPAWN_SETSIGDEF | Abi.POSIX_SPAWN_SETSIGMASK));
      for (int target = 0; target < sources.length; target++) {
        int source = child.descriptors().get(target);
        if (source >= 0) {
          sources[target] = Kernel.duplicateAbove(source, Math.max(3, sources.length));
          libc.posix_spawn_file_actions_adddup2(actions, sources[target], target);
        } else {
          libc.posix_spawn_file_actions_addopen(actions, target, "/dev/null", Abi.O_RDWR, 0);
        }
      }
      Kernel.closeOnExecFrom(3);
      IntByReference pid = new IntByReference();
      int errno = start(child, attributes, actions, pid);
      if (errno != 0) {
        throw new IOException(
            "Cannot start " + child.command().getFirst() + ": " + Errno.text(errno));
      }
      return pid.getValue();
    } finally {
      for (int source : sources) {
        if (source >= 0) {
          Kernel.close(source);
        }
      }
      libc.posix_spawnattr_destroy(attributes);
      libc.posix_spawn_file_actions_destroy(actions);
    }
  }

  private int start(Child child, Pointer attributes, Pointer actions, IntByReference pid) {
    List<String> environment =
        child.environment().entrySet().stream()
            .map(entry -> entry.getKey() + "=" + entry.getValue())
            .toList();
    return libc.posix_spawn(
        pid,
        child.command().getFirst(),
        actions,
        attributes,
        child.command().toArray(new CharSequence[0]),
        environment.toArray(new CharSequence[0]));
  }

  @Override
  public OptionalInt reap(long pid) {
    int[] status = new int[1];
    // By pid, never -1: that would take the exit codes of java.lang.Process.
    int reaped = libc.waitpid(pid, status, Abi.WNOHANG);
    if (reaped == -1 && posix.errno() == Abi.ECHILD) {
      // The shell of the launcher waits for any child: one that died while an arbiter became
      // another
      // was reaped there, and how it ended nobody knows.
      return OptionalInt.of(UNKNOWN_END);
    }
    return reaped == pid ? OptionalInt.of(status[0]) : OptionalInt.empty();
  }

  @Override
  public void reapStrangers(LongPredicate ours) {
    if (!isFirst) {
      return;
    }
    for (int ended = Kernel.peekEnded(); ended > 0; ended = Kernel.peekEnded()) {
      // What the JDK started has our own group, and the JDK waits for it; a worker's processes
      // have the worker's.
      if (ours.test(ended) || posix.getpgid(ended) == posix.getpgrp()) {
        return; // the next signal comes when that one is reaped, or another ends
      }
      libc.waitpid(ended, new int[1], Abi.WNOHANG);
    }
  }

  @Override
  public void signal(long pid, int number) {
    libc.kill(pid, number);
  }

  @Override
  public Pipe pipe() throws IOException {
    int[] ends = new int[2];
    if (libc.pipe(ends) != 0) {
      throw new IOException("pipe failed: " + Errno.text(posix.errno()));
    }
    return new Pipe(ends[0], ends[1]);
  }

  @Override
  public boolean writeNow(int fd, byte[] bytes) {
    return libc.write(fd, bytes, bytes.length) == bytes.length;
  }

  @Override
  public boolean awaitReadable(int fd, int millis) throws IOException {
    return Exec.poll(fd, millis);
  }

  @Override
  public int read(int fd, byte[] buffer) throws IOException {
    return Kernel.read(fd, buffer);
  }

  @Override
  public void close(int fd) {
    Kernel.close(fd);
  }
}
