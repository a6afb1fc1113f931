package dev.arbiter.worker;

import java.util.List;
import java.util.concurrent.Executor;

/**
 * A worker kind: what serves the connections. {@link WorkerRuntime} does the rest (talks to the
 * arbiter, accepts, beats, counts connections, drains, leaves), so that a kind is only its
 * protocol.
 *
 * <p>A kind is a folder with its jars and a descriptor, {@code worker.properties}; its main class
 * calls {@link WorkerRuntime#run}. Life time: {@link #start} once, then {@link #serve} for each
 * connection, {@link #drain} and, if that takes too long, {@link #giveUp} at most once, {@link
 * #stop} once.
 */
public interface Worker {

  /**
   * Loads what {@link #start} will need, in a process that is started before it is needed and waits
   * for its settings; called once before {@link #start}, or not at all. On the main thread.
   *
   * @param context without settings or listeners; what is said to it is not heard
   * @throws Exception it is said, and the worker starts all the same
   */
  default void prepare(WorkerContext context) throws Exception {}

  /**
   * Gets everything ready to serve: loads and starts the app, starts the loops, serves itself a few
   * requests. The worker is ready when this returns. On the main thread.
   *
   * @param context the runtime; kept for as long as the worker lives
   * @throws BootFailure with the exit code and a hint
   * @throws Exception any other failure: exit code 3
   */
  void start(WorkerContext context) throws Exception;

  /**
   * Serves one accepted connection. On the accepting thread, so it hands the connection over and
   * returns; it calls {@link Connection#taken} as soon as the loop or thread that will serve it has
   * run, and {@link Connection#closed} at its end. The descriptor belongs to the kind from here on;
   * it is non-blocking and close-on-exec. If this throws, the runtime closes it and says so.
   *
   * @param connection accepted, and announced to nobody else
   */
  void serve(Connection connection);

  /**
   * Makes connections end: what is in flight finishes and announces that the connection closes,
   * idle connections close when the linger time ends. Nothing is accepted any more. Returns at
   * once; the worker has drained when every connection was reported closed. May come again, with
   * less time. On the runtime's control thread.
   *
   * @param order how long there is
   */
  void drain(DrainOrder order);

  /**
   * The drain is called off: what comes from now on is served as before. Only in development, where
   * a change of files was thought to replace what the worker serves, and did not. On the runtime's
   * control thread. Does nothing by default: each response still announces the end.
   */
  default void resume() {}

  /**
   * The time for what is under way is over, and the process ends soon, whatever becomes of it: a
   * client that has no answer yet is told so, where its protocol has a word for that. After {@link
   * #drain}, if connections are still open; returns at once. On the runtime's main thread. Does
   * nothing by default: clients see their connection end.
   */
  default void giveUp() {}

  /**
   * Waits until the app is at work for no request that is over: after a response, or for a client
   * that has gone. After {@link #drain}, when the last connection has closed or the time for it was
   * over. On the runtime's main thread. There is no such work by default.
   *
   * @param deadline by {@link System#nanoTime}
   * @return whether it is so; if not, the time is over, and the worker is stopped all the same
   * @throws InterruptedException if the wait was
   */
  default boolean awaitWork(long deadline) throws InterruptedException {
    return true;
  }

  /**
   * Stops the app. After {@link #awaitWork}. On a thread of its own, which is not waited for beyond
   * the graceful timeout.
   *
   * @throws Exception logged; the worker leaves all the same
   */
  void stop() throws Exception;

  /**
   * {@return the executors that must run a task for the worker to be alive: its event loops} A beat
   * is sent only when at least one of them, and the scheduler that runs blocking apps, have run one
   * since the last.
   */
  default List<Executor> loops() {
    return List.of();
  }

  /** {@return what was served so far; read for each beat, from the runtime's beat thread} */
  default Traffic traffic() {
    return Traffic.NONE;
  }

  /**
   * {@return one line for each request under way, for evidence} On the control thread; must not
   * wait for a loop.
   */
  default List<String> inFlight() {
    return List.of();
  }

  /**
   * Asks the app whether it is well: with its own hook, and then, unless {@code path} is empty,
   * with a GET of {@code path} that passes through this process only (a connection to the shared
   * listener could reach a sibling). On a thread of its own, one probe at a time, which the app may
   * hold up: the arbiter keeps the time.
   *
   * @param path begins with a slash; or empty
   * @return what the app answered
   * @throws Exception the probe could not be made: counts as an app that is not well
   */
  default Health probe(String path) throws Exception {
    return path.isEmpty() ? Health.GOOD : Health.none("this kind of worker has no paths to probe");
  }

  /**
   * The arbiter takes the worker for sick and collects evidence: a hook may add its own. On a
   * thread of its own, which it may hold up.
   */
  default void suspected() {}

  /** Opens the log files again (USR1). */
  default void reopen() {}

  /**
   * {@link WorkerContext#ticketSecrets} has changed. On the control thread; may come before {@link
   * #start} has returned.
   */
  default void rekey() {}

  /**
   * Calls the app's {@code callbackNotify}. On a thread of its own, which it may hold up.
   *
   * @param notice why, and how long there is
   */
  default void callbackNotify(dev.arbiter.app.Notice notice) {}
}
