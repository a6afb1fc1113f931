package dev.arbiter.testing;

import dev.arbiter.app.Headers;
import dev.arbiter.app.WebSocket.Message;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The client's end of a WebSocket (RFC 6455) with an app, without a socket:
 *
 * <pre>{@code
 * try (TestWebSocket socket = client.webSocket("/ws/ada?room=tea")) {
 *   socket.sendText("hello");
 *   assertThat(socket.receiveText()).isEqualTo("ada: hello");
 * }
 * }</pre>
 *
 * <p>For one thread that receives and one that sends. What waits, waits up to the client's time
 * limit, then the test fails with an {@link AppFailure}.
 */
public final class TestWebSocket implements AutoCloseable {
  private static final int NORMAL = 1000;
  private static final int INTERNAL = 1011;

  private final TestClient client;
  private final Exchange exchange;
  private final Session session;
  private final Upgrade.Accepted accepted;

  TestWebSocket(TestClient client, Exchange exchange, Session session, Upgrade.Accepted accepted) {
    this.client = client;
    this.exchange = exchange;
    this.session = session;
    this.accepted = accepted;
  }

  /** {@return what the app chose of the subprotocols that were offered} */
  public Optional<String> subprotocol() {
    return accepted.subprotocol();
  }

  /**
   * {@return the fields the app added to its answer to the handshake; not those of the protocol}
   */
  public Headers headers() {
    return accepted.headers();
  }

  /**
   * Sends a text message; waits while the app has taken none of the last 32. Dropped if the app has
   * closed and the test has not yet received that.
   *
   * @param text may be empty
   * @throws IllegalStateException the test has closed, or has received the app's close
   * @throws AppFailure the app took nothing in time
   */
  public void sendText(String text) {
    client.await(session.clientSend(new Message.Text(text)));
  }

  /**
   * Sends a binary message, as {@link #sendText}; the bytes are copied.
   *
   * @param bytes may be none
   */
  public void sendBinary(byte[] bytes) {
    ByteBuffer copy = ByteBuffer.wrap(bytes.clone()).asReadOnlyBuffer();
    client.await(session.clientSend(new Message.Binary(copy)));
  }

  /**
   * {@return the next message, whole; after the last, {@link Message.Close}}
   *
   * @throws AppFailure the app failed, unless {@link TestClient.Builder#raise} is off: then it is a
   *     close with 1011; or nothing came in time
   */
  public Message receive() {
    Message message = client.await(session.clientReceive());
    if (message instanceof Message.Close(int code, _) && code == INTERNAL) {
      client.awaitDone(exchange);
    }
    return message;
  }

  /**
   * {@return the next message, which must be text}
   *
   * @throws AssertionError it is not
   * @throws AppFailure as {@link #receive}
   */
  public String receiveText() {
    return switch (receive()) {
      case Message.Text(String text) -> text;
      case Message other -> throw new AssertionError("Not a text message: " + other);
    };
  }

  /**
   * {@return the next message, which must be binary}
   *
   * @throws AssertionError it is not
   * @throws AppFailure as {@link #receive}
   */
  public byte[] receiveBinary() {
    return switch (receive()) {
      case Message.Binary(ByteBuffer bytes) -> {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        yield copy;
      }
      case Message other -> throw new AssertionError("Not a binary message: " + other);
    };
  }

  /**
   * {@return the next message, which must be the end}
   *
   * @throws AssertionError it is not
   * @throws AppFailure as {@link #receive}
   */
  public Message.Close receiveClose() {
    return switch (receive()) {
      case Message.Close close -> close;
      case Message other -> throw new AssertionError("Not the end: " + other);
    };
  }

  /**
   * Closes: what was sent before reaches the app, then the end; what the app has sent and nobody
   * has received is lost. Does nothing if the app has closed.
   *
   * @param code 1000, or another that RFC 6455 section 7.4 lets a client send
   * @param reason at most 123 bytes of UTF-8
   * @throws IllegalArgumentException if the code may not be sent, or the reason is too long
   */
  public void close(int code, String reason) {
    session.clientClose(code, reason);
  }

  /** Breaks the connection: the app gets the end with 1006. */
  public void drop() {
    session.drop();
  }

  /**
   * Waits until the app is done with the WebSocket.
   *
   * @param limit how long it waits
   * @return whether it was, within {@code limit}; how it ended does not matter
   * @throws InterruptedException the test's thread was interrupted
   */
  public boolean awaitDone(Duration limit) throws InterruptedException {
    return exchange.awaitDone(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /**
   * Closes with 1000 unless it is closed, and waits until the app is done. Idempotent.
   *
   * @throws AppFailure the app failed, or was not done in time
   */
  @Override
  public void close() {
    session.clientClose(NORMAL, "");
    client.awaitDone(exchange);
  }
}
