package dev.arbiter.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.Headers;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request that is being put together. For one thread, and for one use. */
public final class TestRequest {
  private final TestClient client;
  private final String method;
  private final String target;
  private Headers headers = Headers.empty();
  private byte @Nullable [] body;
  private Headers trailers = Headers.empty();
  private boolean streaming;

  TestRequest(TestClient client, String method, String target) {
    this.client = client;
    this.method = method;
    this.target = target;
  }

  /**
   * One more header field. A {@code Host} or {@code Cookie} replaces the client's own.
   *
   * @param name a token (RFC 9110 section 5.1)
   * @param value sent as it is
   * @return this
   */
  public TestRequest header(String name, String value) {
    headers = headers.with(name, value);
    return this;
  }

  /**
   * A body, with its Content-Length.
   *
   * @param bytes copied
   * @return this
   */
  public TestRequest body(byte[] bytes) {
    body = bytes.clone();
    streaming = false;
    return this;
  }

  /**
   * A body in UTF-8, with its Content-Length; says nothing of its type.
   *
   * @param text may be empty
   * @return this
   */
  public TestRequest body(String text) {
    return body(text.getBytes(UTF_8));
  }

  /**
   * One more trailer field, which the app finds when it has read the body; that is chunked then.
   * Whether the response may have trailers is said in a header field, {@code TE: trailers}.
   *
   * @param name a token (RFC 9110 section 5.1)
   * @param value sent as it is
   * @return this
   */
  public TestRequest trailer(String name, String value) {
    trailers = trailers.with(name, value);
    return this;
  }

  /**
   * A body that is written to {@link TestStream#requestBody} once the request is open: chunked.
   *
   * @return this
   */
  public TestRequest streaming() {
    body = null;
    streaming = true;
    return this;
  }

  /**
   * Sends it, and waits for the whole response and for the app to be done.
   *
   * @return the whole response
   * @throws AppFailure the app failed, or was not done in time
   * @throws IllegalStateException the body streams, which takes {@link #open}
   */
  public TestResponse send() {
    if (streaming) {
      throw new IllegalStateException("A body that streams needs open(), which gives its stream.");
    }
    try (TestStream stream = open()) {
      return stream.readAll();
    }
  }

  /**
   * Asks for a WebSocket, with these fields and cookies, and waits until the app has decided.
   *
   * @param subprotocols that the client speaks, the one it likes best first; may be none
   * @return what the app has accepted
   * @throws WebSocketRefused the app answered with a response
   * @throws AppFailure the app failed, or did not decide in time
   * @throws IllegalStateException the request is no GET, or has a body (RFC 6455 section 4.1)
   */
  public TestWebSocket webSocket(String... subprotocols) {
    if (!method.equals("GET") || body != null || streaming) {
      throw new IllegalStateException("A WebSocket's handshake is a GET without a body.");
    }
    return client.connect(target, headers, List.of(subprotocols));
  }

  /**
   * Sends its head, and its body unless that is to be streamed; does not wait.
   *
   * @return the exchange, which goes on
   */
  public TestStream open() {
    Headers fields = headers;
    if (streaming || trailers.size() > 0) {
      fields = fields.with("transfer-encoding", "chunked");
    } else if (body != null) {
      fields = fields.with("content-length", Integer.toString(body.length));
    }
    return client.open(method, target, fields, body, trailers, streaming);
  }
}
