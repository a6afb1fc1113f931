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
 * @param target as it was sent
 * @param version {@code HTTP/1.1}
 * @param headers of the request
 * @param status of the response
 * @param responseHeaders as the app gave them
 * @param bytes of the response's body
 * @param nanos from the first byte of the request to the last of the response
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

  /** A request that could not be read: refused before it reached an app. */
  public static AccessRecord refused(@Nullable SocketAddress client, int status, long nanos) {
    return new AccessRecord(
        client,
        System.currentTimeMillis(),
        "",
        "",
        "",
        Headers.empty(),
        status,
        Headers.empty(),
        0,
        nanos);
  }
}
