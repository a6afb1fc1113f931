package dev.arbiter.worker;

import dev.arbiter.app.RequestHead;
import dev.arbiter.app.RequestWrapper;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/**
 * What a worker's request knows beyond what an app sees of it; a kind may let its requests
 * implement it. Any thread, while the request lasts.
 */
public interface WorkerRequest {

  /**
   * From here on another thread works on the request: the one whose stack is worth a look if it is
   * slow.
   *
   * @param thread the request's alone
   */
  default void runsOn(Thread thread) {}

  /** {@return the session of the connection's TLS; empty if it has none} */
  default Optional<SSLSession> sslSession() {
    return Optional.empty();
  }

  /**
   * {@return what {@code request} was before it was wrapped, if that is a worker's}
   *
   * @param request as an app sees it
   */
  static Optional<WorkerRequest> of(RequestHead request) {
    RequestHead inner = request;
    while (inner instanceof RequestWrapper wrapper) {
      inner = wrapper.wrapped();
    }
    return inner instanceof WorkerRequest known ? Optional.of(known) : Optional.empty();
  }
}
