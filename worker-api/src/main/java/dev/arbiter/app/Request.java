package dev.arbiter.app;

import java.io.IOException;
import java.io.InputStream;

/** A request as a {@link BlockingApp} sees it. */
public interface Request extends RequestHead {

  /**
   * {@return the body, read as it arrives: reading blocks until there is more} The first read
   * answers an {@code Expect: 100-continue}. Reading fails with an {@link IOException} if the
   * client goes away or makes no progress for {@code --body-timeout}.
   */
  InputStream body();

  /**
   * {@return the trailer fields that came after the body (RFC 9110 section 6.5); empty if there
   * were none} They are kept apart from {@link #headers}, and are no less a client's word than
   * those.
   *
   * @throws IllegalStateException the body was not read to its end yet, before which they are not
   *     known
   */
  default Headers trailers() {
    return Headers.empty();
  }

  /**
   * {@return whether the client is known to have gone} For work that nobody would miss then: ask
   * between two steps of it. Costs next to nothing. Never false again once it was true; while the
   * request lasts, from any thread.
   *
   * <p>What is known is what this end of the connection was told. In HTTP/1.1 that is its end, or
   * that it broke; a client that only ends its side, because it has nothing more to ask, looks the
   * same, and is sent its response all the same. In HTTP/2 the stream was reset, or its connection
   * has ended. Behind a proxy the client is the proxy: whether that leaves when its own client does
   * is its business (nginx does, unless {@code proxy_ignore_client_abort} is on). A client that
   * vanished without a word, such as one whose network is down, is known to have gone when what it
   * is sent is not acknowledged for long, or not taken for {@code --write-timeout}.
   *
   * <p>It may be noticed late while there is much to read from the client: more of its body than
   * the worker reads ahead, or requests it has pipelined.
   */
  default boolean isDisconnected() {
    return false;
  }

  /**
   * Sends an interim response (RFC 9110 section 15.2) at once, while the app is still at work:
   *
   * <pre>{@code
   * request.inform(103, Headers.of("link", "</style.css>; rel=preload; as=style"));
   * }</pre>
   *
   * <p>Nothing is sent to a client of HTTP/1.0, or to one that asks for a WebSocket: neither
   * expects it. Middleware does not see it.
   *
   * @param status 102 to 199: 100 is sent when {@link #body} is read, 101 with {@link
   *     Response#webSocket}
   * @param headers of this response alone; what concerns the connection or the framing is left out
   * @throws IOException the client has gone
   * @throws IllegalArgumentException the status or a field is not valid
   * @throws IllegalStateException the response has begun
   */
  default void inform(int status, Headers headers) throws IOException {}
}
