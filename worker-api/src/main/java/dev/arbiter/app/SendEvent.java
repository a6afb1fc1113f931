package dev.arbiter.app;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link AsyncApp} sends: perhaps some {@link Informational}, one {@link ResponseStart},
 * then parts of a body, the last with {@code more} false, or {@link ResponseTrailers} after them.
 * In a {@link WebSocketScope} {@link WebSocketAccept}, then messages, then perhaps {@link
 * WebSocketClose}; or, instead of accepting, a response.
 */
public sealed interface SendEvent {

  /**
   * An interim response, before {@link ResponseStart}, and sent at once: see {@link
   * Request#inform}.
   *
   * @param status 102 to 199
   * @param headers of this response alone
   */
  record Informational(int status, Headers headers) implements SendEvent {}

  /**
   * The status and header fields. Without a {@code Content-Length} a body in one part gets one, and
   * a longer one is sent chunked.
   *
   * @param status 200 to 599
   * @param headers sent in this order; names and values are checked against RFC 9110 section 5
   */
  record ResponseStart(int status, Headers headers) implements SendEvent {}

  /**
   * A part of the body.
   *
   * @param bytes written before the returned stage of the <em>next</em> event completes; do not
   *     change them until then
   * @param more whether another part follows
   */
  record ResponseBody(ByteBuffer bytes, boolean more) implements SendEvent {}

  /**
   * A part of the body that is a part of a file. Opened and, where it must be, read on a thread
   * that may block; the stage completes when it was sent, and fails with an {@link
   * java.io.IOException} if it cannot be opened or read.
   *
   * @param file without being copied if it is the whole body
   * @param more whether another part follows
   */
  record ResponseFile(Response.Body.File file, boolean more) implements SendEvent {}

  /**
   * The end of the body, after parts that all had {@code more} true: trailer fields (RFC 9110
   * section 6.5). They are left out, and only the body ended, where {@link Trailers#sentTo} says
   * that they cannot be sent or there is a {@code Content-Length}.
   *
   * @param trailers the stage fails with an {@link IllegalArgumentException} if {@link
   *     Trailers#allows} refuses one
   */
  record ResponseTrailers(Headers trailers) implements SendEvent {}

  /**
   * Accepts a WebSocket.
   *
   * @param subprotocol one of {@link WebSocketScope#subprotocols}, or null for none
   * @param headers more fields for the answer to the handshake
   */
  record WebSocketAccept(@Nullable String subprotocol, Headers headers) implements SendEvent {

    /** Without a subprotocol, and without more fields. */
    public WebSocketAccept() {
      this(null, Headers.empty());
    }
  }

  /**
   * A text message, whole.
   *
   * @param text may be empty
   */
  record WebSocketText(String text) implements SendEvent {}

  /**
   * A binary message, whole.
   *
   * @param bytes do not change them until the returned stage completes
   */
  record WebSocketBinary(ByteBuffer bytes) implements SendEvent {}

  /**
   * Closes a WebSocket, after what was sent before. Before {@link WebSocketAccept} it refuses it:
   * the client gets a 403.
   *
   * @param code 1000, or another that RFC 6455 section 7.4 lets a server send
   * @param reason at most 123 bytes of UTF-8
   */
  record WebSocketClose(int code, String reason) implements SendEvent {}
}
