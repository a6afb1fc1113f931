package dev.arbiter.testing;

import dev.arbiter.app.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An exchange whose bodies are streams: the request's can still be written while the response's is
 * read. For one thread in each direction. Closing it is what a client does that leaves: an app that
 * has not sent all of its response learns of it, by a write that fails, by {@link
 * dev.arbiter.app.ReceiveEvent.Disconnect}, or by {@link dev.arbiter.app.Request#isDisconnected};
 * {@link #awaitDone} says whether it has ended.
 */
public final class TestStream implements AutoCloseable {
  private final TestClient client;
  private final Exchange exchange;
  private final InputStream body;
  private final OutputStream requestBody;

  TestStream(TestClient client, Exchange exchange) {
    this.client = client;
    this.exchange = exchange;
    body = Waits.input(exchange.out, client.timeout());
    requestBody = Waits.output(exchange.in, client.timeout());
  }

  /**
   * {@return the status; waits for it, up to the client's time limit}
   *
   * @throws AppFailure the app failed before it answered, or did not answer in time
   */
  public int status() {
    return head().status();
  }

  /** {@return the header fields; waits for them as {@link #status} does} */
  public Headers headers() {
    return head().headers();
  }

  /** {@return the interim responses that have come so far; does not wait} */
  public List<TestResponse.Interim> interim() {
    return List.copyOf(exchange.interim);
  }

  private Exchange.Head head() {
    return client.await(exchange.head);
  }

  /**
   * {@return the response's body, as it comes} A read fails with an {@link IOException} if the app
   * failed, which is the cause, or if nothing came within the client's time limit.
   */
  public InputStream body() {
    return body;
  }

  /**
   * {@return the request's body, if {@link TestRequest#streaming} was asked for: each write is a
   * part, and waits while the app reads none; closing ends it}
   */
  public OutputStream requestBody() {
    return requestBody;
  }

  /**
   * Reads the rest of the response, and waits until the app is done.
   *
   * @return the whole of it, with what was read before
   * @throws AppFailure the app failed, or was not done in time
   */
  public TestResponse readAll() {
    Exchange.Head head = head();
    byte[] rest;
    try {
      rest = body.readAllBytes();
    } catch (IOException cut) {
      client.awaitDone(exchange);
      throw new AppFailure("The response was not complete: " + cut.getMessage(), cut);
    }
    client.awaitDone(exchange);
    return new TestResponse(head.status(), head.headers(), rest, exchange.trailers(), interim());
  }

  /**
   * Waits until the app is done with the request, without reading on.
   *
   * @param limit how long it waits
   * @return whether it was, within {@code limit}; how it ended does not matter
   * @throws InterruptedException the test's thread was interrupted
   */
  public boolean awaitDone(Duration limit) throws InterruptedException {
    return exchange.awaitDone(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Leaves. Idempotent. */
  @Override
  public void close() {
    exchange.leave();
  }
}
