package dev.arbiter.worker;

import dev.arbiter.wire.Message.ListenerInfo;
import java.time.Duration;
import java.util.List;

/** What a kind may ask of the runtime. Any thread. */
public interface WorkerContext {

  /** This worker's slot. */
  int nr();

  /** Slots in the fleet. */
  int workers();

  /** Counts reloads, from 1. */
  long generation();

  /** The settings the arbiter sent. */
  WorkerSettings settings();

  /** The inherited listening sockets. */
  List<ListenerInfo> listeners();

  /** Tells the arbiter which step of the boot begins, for its report should this one fail. */
  void phase(String name);

  /** Asks the arbiter for a replacement; only the first call counts. The worker keeps serving. */
  void recycle(String reason);

  /**
   * Writes a line in the arbiter's log. {@code level}: debug, info, warning, error. Never blocks.
   */
  void say(String level, String text);

  /**
   * Reports a request that has taken longer than {@code slow-request-timeout}: a line as in the
   * in-flight list, its age, and what its thread is doing. Never blocks; cut to what a message
   * holds.
   */
  void slow(String request, Duration age, String stack);

  /**
   * What the keys of TLS session tickets are made of, the same in all workers of an arbiter, so
   * that one resumes what another has begun: first the one to encrypt with, then those that are
   * accepted beside it. Changes from time to time, see {@link Worker#rekey}. Empty where there is
   * no arbiter to make them, or no TLS.
   */
  default List<byte[]> ticketSecrets() {
    return List.of();
  }

  /** Whether the worker has been told to drain. */
  boolean draining();
}
