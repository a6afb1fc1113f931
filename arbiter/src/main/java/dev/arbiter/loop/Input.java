package dev.arbiter.loop;

import dev.arbiter.supervise.Event;

/** What wakes the loop. */
sealed interface Input {

  /** Something the decisions are to be told. */
  record Happened(Event event) implements Input {}

  /** A worker's messages have ended. */
  record Silent(int worker) implements Input {}

  /** A worker's output has ended. */
  record Closed(int worker) implements Input {}

  /** SIGCHLD: some child has ended. */
  record Child() implements Input {}

  /** Something to do on the loop's thread, for a thread that may not touch its state. */
  record Do(Runnable task) implements Input {}
}
