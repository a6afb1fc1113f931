package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.ReceiveEvent.Disconnect;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same, where HTTP/1.1 says how a body is framed and a connection ends. */
public abstract class Http1ReceiveCases extends WorkerReceiveCases {

  @Test
  void aBodyThatIsFramedWronglyEndsInADisconnect() throws Exception {
    isRefused(this, 400, "5\r\nhello\r\nx\r\n");
  }

  /** It may have gone, or may only have said that it asks for nothing more: so it is answered. */
  @ParameterizedTest
  @ValueSource(strings = {"1", "4"})
  void aClientThatEndsItsSideIsTakenForGoneAndAnswered(String threads) throws Exception {
    CompletableFuture<ReceiveEvent> seen = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, send) ->
            readOn(receive)
                .thenCompose(_ -> receive.next())
                .thenAccept(seen::complete)
                .thenCompose(_ -> answer(send, 201));
    try (Host host = serve(app, "threads", threads);
        RawClient client = host.connect()) {
      client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
      client.shutdownOutput();
      assertThat(client.answer().status()).isEqualTo(201);
      assertThat(soon(seen)).isInstanceOf(Disconnect.class);
      assertThat(client.ended()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "4"})
  void anAppThatStopsBecauseOfItIsNotToBlameAndItsResponseDoesNotLookWhole(String threads)
      throws Exception {
    AsyncApp app =
        (_, receive, send) ->
            send.send(new ResponseStart(200, Headers.empty()))
                .thenCompose(_ -> send.send(new ResponseBody(US_ASCII.encode("part"), true)))
                .thenCompose(_ -> readOn(receive))
                .thenCompose(_ -> receive.next())
                .thenAccept(_ -> {});
    Host host = serve(app, "threads", threads);
    try (RawClient client = host.connect()) {
      client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
      client.shutdownOutput();
      assertThat(client.head().field("transfer-encoding")).isEqualTo("chunked");
      assertThat(client.rest()).isEqualTo("4\r\npart\r\n");
    }
    host.leave();
    assertThat(host.said("debug: GET /a: the client left its app ")).isTrue();
    assertThat(host.said("error: ")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "4"})
  void soItIsForAnAppThatBlocks(String threads) throws Exception {
    BlockingApp app = request -> Response.text("" + awaitDisconnected(request));
    try (Host host = serve(app, "threads", threads);
        RawClient client = host.connect()) {
      client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
      client.shutdownOutput();
      assertThat(client.answer().body()).isEqualTo("true");
      assertThat(client.ended()).isTrue();
    }
  }
}
