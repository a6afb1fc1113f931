package dev.arbiter.worker;

import org.jspecify.annotations.Nullable;

/**
 * Ends a worker that has run out of memory, as HotSpot does with {@code ExitOnOutOfMemoryError}.
 * That flag sees the heap and metaspace; direct buffers, arrays and threads that cannot be had are
 * errors of the JDK's own code, which HotSpot does not see. A worker that has lost a thread or half
 * a data structure to one must not go on answering. Any thread.
 */
public final class OutOfMemory {
  /** HotSpot's own exit code and words, so that there is one thing to look for. */
  private static final int EXIT_CODE = 3;

  private static final String WORDS = "Terminating due to ";
  private static final int DEEPEST = 20;

  private OutOfMemory() {}

  /**
   * Ends the process if {@code thrown} is an OutOfMemoryError or was caused by one. To be called
   * with whatever the app throws; one that the app catches itself is its own affair.
   *
   * @param thrown null does nothing
   */
  public static void leaveIf(@Nullable Throwable thrown) {
    int depth = 0;
    for (Throwable cause = thrown; cause != null && depth < DEEPEST; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        leave(cause);
      }
      depth++;
    }
  }

  private static void leave(Throwable error) {
    try {
      StringBuilder text = new StringBuilder(WORDS).append(error).append('\n');
      for (StackTraceElement frame : error.getStackTrace()) {
        text.append("\tat ").append(frame).append('\n');
      }
      System.err.print(text);
      System.err.flush();
      DroppingOutput.drainAll(500);
    } finally {
      Runtime.getRuntime().halt(EXIT_CODE); // no hook of the app's: there is no memory for it
    }
  }
}
