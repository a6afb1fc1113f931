package dev.arbiter.supervise;

import dev.arbiter.wire.Message;
import java.util.Locale;
import java.util.Set;

/** What is to be done, as {@link Fleet#on} answers; to be carried out in order. */
public sealed interface Action {

  /**
   * Start a worker's process; answered by {@link Event.Spawned} or {@link Event.SpawnFailed}.
   *
   * @param worker a new id
   * @param slot its number as the worker knows it, from 0
   */
  record Spawn(int worker, int slot, long generation) implements Action {}

  /**
   * Send {@link Message.Configure}, with the settings and listeners of the worker's generation. The
   * first message a worker gets.
   */
  record Configure(int worker) implements Action {}

  /** Send a message. A worker that does not read is not waited for. */
  record Tell(int worker, Message.ToWorker message) implements Action {}

  /** Send a signal. The worker is not reaped yet, so its pid is its own. */
  record Signal(int worker, Sig sig) implements Action {}

  /**
   * Ask the worker, and if it does not answer its JVM, what it is doing; off the loop. Answered by
   * {@link Event.EvidenceDone}, which is not waited for longer than three times {@link
   * FleetPolicy#dumpLimit}.
   */
  record CollectEvidence(int worker, String why) implements Action {}

  /** Print what the worker last wrote to its standard output and error: it died unexplained. */
  record ShowOutput(int worker) implements Action {}

  /**
   * Read the settings again, resolve and compile the app; off the loop. Answered by {@link
   * Event.ReleaseResolved} or {@link Event.ReleaseRefused}, and not asked again before.
   */
  record ResolveRelease(long generation) implements Action {}

  /** No worker of this generation is left, and none will come: delete what was made for it. */
  record RetireRelease(long generation) implements Action {}

  /** The worker is gone: close its pipes. Exactly one for each {@link Spawn}, the last about it. */
  record Forget(int worker) implements Action {}

  /** Write a line in the log. */
  record Log(Level level, String text) implements Action {}

  /**
   * Answers an {@link Event.Asked} with a ticket: exactly once, when it is known what became of it;
   * but see {@link Proceed}.
   */
  record Reply(long ticket, Verdict verdict, String text) implements Action {}

  /** What became of something that was asked for. */
  enum Verdict {
    /** It was done, wholly. */
    DONE,
    /** It was tried, and what ran before runs on. */
    FAILED,
    /** It was not tried. */
    REFUSED,
    /** A later request took its place. */
    SUPERSEDED
  }

  /**
   * Tells who has asked that what he asked for goes on in another arbiter, which he is to ask. A
   * {@link Reply} follows only if it does not come to that.
   */
  record Proceed(long ticket, String text) implements Action {}

  /**
   * Start the arbiter that is installed now, only to see whether it could take over; off the loop.
   * Answered by {@link Event.DryRunDone}.
   *
   * @param wireVersions the versions of the worker protocol that the fleet's workers speak
   */
  record DryRun(Set<Integer> wireVersions) implements Action {}

  /**
   * Hand {@link Fleet#snapshot} over and become the arbiter that is installed now, as soon as
   * nothing is under way that would be lost. Not answered if it works; else by {@link
   * Event.ExecFailed}. Not to be done any more once the fleet has left {@link
   * FleetState#UPGRADING}.
   */
  record Exec() implements Action {}

  /** Open the arbiter's own log files again. */
  record ReopenLogs() implements Action {}

  /** Close the listening sockets and remove their files: the fleet stops for good. Once. */
  record CloseListeners() implements Action {}

  /** Leave, with this exit code. The last action of all. */
  record Exit(int code) implements Action {}

  /** The signals that a worker may be sent. */
  enum Sig {
    /** Drain. */
    TERM,
    /** Thread dump. */
    QUIT,
    /** The end. */
    KILL,
    /** Run on. */
    CONT
  }

  /** How much a line of the log matters. */
  enum Level {
    /** For somebody who looks for a fault in Arbiter. */
    DEBUG,
    /** The usual course. */
    INFO,
    /** Somebody should look, some day. */
    WARNING,
    /** Something is lost. */
    ERROR;

    /** As a worker names it. */
    static Level named(String name) {
      return switch (name.toLowerCase(Locale.ROOT)) {
        case "trace", "debug" -> DEBUG;
        case "warn", "warning" -> WARNING;
        case "error", "critical", "fatal" -> ERROR;
        default -> INFO;
      };
    }
  }
}
