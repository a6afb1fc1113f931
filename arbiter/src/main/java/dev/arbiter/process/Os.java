package dev.arbiter.process;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.LongPredicate;

/**
 * What the arbiter asks of the operating system about processes. Any thread, unless a method says
 * else.
 */
public interface Os {

  /** A pipe's two ends, close-on-exec. */
  record Pipe(int readEnd, int writeEnd) {}

  /**
   * What a child is given, and nothing else: {@code descriptors.get(n)} becomes its descriptor
   * <i>n</i>. Its descriptor 0 is {@code /dev/null} where the list has -1.
   */
  record Child(List<String> command, Map<String, String> environment, List<Integer> descriptors) {}

  /**
   * Starts a process, in a process group of its own, with no signal blocked or ignored.
   *
   * @return its pid
   * @throws IOException it could not be started; the message names the program and the reason
   */
  long spawn(Child child) throws IOException;

  /** The wait status (wait(2)) of a child that has ended, which it reaps; empty if it runs. */
  OptionalInt reap(long pid);

  /**
   * Reaps processes that nobody started here and that have ended: orphans, of which the first
   * process of a container (or of the machine) becomes the parent. None where this is not process
   * 1.
   *
   * @param ours whether a pid is one that {@link #spawn} gave, and that {@link #reap} is to be
   *     asked for
   */
  void reapStrangers(LongPredicate ours);

  /**
   * Changes this process's directory, which its children inherit. The JDK keeps resolving relative
   * paths from where it was started, so none may be used after.
   */
  void changeDirectory(java.nio.file.Path directory);

  /** Sends a signal to a child that has not been reaped. */
  void signal(long pid, int number);

  Pipe pipe() throws IOException;

  /**
   * Writes all of {@code bytes} without waiting.
   *
   * @return false if they did not fit, or nobody reads any more
   */
  boolean writeNow(int fd, byte[] bytes);

  /**
   * Waits until {@link #read} would not wait, because something came or the end has.
   *
   * @param millis at most; -1 for ever
   * @return whether there is something to read
   */
  boolean awaitReadable(int fd, int millis) throws IOException;

  /** Reads what there is, waiting for the first byte; 0 at the end. */
  int read(int fd, byte[] buffer) throws IOException;

  void close(int fd);
}
