package dev.arbiter.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A {@link BlockingApp}'s answer.
 *
 * @param status 200 to 599; for {@link Body.Upgrade} 101
 * @param headers sent in this order. {@code Content-Length} is set for {@link Body.Bytes} and
 *     {@link Body.File}; a {@link Body.Stream} without one is sent chunked
 * @param body what follows
 * @param background what to do after it; see {@link #withBackground}
 * @param trailers what follows the body; see {@link #withTrailers}
 */
public record Response(
    int status,
    Headers headers,
    Body body,
    Optional<Runnable> background,
    Optional<Supplier<Headers>> trailers) {

  /**
   * An answer with nothing to do after it.
   *
   * @param status 200 to 599; for {@link Body.Upgrade} 101
   * @param headers sent in this order
   * @param body what follows
   */
  public Response(int status, Headers headers, Body body) {
    this(status, headers, body, Optional.empty(), Optional.empty());
  }

  /** What follows a response's head. */
  public sealed interface Body {

    /**
     * A body that is whole in memory.
     *
     * @param bytes not copied; do not change them after
     */
    @SuppressWarnings(
        "ArrayRecordComponent") // the fast path: an app hands over its bytes, uncopied
    record Bytes(byte[] bytes) implements Body {}

    /**
     * A body that is written as it comes to be.
     *
     * @param writer called once, on the request's thread; not at all where there is no body to
     *     send: HEAD, 204, 304
     */
    record Stream(Writer writer) implements Body {}

    /**
     * A part of a file, opened when the response is sent: without being copied where the system can
     * do that, and never whole in memory. A file that cannot be opened, or is too short, is
     * answered with 500; one that becomes shorter while it is sent closes the connection. Both are
     * logged.
     *
     * @param path a regular file
     * @param offset where the part begins, from 0
     * @param length of the part; -1 for all that is there when it is opened
     */
    record File(Path path, long offset, long length) implements Body {

      /**
       * Checks the numbers.
       *
       * @throws IllegalArgumentException one is negative
       */
      public File {
        if (offset < 0 || length < -1) {
          throw new IllegalArgumentException("Not a part of a file: " + offset + ", " + length);
        }
      }
    }

    /**
     * Accepts the WebSocket the request asks for; the head's fields go out with the answer to the
     * handshake. If the request asks for none the client is answered 426.
     *
     * @param subprotocol one of those in {@code Sec-WebSocket-Protocol}
     * @param handler called once, on a virtual thread of its own, when the client has its answer
     */
    record Upgrade(Optional<String> subprotocol, WebSocket.Handler handler) implements Body {}
  }

  /** Writes a body. */
  @FunctionalInterface
  public interface Writer {
    /**
     * Writes all of the body.
     *
     * @param out blocks while the client is slow; {@code flush} sends what there is
     * @throws IOException the client has gone, or the app failed; the connection is closed, so that
     *     the client sees the response was cut
     */
    void writeTo(OutputStream out) throws IOException;
  }

  private static final byte[] NOTHING = new byte[0];

  /**
   * {@return an answer without a body}
   *
   * @param status 200 to 599
   */
  public static Response of(int status) {
    return new Response(status, Headers.empty(), new Body.Bytes(NOTHING));
  }

  /**
   * {@return 200 with {@code text/plain; charset=utf-8}}
   *
   * @param text sent in UTF-8
   */
  public static Response text(String text) {
    return bytes("text/plain; charset=utf-8", text.getBytes(UTF_8));
  }

  /**
   * {@return 200 with these bytes, which are not copied}
   *
   * @param contentType such as {@code image/png}
   * @param bytes do not change them after
   */
  public static Response bytes(String contentType, byte[] bytes) {
    return new Response(200, Headers.of("content-type", contentType), new Body.Bytes(bytes));
  }

  /**
   * {@return 200 with a body that {@code writer} writes}
   *
   * @param contentType such as {@code text/csv; charset=utf-8}
   * @param writer called once, on the request's thread; see {@link Body.Stream}
   */
  public static Response stream(String contentType, Writer writer) {
    return new Response(200, Headers.of("content-type", contentType), new Body.Stream(writer));
  }

  /**
   * {@return 200 with all of a file, which is opened when it is sent}
   *
   * @param contentType such as {@code application/pdf}
   * @param path a regular file; see {@link Body.File}
   */
  public static Response file(String contentType, Path path) {
    return new Response(200, Headers.of("content-type", contentType), new Body.File(path, 0, -1));
  }

  /**
   * {@return 200 with server-sent events, and a comment every 15 seconds in which there is none}
   *
   * @param writer called once, on the request's thread; see {@link EventStream}
   */
  public static Response events(EventStream.Writer writer) {
    return events(Duration.ofSeconds(15), writer);
  }

  /**
   * {@return 200 with server-sent events} Proxies are asked not to hold them back. Where {@code
   * --request-timeout} is set, the stream is a request like others: extend its deadline.
   *
   * @param ping after how long without an event a comment is sent; zero for never
   * @param writer called once, on the request's thread; see {@link EventStream}
   */
  public static Response events(Duration ping, EventStream.Writer writer) {
    return new Response(
        200,
        Headers.of(
            "content-type", "text/event-stream",
            "cache-control", "no-store",
            "x-accel-buffering", "no"),
        new Body.Stream(out -> EventStream.run(writer, ping, out)));
  }

  /**
   * Accepts the WebSocket the request asks for. Any other response refuses it.
   *
   * @param handler called once, on a virtual thread of its own, when the client has its answer
   * @return a response whose status is 101
   */
  public static Response webSocket(WebSocket.Handler handler) {
    return new Response(101, Headers.empty(), new Body.Upgrade(Optional.empty(), handler));
  }

  /**
   * {@return the same, speaking {@code subprotocol}, which must be one the client offered}
   *
   * @param subprotocol one of those in {@code Sec-WebSocket-Protocol}
   * @param handler as {@link #webSocket(WebSocket.Handler)} has it
   */
  public static Response webSocket(String subprotocol, WebSocket.Handler handler) {
    return new Response(101, Headers.empty(), new Body.Upgrade(Optional.of(subprotocol), handler));
  }

  /**
   * {@return the same with another status}
   *
   * @param newStatus 200 to 599; for {@link Body.Upgrade} 101
   */
  public Response withStatus(int newStatus) {
    return new Response(newStatus, headers, body, background, trailers);
  }

  /**
   * {@return the same with another body}
   *
   * @param newBody its length is the worker's to set, unless the header fields have one
   */
  public Response withBody(Body newBody) {
    return new Response(status, headers, newBody, background, trailers);
  }

  /**
   * {@return the same with these header fields in place of its own}
   *
   * @param newHeaders sent in this order
   */
  public Response withHeaders(Headers newHeaders) {
    return new Response(status, newHeaders, body, background, trailers);
  }

  /**
   * {@return the same with one more header field}
   *
   * @param name a token (RFC 9110 section 5.1)
   * @param value what it must not have in it, such as a line end, fails the request when it is sent
   */
  public Response withHeader(String name, String value) {
    return new Response(status, headers.with(name, value), body, background, trailers);
  }

  /**
   * {@return the same with work to do afterwards, for which the client need not wait: once the
   * response is written, or cannot be because the client has gone} It runs on a virtual thread of
   * its own, after what was given before. A worker that leaves waits for it, within the graceful
   * timeout; what must not be lost belongs into a queue outside. What it throws is logged.
   *
   * @param work may block
   */
  public Response withBackground(Runnable work) {
    Runnable all =
        background
            .<Runnable>map(
                before ->
                    () -> {
                      before.run();
                      work.run();
                    })
            .orElse(work);
    return new Response(status, headers, body, Optional.of(all), trailers);
  }

  /**
   * {@return the same with trailer fields (RFC 9110 section 6.5): what is only known when the body
   * has been made, such as a checksum of it, or how long it took} In HTTP/1.1 they need a body in
   * chunks, which such a body then is; name them beforehand in a {@code Trailer} field if you can.
   *
   * @param fields asked once, on the request's thread, when the body's last part is about to go
   *     out; not at all if {@link Trailers#sentTo} says that they cannot be sent, or there is a
   *     {@code Content-Length}, or no body. A field that {@link Trailers#allows} refuses is the
   *     app's failure, and cuts the response
   */
  public Response withTrailers(Supplier<Headers> fields) {
    return new Response(status, headers, body, background, Optional.of(fields));
  }
}
