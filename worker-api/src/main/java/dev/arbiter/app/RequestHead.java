package dev.arbiter.app;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** What precedes a request's body, in both contracts. Valid from any thread, during the request. */
public interface RequestHead {

  /** {@return the method as sent, such as {@code GET}; case-sensitive (RFC 9110 section 9.1)} */
  String method();

  /** {@return the request target as sent, with its query; not decoded} */
  String target();

  /** {@return the path as sent, without the query; not decoded} */
  String rawPath();

  /** {@return the path, percent-decoded as UTF-8; a malformed escape was refused before} */
  String path();

  /** {@return what follows {@code ?} in the target, not decoded; empty if there is none} */
  String query();

  /** {@return {@code HTTP/2}, {@code HTTP/1.1} or {@code HTTP/1.0}} */
  String httpVersion();

  /**
   * {@return {@code http} or {@code https}: what the client used, if a trusted proxy in front says
   * so, else what this connection does}
   */
  String scheme();

  /**
   * {@return the host, and the port if there is one, that the client asked for, as it would stand
   * in {@code Host}: what a trusted proxy says, else the {@code Host} field; empty if there is
   * neither} {@link #headers} has the fields as they were sent.
   */
  default String host() {
    return headers().first("host").orElse("");
  }

  /**
   * {@return how this connection is secured; empty if it is not, be it that a proxy in front is}
   */
  default Optional<TlsInfo> tls() {
    return Optional.empty();
  }

  /** {@return the header fields in the order they came} */
  Headers headers();

  /**
   * {@return the client: the other end of the connection, or whom trusted proxies in front name
   * instead ({@code docs/proxies.md})} Empty on a Unix socket without that, or if a trusted proxy
   * does not say it, or not legibly. The port is 0 if it is not known.
   */
  Optional<SocketAddress> client();

  /**
   * {@return this end of the connection, or what a PROXY preamble names; empty on a Unix socket}
   */
  Optional<SocketAddress> server();

  /** {@return where the app is mounted ({@code --root-path}); empty by default} */
  String rootPath();

  /**
   * Gives the request more time: {@code time} from now, if that is longer than what is left of
   * {@code --request-timeout}. Without that setting there is no deadline, and nothing to extend.
   * For work that is known to be long: call it again as the work goes on.
   *
   * @param time from now
   */
  default void extendDeadline(Duration time) {}

  /**
   * Says by which id the request is known. What the worker logs of it from here on, such as that
   * its app has failed, names this one, where it would name the client's {@code X-Request-Id}.
   * {@link dev.arbiter.app.middleware.RequestLog} does it, and so does any middleware that has an
   * id of that name in the state it adds.
   *
   * @param id of printable ASCII, of which the first 128 characters are shown
   */
  default void identify(String id) {}

  /** {@return what the app put there in {@link App#startup}} */
  Map<String, Object> state();
}
