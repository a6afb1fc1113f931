package dev.arbiter.diagnose;

/** Why a worker is sick or dead, in the word that names its incident. */
public enum Cause {
  /** The collector has the machine, and the app waits for it. */
  GC_PAUSE,
  /** It may not run: a quota, or others on the same cores. */
  CPU_STARVED,
  /** A signal or a debugger has stopped the process. */
  STOPPED,
  /** Threads wait for each other in a circle. */
  DEADLOCK,
  /** All threads of a pool are busy at one place, and others wait for the pool. */
  POOL_EXHAUSTED,
  /** A loop, or what carries virtual threads, is held up by the app. */
  EVENT_LOOP_BLOCKED,
  /** The app waits in native code or in the kernel, where no JVM can reach it. */
  NATIVE_HANG,
  /** A request does not end, though the loops turn. */
  REQUEST_STUCK,
  /** There is no memory left of some kind. */
  OUT_OF_MEMORY,
  /** The JVM itself died of a fault. */
  CRASH,
  /** It was told to leave, and was not through with what it had when its time was over. */
  OVERSTAYED,
  /** The process ended, and it is not known why. */
  DEAD,
  /** What was seen explains nothing. */
  UNKNOWN;

  /** As operators and file names have it: {@code gc-pause}. */
  public String word() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }
}
