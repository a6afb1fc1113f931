package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.ReceiveEvent.Disconnect;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same, where there is a connection and what a worker refuses; for every kind. */
public abstract class WorkerReceiveCases extends ReceiveCases {

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  @Override
  protected Peer ask(App app, String... settings) throws Exception {
    return ask(serve(app, settings));
  }

  /** The worker answers; what the app was given, and made of it, is nobody's failure. */
  static void isRefused(WorkerReceiveCases cases, int status, String sent, String... settings)
      throws Exception {
    CompletableFuture<ReceiveEvent> seen = new CompletableFuture<>();
    CompletableFuture<ReceiveEvent> again = new CompletableFuture<>();
    CompletableFuture<Throwable> unsent = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, send) ->
            readOn(receive)
                .thenAccept(seen::complete)
                .thenCompose(_ -> receive.next())
                .thenAccept(again::complete)
                .thenCompose(_ -> answer(send, 200))
                .whenComplete((_, failure) -> unsent.complete(failure));
    try (Host host = cases.serve(app, settings);
        RawClient client = host.connect()) {
      client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      client.send(sent);
      assertThat(client.answer().status()).isEqualTo(status);
      assertThat(soon(seen)).isInstanceOf(Disconnect.class);
      assertThat(soon(again)).isInstanceOf(Disconnect.class);
      assertThat(soon(unsent))
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(IOException.class);
      assertThat(host.said("error: ")).isFalse();
    }
  }

  @Test
  void aBodyThatIsTooLongEndsInADisconnect() throws Exception {
    isRefused(this, 413, "5\r\nhello\r\nf\r\n123456789012345\r\n", "limit-request-body", "10");
  }

  @Test
  void soDoesOneThatIsTooSlow() throws Exception {
    isRefused(this, 408, "5\r\nhello\r\n", "body-timeout", "300");
  }

  /** What an app that ends then has not sent, nobody misses. */
  @ParameterizedTest
  @ValueSource(strings = {"1", "4"})
  void anAppThatEndsBecauseItsClientHasGoneHasNotFailed(String threads) throws Exception {
    CompletableFuture<Void> read = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, _) ->
            readOn(receive)
                .thenAccept(_ -> read.complete(null))
                .thenCompose(_ -> receive.next())
                .thenAccept(_ -> {});
    try (Host host = serve(app, "threads", threads);
        RawClient client = host.connect()) {
      client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
      soon(read);
      client.leave();
      Await.until(30, () -> host.said("debug: GET /a") || host.inFlight() == 0);
      assertThat(host.said("error: ")).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "4"})
  void aRequestThatFollowsIsNoDeparture(String threads) throws Exception {
    CompletableFuture<ReceiveEvent> seen = new CompletableFuture<>();
    CompletableFuture<Void> release = new CompletableFuture<>();
    AsyncApp app =
        (scope, receive, send) ->
            readOn(receive)
                .thenCompose(_ -> first(scope) ? wait(receive.next(), seen, release) : release)
                .thenCompose(_ -> answer(send, first(scope) ? 201 : 202));
    try (Host host = serve(app, "threads", threads);
        RawClient client = host.connect()) {
      client.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n");
      Await.until(10, () -> host.inFlight() > 0);
      client.send("GET /third HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(seen).failsWithin(java.time.Duration.ofMillis(300));
      release.complete(null);
      assertThat(client.answer().status()).isEqualTo(201);
      assertThat(soon(seen)).isInstanceOf(Disconnect.class);
      assertThat(client.answer().status()).isEqualTo(202);
      assertThat(client.answer().status()).isEqualTo(202);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "4"})
  void norDoesAnAppThatBlocksTakeItForOne(String threads) throws Exception {
    BlockingApp app = request -> Response.text(request.path() + request.isDisconnected());
    try (Host host = serve(app, "threads", threads);
        RawClient client = host.connect()) {
      client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.answer().body()).isEqualTo("/afalse");
      assertThat(client.answer().body()).isEqualTo("/bfalse");
      assertThat(client.get("/c").body()).isEqualTo("/cfalse");
    }
  }

  private static boolean first(Scope scope) {
    return ((HttpScope) scope).path().equals("/first");
  }

  private static CompletionStage<Void> wait(
      CompletionStage<ReceiveEvent> next,
      CompletableFuture<ReceiveEvent> seen,
      CompletableFuture<Void> release) {
    next.thenAccept(seen::complete);
    return release;
  }
}
