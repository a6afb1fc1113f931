package dev.arbiter.wire;

import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What an arbiter and a worker say to each other. The worker speaks first, with {@link Hello}; the
 * arbiter answers with {@link Configure}. Times are milliseconds unless the name says otherwise.
 *
 * <p>Fields are only ever added at the end of a record: a reader skips what it does not know and
 * takes zero or empty for what is not there, so that a newer arbiter can adopt older workers.
 */
public sealed interface Message {

  /** From a worker to its arbiter. */
  sealed interface FromWorker extends Message {}

  /** From an arbiter to one of its workers. */
  sealed interface ToWorker extends Message {}

  /** The JVM runs: first message of all. {@code version} is {@link Wire#VERSION}. */
  record Hello(int version, long pid, String kind) implements FromWorker {}

  /**
   * A step of the boot has begun, for the boot report: {@code loading app}, {@code warming up}.
   *
   * @param nanos when, by {@link System#nanoTime} of the worker: on Linux that is CLOCK_MONOTONIC,
   *     one clock for all processes of the machine, so that the arbiter may set it against the
   *     moment of the spawn; 0 from an older worker
   */
  record Phase(String name, long nanos) implements FromWorker {}

  /** The app has started; the worker waits for {@link Accept}. */
  record Ready(String app) implements FromWorker {}

  /** The worker lives and its loops turn; see {@link Vitals}. */
  record Beat(Vitals vitals) implements FromWorker {}

  /** The worker asks to be replaced, once: {@code served 53 requests (max-requests 50)}. */
  record RecycleMe(String reason) implements FromWorker {}

  /** The worker drains: what is left to finish. */
  record Draining(int connections, int requests) implements FromWorker {}

  /** A part of an answer to {@link Collect}; {@code last} ends it. */
  record Evidence(long id, boolean last, String text) implements FromWorker {}

  /**
   * The worker cannot start, and exits with {@code exitCode} (3: the worker or the app's start-up,
   * 4: the app itself). {@code phase} is the step that failed, {@code hint} what to do.
   */
  record Failed(String phase, int exitCode, String cause, String hint) implements FromWorker {}

  /**
   * Something an operator should read, in the worker's words; {@code level} as in {@code
   * --log-level}.
   */
  record Say(String level, String text) implements FromWorker {}

  /**
   * A request has taken longer than {@code --slow-request-timeout}; said once for each, and nothing
   * is ended.
   *
   * @param request its line of the in-flight list: age, method, target, client
   * @param millis its age when it was seen
   * @param stack of the thread that handles it, a frame on each line; or why there is none
   */
  record Slow(String request, long millis, String stack) implements FromWorker {}

  /**
   * The answer to {@link Probe}.
   *
   * @param id of the probe
   * @param status as the app answered; 0 if it gave no answer
   * @param millis how long that took
   * @param detail what went wrong, in the worker's words; may be empty
   */
  record Probed(long id, int status, long millis, String detail) implements FromWorker {}

  /**
   * Who the worker is and how it is to run. {@code settings} holds each setting by its long name,
   * durations in milliseconds, sizes in bytes, switches as {@code true} or {@code false}.
   */
  record Configure(
      int nr,
      int workers,
      long generation,
      List<ListenerInfo> listeners,
      Map<String, String> settings)
      implements ToWorker {}

  /** Accept from now on; again after {@link Eject}. */
  record Accept() implements ToWorker {}

  /** Stop accepting, keep serving. */
  record Eject() implements ToWorker {}

  /**
   * Stop accepting, finish, leave. Idle connections may be used for {@code linger} more; what is in
   * flight has {@code grace} before the arbiter ends the process.
   */
  record Drain(String reason, long grace, long linger) implements ToWorker {}

  /**
   * Say what you are doing, as {@link Evidence}: parts of text under lines {@code == name ==}.
   *
   * @param what the parts that are wanted, with blanks between: {@code state}, {@code threads},
   *     {@code histogram}, {@code recording}; empty is state and threads
   * @param folder where files are written, such as a flight recording if one runs; may be empty
   */
  record Collect(long id, String what, String folder) implements ToWorker {}

  /** Open the log files again. */
  record Reopen() implements ToWorker {}

  /**
   * What the keys of TLS session tickets are made of from now on. Before {@link Configure}, and
   * again whenever it changes. Here and nowhere else: a command line or an environment could be
   * read, and is inherited by what a worker starts.
   *
   * @param tickets secrets, a line of base64 each: first the one to encrypt with, then those that
   *     are accepted beside it
   */
  record Keys(String tickets) implements ToWorker {
    /** Of these secrets. */
    public static Keys of(List<byte[]> secrets) {
      return new Keys(
          secrets.stream()
              .map(Base64.getEncoder()::encodeToString)
              .collect(Collectors.joining("\n")));
    }

    /** The secrets as bytes. */
    public List<byte[]> ticketSecrets() {
      return tickets.lines().map(Base64.getDecoder()::decode).toList();
    }

    /** Without the secrets: messages are printed where something goes wrong. */
    @Override
    public String toString() {
      return "Keys";
    }
  }

  /** Leave at once. */
  record Stop(String reason) implements ToWorker {}

  /**
   * Ask the app whether it is well, inside this worker: with its own hook, then with a GET of
   * {@code path} unless that is empty. Answered by one {@link Probed}, however long it takes; the
   * arbiter keeps the time.
   */
  record Probe(long id, String path) implements ToWorker {}

  /**
   * Accept from these of the inherited listeners only, and watch the others; a worker that is not
   * told accepts from all. Before {@link Accept}, and again whenever it changes.
   *
   * @param descriptors as in {@link ListenerInfo#fd}
   */
  record Queues(List<Long> descriptors) implements ToWorker {}

  /**
   * Nobody accepts from these after the workers that hold them now: take what waits there before
   * closing them. Just before {@link Drain}.
   *
   * @param descriptors as in {@link ListenerInfo#fd}
   */
  record Closing(List<Long> descriptors) implements ToWorker {}

  /** A message of a type this side does not know: skipped. */
  record Unknown(int type) implements FromWorker, ToWorker {}

  /**
   * A listening socket the worker inherits.
   *
   * @param fd its descriptor, 6 and up
   * @param name as in the log: {@code http://127.0.0.1:8000}, {@code unix:/run/app.sock}
   * @param unix whether it is a Unix socket
   */
  record ListenerInfo(int fd, String name, boolean unix) {}
}
