package dev.arbiter.app;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An open WebSocket (RFC 6455) as a {@link BlockingApp}'s handler sees it. One thread at a time may
 * receive; any thread may send and close, and what several threads send arrives message by message.
 *
 * <pre>{@code
 * return Response.webSocket(
 *     socket -> {
 *       while (socket.receive() instanceof WebSocket.Message.Text(String text)) {
 *         socket.sendText("echo: " + text);
 *       }
 *     });
 * }</pre>
 */
public interface WebSocket {

  /** What {@link #receive} gives. */
  sealed interface Message {

    /**
     * A text message, whole.
     *
     * @param text may be empty
     */
    record Text(String text) implements Message {}

    /**
     * A binary message, whole.
     *
     * @param bytes read-only; the app's own, valid as long as it likes
     */
    record Binary(ByteBuffer bytes) implements Message {}

    /**
     * The end: nothing more will come, and nothing sent will arrive.
     *
     * @param code as in RFC 6455 section 7.4: what the client gave, or what this side closed with;
     *     1005 if the client gave none, 1006 if the connection broke
     * @param reason may be empty
     */
    record Close(int code, String reason) implements Message {}
  }

  /** Serves one WebSocket. */
  @FunctionalInterface
  interface Handler {

    /**
     * Serves {@code socket} to its end, on a virtual thread of its own. When it returns the socket
     * is closed with 1000, unless it was closed before.
     *
     * @param socket open, until this returns
     * @throws Exception the socket is closed with 1011 and the stack trace logged; not if the
     *     client had gone and that is what failed
     */
    void handle(WebSocket socket) throws Exception;
  }

  /** {@return what the app chose of the client's subprotocols} */
  Optional<String> subprotocol();

  /**
   * Waits for the next message. Nothing beyond {@code --ws-max-queue} messages is read from the
   * network until it is asked for.
   *
   * @return after the last message {@link Message.Close}, once
   * @throws IOException {@link Message.Close} was given before; or, as {@link
   *     java.io.InterruptedIOException}, the thread was interrupted, and the socket is as before
   * @throws IllegalStateException another thread is receiving
   */
  Message receive() throws IOException;

  /**
   * Sends a text message; waits while the client is slow.
   *
   * @param text of any length; may be empty
   * @throws IOException the socket is closed, or the client has gone
   */
  void sendText(String text) throws IOException;

  /**
   * Sends a binary message; waits while the client is slow. The bytes may be changed again when it
   * returns.
   *
   * @param bytes from the buffer's position to its limit
   * @throws IOException the socket is closed, or the client has gone
   */
  void sendBinary(ByteBuffer bytes) throws IOException;

  /**
   * Closes, after what was sent before. Does nothing if the socket is closed already.
   *
   * @param code 1000, or another that RFC 6455 section 7.4 lets a server send
   * @param reason at most 123 bytes of UTF-8; the client may show it to nobody
   * @throws IllegalArgumentException if the code may not be sent, or the reason is too long
   */
  void close(int code, String reason);
}
