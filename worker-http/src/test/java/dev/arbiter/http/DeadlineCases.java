package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --request-timeout}, and an app that asks for more time, the same for every kind. */
@Timeout(60)
public abstract class DeadlineCases {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final CountDownLatch begun = new CountDownLatch(2);
  private final CompletableFuture<Void> released = new CompletableFuture<>();

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  private void begin(RequestHead request) {
    if (request.path().equals("/long")) {
      request.extendDeadline(Duration.ofMinutes(5));
    }
    begun.countDown();
  }

  private App app(boolean blocking) {
    BlockingApp blocks =
        request -> {
          begin(request);
          released.get();
          return Response.of(204);
        };
    AsyncApp async =
        (scope, _, send) -> {
          begin((RequestHead) scope);
          return released
              .thenCompose(_ -> send.send(new ResponseStart(204, Headers.empty())))
              .thenCompose(_ -> send.send(new ResponseBody(NOTHING, false)));
        };
    return blocking ? blocks : async;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRequestThatAskedForMoreTimeIsNotOverdue(boolean blocking) throws Exception {
    try (Host host = serve(app(blocking), "threads", "2", "request-timeout", "1");
        RawClient overdue = host.connect();
        RawClient extended = host.connect()) {
      overdue.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n");
      extended.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
      begun.await();
      Await.until(30, () -> host.overdue() > 0);
      assertThat(host.overdue()).isEqualTo(1);
      released.complete(null);
      assertThat(overdue.answer().status()).as("late, and answered").isEqualTo(204);
      assertThat(extended.answer().status()).isEqualTo(204);
      Await.until(30, () -> host.overdue() == 0);
    }
  }
}
