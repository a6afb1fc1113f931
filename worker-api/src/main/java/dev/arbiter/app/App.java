package dev.arbiter.app;

/**
 * An application, in one of two contracts, with its lifespan. One instance lives in each worker
 * process, made through its public no-argument constructor or a static factory method.
 */
public sealed interface App permits BlockingApp, AsyncApp {

  /**
   * Runs once in each worker, after construction and before the worker reports ready. The boot
   * timeout applies.
   *
   * @param lifespan who this worker is, and the state shared by its requests
   * @throws Exception the worker fails to start; the arbiter prints the cause
   */
  default void startup(Lifespan lifespan) throws Exception {}

  /**
   * Runs once in each worker after its last request, before the process exits. What is left of the
   * graceful timeout applies.
   *
   * @throws Exception logged; the worker exits all the same
   */
  default void shutdown() throws Exception {}

  /**
   * Says whether the app is well, by returning; asked whenever the arbiter probes the worker,
   * before the {@code --health-path} if there is one. On a thread of its own, one call at a time; a
   * call that takes longer than {@code --timeout-worker-healthcheck} counts as one that failed.
   *
   * @throws Exception it is not: a reload that brought this worker fails, with the cause
   */
  default void checkHealth() throws Exception {}

  /**
   * Runs every {@code --timeout-notify} seconds, and once when the worker begins to drain, on a
   * thread of its own. However slow it is, it delays no heartbeat; a call that is still under way
   * when the next is due makes that one be skipped.
   *
   * @param notice why it was called, and the time left if the worker is draining
   */
  default void callbackNotify(Notice notice) {}
}
