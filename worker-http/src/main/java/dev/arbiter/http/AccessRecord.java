package dev.arbiter.http;

import dev.arbiter.app.Headers;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One answered request, as values: turned into text later, on the log's own thread.
 *
 * @param client the other end; null on a Unix socket
 * @param endMillis wall time at its end
 * @param method empty if the request could not be read
 * @param target as it was sent; empty if it could not be read
 * @param version as it was sent, {@code HTTP/1.1}; {@code HTTP/2} for that
 * @param headers of the request
 * @param status of the response
 * @param responseHeaders as the app gave them
 * @param bytes of the response's body, as far as it was sent, without its framing
 * @param nanos from the end of the request's head to the last byte of the response
 */
public record AccessRecord(
    @Nullable SocketAddress client,
    long endMillis,
    String method,
    String target,
    String version,
    Headers headers,
    int status,
    Headers responseHeaders,
    long bytes,
    long nanos) {

  /**
   * A request that ends now.
   *
   * @param head may be one that could not be read, or only in part
   */
  static AccessRecord of(
      IncomingHead head,
      @Nullable SocketAddress client,
      int status,
      Headers responseHeaders,
      long bytes,
      long nanos) {
    return new AccessRecord(
        client,
        System.currentTimeMillis(),
        head.method(),
        head.target(),
        head.writtenVersion(),
        head.headers(),
        status,
        responseHeaders,
        bytes,
        nanos);
  }
}
