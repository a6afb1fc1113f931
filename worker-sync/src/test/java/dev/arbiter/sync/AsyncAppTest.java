package dev.arbiter.sync;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.http.RawClient;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Asynchronous apps under the blocking worker: the same contract. */
@Timeout(60)
class AsyncAppTest {
  @Test
  void aBodyInOnePartGetsALength() throws Exception {
    try (Fixture fixture =
            Fixture.servingAsync((scope, _, send) -> whole(send, 200, ((HttpScope) scope).path()));
        RawClient client = fixture.connect()) {
      RawClient.Answer answer = client.get("/hello");
      assertThat(answer.field("content-length")).isEqualTo("6");
      assertThat(answer.body()).isEqualTo("/hello");
      assertThat(client.get("/again").body()).isEqualTo("/again");
    }
  }

  @Test
  void aBodyIsEchoedPartByPart() throws Exception {
    for (String threads : new String[] {"1", "4"}) {
      try (Fixture fixture =
              Fixture.servingAsync(
                  (_, receive, send) ->
                      send.send(new SendEvent.ResponseStart(200, Headers.empty()))
                          .thenCompose(_ -> copy(receive, send)),
                  "threads",
                  threads);
          RawClient client = fixture.connect()) {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        assertThat(client.head().status()).isEqualTo(200);
        assertThat(client.line()).isEqualTo("3");
        assertThat(client.bytes(5)).isEqualTo("abc\r\n");
        client.send("2\r\nde\r\n0\r\n\r\n");
        assertThat(client.line()).isEqualTo("2");
        assertThat(client.bytes(4)).isEqualTo("de\r\n");
        assertThat(client.line()).isEqualTo("0");
        assertThat(client.line()).isEmpty();
        assertThat(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").answer().body()).isEmpty();
      }
    }
  }

  private static CompletionStage<Void> copy(Receive receive, Send send) {
    return receive
        .next()
        .thenCompose(
            event ->
                switch (event) {
                  case ReceiveEvent.RequestBody part ->
                      send.send(new SendEvent.ResponseBody(part.bytes(), part.more()))
                          .thenCompose(
                              _ ->
                                  part.more()
                                      ? copy(receive, send)
                                      : CompletableFuture.<Void>completedFuture(null));
                  default -> CompletableFuture.completedFuture(null);
                });
  }

  @Test
  void aResponseMayComeLaterFromAnotherThread() throws Exception {
    try (Fixture fixture =
            Fixture.servingAsync(
                (_, _, send) ->
                    CompletableFuture.runAsync(
                            () -> {}, CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS))
                        .thenCompose(_ -> whole(send, 201, "late")));
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").status()).isEqualTo(201);
    }
  }

  @Test
  void failuresAreAnsweredWith500() throws Exception {
    try (Fixture fixture =
            Fixture.servingAsync(
                (scope, _, _) ->
                    switch (((HttpScope) scope).path()) {
                      case "/failed" ->
                          CompletableFuture.failedFuture(new IllegalStateException("on purpose"));
                      case "/silent" -> CompletableFuture.completedFuture(null);
                      default -> throw new IllegalStateException("thrown on purpose");
                    });
        RawClient client = fixture.connect()) {
      assertThat(client.get("/failed").status()).isEqualTo(500);
      assertThat(client.get("/silent").status()).isEqualTo(500);
      assertThat(client.get("/thrown").status()).isEqualTo(500);
      assertThat(fixture.context.said).filteredOn(line -> line.startsWith("error")).hasSize(3);
    }
  }

  @Test
  void aFailureAfterTheStartIsSeenAsACut() throws Exception {
    try (Fixture fixture =
            Fixture.servingAsync(
                (_, _, send) ->
                    send.send(new SendEvent.ResponseStart(200, Headers.empty()))
                        .thenCompose(
                            _ -> send.send(new SendEvent.ResponseBody(bytes("part"), true)))
                        .thenCompose(
                            _ ->
                                CompletableFuture.failedFuture(
                                    new IllegalStateException("on purpose"))));
        RawClient client = fixture.connect()) {
      assertThatThrownBy(() -> client.get("/")).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void eventsOutOfOrderAreRefusedAndHarmless() throws Exception {
    LinkedBlockingQueue<CompletionStage<Void>> stages = new LinkedBlockingQueue<>();
    try (Fixture fixture =
            Fixture.servingAsync(
                (_, _, send) -> {
                  stages.add(send.send(new SendEvent.ResponseBody(bytes("early"), false)));
                  CompletionStage<Void> done = whole(send, 200, "ok");
                  stages.add(send.send(new SendEvent.ResponseBody(bytes("late"), false)));
                  return done;
                });
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").body()).isEqualTo("ok");
      assertThat(stages.take().toCompletableFuture()).isCompletedExceptionally();
      assertThat(stages.take().toCompletableFuture()).isCompletedExceptionally();
    }
  }

  private static CompletionStage<Void> whole(Send send, int status, String body) {
    return send.send(new SendEvent.ResponseStart(status, Headers.empty()))
        .thenCompose(_ -> send.send(new SendEvent.ResponseBody(bytes(body), false)));
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }
}
