package dev.arbiter.worker;

import dev.arbiter.wire.Message.ListenerInfo;
import java.time.Duration;
import java.util.List;

/** What a kind may ask of the runtime. Any thread. */
public interface WorkerContext {

  /** {@return this worker's slot} */
  int nr();

  /** {@return slots in the fleet} */
  int workers();

  /** {@return the release of the app this worker belongs to: counts reloads, from 1} */
  long generation();

  /** {@return the settings the arbiter sent} */
  WorkerSettings settings();

  /** {@return the inherited listening sockets} */
  List<ListenerInfo> listeners();

  /**
   * Tells the arbiter which step of the boot begins, for its report should this one fail.
   *
   * @param name a few words, such as {@code starting the app}
   */
  void phase(String name);

  /**
   * Asks the arbiter for a replacement; only the first call counts. The worker keeps serving.
   *
   * @param reason a few words, for the log
   */
  void recycle(String reason);

  /**
   * Writes a line in the arbiter's log. {@code level}: debug, info, warning, error. Never blocks.
   *
   * @param level {@code debug}, {@code info}, {@code warning} or {@code error}
   * @param text of any number of lines; what does not print is shown
   */
  void say(String level, String text);

  /**
   * Reports a request that has taken longer than {@code slow-request-timeout}: a line as in the
   * in-flight list, its age, and what its thread is doing. Never blocks; cut to what a message
   * holds.
   *
   * @param request a line as {@link Worker#inFlight} has it
   * @param age since it began
   * @param stack of its thread, a line for each frame; may be empty
   */
  void slow(String request, Duration age, String stack);

  /**
   * {@return what the keys of TLS session tickets are made of, the same in all workers of an
   * arbiter, so that one resumes what another has begun: first the one to encrypt with, then those
   * that are accepted beside it} Changes from time to time, see {@link Worker#rekey}. Empty where
   * there is no arbiter to make them, or no TLS.
   */
  default List<byte[]> ticketSecrets() {
    return List.of();
  }

  /** {@return whether the worker has been told to drain} */
  boolean draining();
}
