package dev.arbiter.app;

import java.nio.ByteBuffer;

/**
 * What an {@link AsyncApp} sends: one {@link ResponseStart}, then parts of a body, the last with
 * {@code more} false.
 */
public sealed interface SendEvent {

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
}
