package dev.arbiter.app;

import java.util.List;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What {@code --hooks MODULE:CLASS} calls, in the arbiter and in its workers. Made through the
 * public constructor without arguments: once in the arbiter, and once in each worker, which are
 * processes of their own and share nothing.
 *
 * <p>In the arbiter, calls run one after another on a thread of their own, and nothing waits for
 * them: they tell what has happened or is about to, and cannot prevent it. A call that takes longer
 * than {@code --hooks-timeout} is interrupted, and calls that come before it returns are left out.
 * What a hook throws is logged.
 */
public interface Hooks {

  /**
   * The fleet, as the arbiter sees it.
   *
   * @param pid of the arbiter
   * @param generation that serves; 0 before the first
   * @param workers how many there are to be
   */
  record Fleet(long pid, long generation, int workers) {}

  /**
   * A worker.
   *
   * @param nr its slot, from 0
   * @param pid 0 before it was spawned
   * @param generation of its release
   */
  record Member(int nr, long pid, long generation) {}

  /**
   * What a worker's TLS is made of.
   *
   * @param keys chooses certificate and key for each connection
   * @param trust judges certificates of clients, where {@code --ssl-cert-reqs} has them asked for
   * @param protocols such as {@code TLSv1.3}
   * @param cipherSuites by the names of the RFCs, best first; those of TLS 1.3 among them
   */
  record SslContext(
      X509ExtendedKeyManager keys,
      X509ExtendedTrustManager trust,
      List<String> protocols,
      List<String> cipherSuites) {

    /** Keeps copies of the lists. */
    public SslContext {
      protocols = List.copyOf(protocols);
      cipherSuites = List.copyOf(cipherSuites);
    }

    /**
     * {@return the same with other keys, such as those of a hardware module}
     *
     * @param other called by any thread
     */
    public SslContext withKeys(X509ExtendedKeyManager other) {
      return new SslContext(other, trust, protocols, cipherSuites);
    }

    /**
     * {@return the same with another judge of clients' certificates}
     *
     * @param other called by any thread
     */
    public SslContext withTrust(X509ExtendedTrustManager other) {
      return new SslContext(keys, other, protocols, cipherSuites);
    }

    /**
     * {@return the same with other protocols}
     *
     * @param other such as {@code TLSv1.3}; copied
     */
    public SslContext withProtocols(List<String> other) {
      return new SslContext(keys, trust, other, cipherSuites);
    }

    /**
     * {@return the same with other cipher suites}
     *
     * @param other by the names of the RFCs, best first; copied
     */
    public SslContext withCipherSuites(List<String> other) {
      return new SslContext(keys, trust, protocols, other);
    }
  }

  // ---- in the arbiter

  /**
   * The arbiter starts; nothing listens yet.
   *
   * @param fleet before its first worker
   * @throws Exception logged
   */
  default void onStarting(Fleet fleet) throws Exception {}

  /**
   * A reload was asked for and begins.
   *
   * @param fleet as it was before
   * @throws Exception logged; the reload goes on
   */
  default void onReload(Fleet fleet) throws Exception {}

  /**
   * All workers of the first generation are ready; once.
   *
   * @param fleet all there
   * @throws Exception logged
   */
  default void whenReady(Fleet fleet) throws Exception {}

  /**
   * A worker is being spawned.
   *
   * @param fleet it will belong to
   * @param worker without a pid yet
   * @throws Exception logged; the worker is spawned all the same
   */
  default void preSpawn(Fleet fleet, Member worker) throws Exception {}

  /**
   * A worker's process exists.
   *
   * @param fleet it belongs to
   * @param worker still booting
   * @throws Exception logged
   */
  default void postSpawn(Fleet fleet, Member worker) throws Exception {}

  /**
   * A worker's process has ended.
   *
   * @param fleet it belonged to
   * @param worker whose process it was
   * @param how such as {@code exit code 0} or {@code killed by signal 9 (KILL)}
   * @throws Exception logged
   */
  default void childExit(Fleet fleet, Member worker, String how) throws Exception {}

  /**
   * The number of workers there are to be has changed.
   *
   * @param fleet with its new number
   * @param now from 0
   * @param before from 0
   * @throws Exception logged
   */
  default void nworkersChanged(Fleet fleet, int now, int before) throws Exception {}

  /**
   * The arbiter is about to be replaced in place.
   *
   * @param fleet that the next arbiter takes over
   * @throws Exception logged; the upgrade goes on
   */
  default void preExec(Fleet fleet) throws Exception {}

  /**
   * All workers have gone, and the arbiter leaves; waited for, up to {@code --hooks-timeout}.
   *
   * @param fleet without workers
   * @throws Exception logged
   */
  default void onExit(Fleet fleet) throws Exception {}

  // ---- in each worker

  /**
   * The app has started; on the worker's main thread, before it is ready.
   *
   * @param worker this process
   * @throws Exception logged; the worker serves all the same
   */
  default void postWorkerInit(Member worker) throws Exception {}

  /**
   * TLS is set up, from settings and files: before the worker is ready, and each time it reads the
   * files again. A hook that throws, or whose answer no client could connect with, is the end of
   * the boot or leaves what there is: a worker does not serve with less than was asked for.
   *
   * @param worker this process
   * @param standard as settings and files say
   * @return what connections are made with from now on
   * @throws Exception logged; what that leads to is said above
   */
  default SslContext sslContext(Member worker, SslContext standard) throws Exception {
    return standard;
  }

  /**
   * The worker has been told to leave, and drains; before the app's {@code callbackNotify}.
   *
   * @param worker this process
   * @throws Exception logged
   */
  default void workerInt(Member worker) throws Exception {}

  /**
   * The arbiter takes the worker for sick and collects evidence; on a thread of its own.
   *
   * @param worker this process
   * @throws Exception logged
   */
  default void workerAbort(Member worker) throws Exception {}

  /**
   * The app was stopped, and the worker leaves.
   *
   * @param worker this process
   * @throws Exception logged
   */
  default void workerExit(Member worker) throws Exception {}

  /**
   * A request is about to be given to the app; on the thread that runs it. An async app's thread is
   * an event loop, which must not be blocked.
   *
   * @param worker this process
   * @param request its head, and no body
   * @throws Exception logged once; the request is served all the same
   */
  default void preRequest(Member worker, RequestHead request) throws Exception {}

  /**
   * The app has answered: a blocking app has returned, an async app's stage has completed. The
   * response may still be under way to the client.
   *
   * @param worker this process
   * @param request its head, and no body
   * @param status of the response; 500 if the app failed, 0 if it sent none
   * @throws Exception logged once; the answer stays as it is
   */
  default void postRequest(Member worker, RequestHead request, int status) throws Exception {}
}
