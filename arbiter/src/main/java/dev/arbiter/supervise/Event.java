package dev.arbiter.supervise;

import dev.arbiter.wire.Message;
import java.util.Map;

/**
 * What has happened, as {@link Fleet#on} is told. {@code worker} is an id that is never used twice:
 * neither the slot, which a replacement takes over, nor the pid, which the kernel gives out again.
 *
 * <p>Order matters in two places: what a worker said is delivered before its {@link Exited}, and
 * what is waiting in the pipes before a {@link Tick}, so that nobody is judged by a message that
 * had already come.
 */
public sealed interface Event {

  /** The listeners are bound and the first release is resolved: boot the fleet. The first event. */
  record Begin(FleetPolicy policy, long generation) implements Event {}

  /**
   * This arbiter took over from another in the same process, with its workers and listeners. The
   * first event in place of {@link Begin}; a reload follows by itself.
   *
   * @param policies of each generation that {@code fleet} names
   * @param ticket for the outcome of that reload, as in {@link Asked}
   */
  record Resume(Snapshot fleet, Map<Long, FleetPolicy> policies, long ticket) implements Event {}

  /**
   * {@link Action.DryRun} has ended.
   *
   * @param fine whether the arbiter that is installed now can take over
   * @param text which one it is, or why it cannot
   */
  record DryRunDone(boolean fine, String text) implements Event {}

  /** {@link Action.Exec} did not work: this is still the arbiter that was asked. */
  record ExecFailed(String why) implements Event {}

  /** {@link Action.Spawn} worked. */
  record Spawned(int worker, long pid) implements Event {}

  /** {@link Action.Spawn} did not work: there is no process. */
  record SpawnFailed(int worker, String why) implements Event {}

  /** A message from a worker. */
  record Said(int worker, Message.FromWorker message) implements Event {}

  /** The worker's process is gone and was reaped. */
  record Exited(int worker, ExitStatus status) implements Event {}

  /**
   * Somebody asks for something, by signal or through the control socket.
   *
   * @param number a slot or a count, where the request is about one, else 0
   * @param ticket what {@link Action.Reply} answers; 0 where nobody waits for an answer
   */
  record Asked(Request request, int number, long ticket) implements Event {
    /** A signal came: nobody is answered but the log. */
    public static Asked bySignal(Request request) {
      return new Asked(request, 0, 0);
    }

    /** How the log calls it: {@code HUP}, {@code arbiterctl reload}. */
    String label() {
      return ticket == 0 && request.isSignal()
          ? request.signal()
          : "arbiterctl " + request.command();
    }
  }

  /**
   * How many connections wait in the listeners' queues; once a second while {@link
   * Fleet#isElastic}.
   */
  record Load(int waiting) implements Event {}

  /** {@link Action.ResolveRelease} worked: settings are valid, the app was found, compiled. */
  record ReleaseResolved(long generation, FleetPolicy policy) implements Event {}

  /**
   * What a generation was made of is not there any more, so that no worker can be booted from it as
   * it was; {@code why} names the files. Before the {@link ReleaseResolved} that made it plain.
   */
  record ReleaseLost(long generation, String why) implements Event {}

  /** {@link Action.ResolveRelease} did not work; {@code why} names the step and the cause. */
  record ReleaseRefused(long generation, String why) implements Event {}

  /** {@link Action.CollectEvidence} has ended; {@code summary} is one line, such as a file name. */
  record EvidenceDone(int worker, Outcome outcome, String summary) implements Event {}

  /**
   * {@link Fleet#nextDeadline} is due, and what was waiting in the pipes has been delivered. Only
   * now is anybody judged to be late; a loop that is kept busy by messages still has to tick.
   */
  record Tick() implements Event {}

  /** What can be asked of the fleet. */
  enum Request {
    /** HUP: a new generation. */
    RELOAD("HUP", "reload"),
    /** TERM: drain, then leave. */
    STOP("TERM", "stop"),
    /** INT: as TERM; the second one kills. */
    INTERRUPT("INT", ""),
    /** TTIN: one worker more. */
    MORE("TTIN", ""),
    /** TTOU: one worker fewer. */
    FEWER("TTOU", ""),
    /** WINCH, where the loop has found that it is meant: stop the workers, keep the arbiter. */
    STOP_WORKERS("WINCH", ""),
    /** USR1: open the log files again. */
    REOPEN("USR1", "reopen"),
    /** USR2: replace the arbiter in place. */
    UPGRADE("USR2", "upgrade"),
    /** Back to the release before the one that serves. */
    ROLLBACK("", "rollback"),
    /** So many workers; {@code number} says how many. */
    SCALE("", "scale"),
    /** Replace the worker in slot {@code number}. */
    RECYCLE("", "recycle"),
    /**
     * No more connections for the worker in slot {@code number}; asked again, it gets them again.
     */
    EJECT("", "eject"),
    /** Collect evidence about the worker in slot {@code number}, which goes on. */
    DUMP("", "dump"),
    /** Kill the workers and leave. */
    STOP_NOW("", "stop --now");

    private final String signal;
    private final String command;

    Request(String signal, String command) {
      this.signal = signal;
      this.command = command;
    }

    /** The signal that asks for it, without SIG; empty if none does. */
    public String signal() {
      return signal;
    }

    /** Whether a signal asks for it. */
    public boolean isSignal() {
      return !signal.isEmpty();
    }

    /** The words of {@code arbiterctl} that ask for it; empty if there are none. */
    public String command() {
      return command;
    }
  }

  /** What became of an attempt to collect evidence. */
  enum Outcome {
    /** The worker listed its threads and requests itself. */
    ANSWERED,
    /** The worker did not answer, but its JVM wrote a thread dump. */
    DUMPED,
    /** A signal, a debugger or a cgroup holds the process: no dump is possible. */
    STOPPED_STATE_T,
    /** Neither came in time. */
    NO_ANSWER
  }
}
