package dev.arbiter.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/**
 * A {@link BlockingApp}'s answer.
 *
 * @param status 200 to 599; for {@link Body.Upgrade} 101
 * @param headers sent in this order. {@code Content-Length} is set for {@link Body.Bytes}; a {@link
 *     Body.Stream} without one is sent chunked
 * @param body what follows
 */
public record Response(int status, Headers headers, Body body) {

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
     * @param writer called once, on the request's thread
     */
    record Stream(Writer writer) implements Body {}

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

  /** An answer without a body. */
  public static Response of(int status) {
    return new Response(status, Headers.empty(), new Body.Bytes(NOTHING));
  }

  /** 200 with {@code text/plain; charset=utf-8}. */
  public static Response text(String text) {
    return bytes("text/plain; charset=utf-8", text.getBytes(UTF_8));
  }

  /** 200 with these bytes, which are not copied. */
  public static Response bytes(String contentType, byte[] bytes) {
    return new Response(200, Headers.of("content-type", contentType), new Body.Bytes(bytes));
  }

  /** 200 with a body that {@code writer} writes. */
  public static Response stream(String contentType, Writer writer) {
    return new Response(200, Headers.of("content-type", contentType), new Body.Stream(writer));
  }

  /** Accepts the WebSocket the request asks for. Any other response refuses it. */
  public static Response webSocket(WebSocket.Handler handler) {
    return new Response(101, Headers.empty(), new Body.Upgrade(Optional.empty(), handler));
  }

  /** The same, speaking {@code subprotocol}, which must be one the client offered. */
  public static Response webSocket(String subprotocol, WebSocket.Handler handler) {
    return new Response(101, Headers.empty(), new Body.Upgrade(Optional.of(subprotocol), handler));
  }

  /** The same with another status. */
  public Response withStatus(int newStatus) {
    return new Response(newStatus, headers, body);
  }

  /** The same with one more header field. */
  public Response withHeader(String name, String value) {
    return new Response(status, headers.with(name, value), body);
  }
}
