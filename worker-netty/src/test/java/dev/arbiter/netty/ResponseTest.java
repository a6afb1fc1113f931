package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.http.RawClient;
import dev.arbiter.http.RawClient.Answer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** What goes out: framing, streams, and apps that fail or misbehave. */
class ResponseTest {

  private static AsyncApp sending(java.util.function.Function<Send, CompletionStage<Void>> answer) {
    return (_, _, send) -> answer.apply(send);
  }

  private static Answer get(App app) throws Exception {
    try (Fixture fixture = Fixture.serving(app);
        RawClient client = fixture.connect()) {
      return client.get("/");
    }
  }

  @Test
  void aBodyInOnePartHasALength() throws Exception {
    Answer answer =
        get(
            sending(
                send ->
                    send.send(Apps.start("x-a", "b"))
                        .thenCompose(_ -> send.send(Apps.body("hello", false)))));
    assertThat(answer.field("content-length")).isEqualTo("5");
    assertThat(answer.field("x-a")).isEqualTo("b");
    assertThat(answer.field("server")).isEqualTo("arbiter");
    assertThat(answer.field("date")).endsWith("GMT");
    assertThat(answer.body()).isEqualTo("hello");
  }

  @Test
  void serverAndDateCanBeSwitchedOff() throws Exception {
    try (Fixture fixture =
            Fixture.serving(Apps.PATH, "server-header", "false", "date-header", "false");
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").fields()).containsOnlyKeys("content-length");
    }
  }

  private static final AsyncApp PARTS =
      sending(
          send ->
              send.send(Apps.start())
                  .thenCompose(_ -> send.send(Apps.body("", true)))
                  .thenCompose(_ -> send.send(Apps.body("one ", true)))
                  .thenCompose(_ -> send.send(Apps.body("", true)))
                  .thenCompose(_ -> send.send(Apps.body("twenty characters, and", false))));

  @Test
  void aBodyInPartsIsChunked() throws Exception {
    Answer answer = get(PARTS);
    assertThat(answer.field("transfer-encoding")).isEqualTo("chunked");
    assertThat(answer.body()).isEqualTo("one twenty characters, and");
  }

  @Test
  void aBodyInPartsEndsTheConnectionInHttp10() throws Exception {
    try (Fixture fixture = Fixture.serving(PARTS);
        RawClient client = fixture.connect()) {
      client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      assertThat(client.rest())
          .contains("Connection: close\r\n")
          .doesNotContain("chunked")
          .endsWith("\r\n\r\none twenty characters, and");
    }
  }

  @Test
  void anEmptyPartSendsTheHead() throws Exception {
    CompletableFuture<Void> later = new CompletableFuture<>();
    AsyncApp app =
        sending(
            send ->
                send.send(Apps.start())
                    .thenCompose(_ -> send.send(Apps.body("", true)))
                    .thenCompose(_ -> later)
                    .thenCompose(_ -> send.send(Apps.body("", false))));
    try (Fixture fixture = Fixture.serving(app);
        RawClient client = fixture.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.head().status()).isEqualTo(200);
      later.complete(null);
      assertThat(client.line()).isEqualTo("0");
    }
  }

  @Test
  void aDeclaredLengthIsKept() throws Exception {
    Answer answer =
        get(
            sending(
                send ->
                    send.send(Apps.start("Content-Length", "4"))
                        .thenCompose(_ -> send.send(Apps.body("ab", true)))
                        .thenCompose(_ -> send.send(Apps.body("cd", false)))));
    assertThat(answer.field("content-length")).isEqualTo("4");
    assertThat(answer.body()).isEqualTo("abcd");
  }

  @Test
  void moreThanDeclaredIsAnErrorAndIsNotSent() throws Exception {
    try (Fixture fixture =
            Fixture.serving(
                sending(
                    send ->
                        send.send(Apps.start("Content-Length", "3"))
                            .thenCompose(_ -> send.send(Apps.body("ab", true)))
                            .thenCompose(_ -> send.send(Apps.body("cd", false)))));
        RawClient client = fixture.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.rest()).endsWith("\r\n\r\nab");
      Fixture.await(() -> fixture.said("declared a Content-Length of 3 and sent 4"));
    }
  }

  @Test
  void lessThanDeclaredCutsTheConnection() throws Exception {
    try (Fixture fixture =
            Fixture.serving(
                sending(
                    send ->
                        send.send(Apps.start("Content-Length", "3"))
                            .thenCompose(_ -> send.send(Apps.body("ab", true)))));
        RawClient client = fixture.connect()) {
      Assertions.assertThatThrownBy(() -> client.get("/")).isInstanceOf(EOFException.class);
      Fixture.await(() -> fixture.said("returned before the response was complete"));
    }
  }

  @Test
  void answersToHeadHaveNoBody() throws Exception {
    for (App app : new App[] {Apps.READER, Apps.PATH, PARTS}) {
      try (Fixture fixture = Fixture.serving(app);
          RawClient client = fixture.connect()) {
        client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(client.answer(true).status()).isEqualTo(200);
        assertThat(client.get("/").status()).isEqualTo(200);
      }
    }
  }

  @Test
  void aLargeBodyIsSentWhole() throws Exception {
    byte[] large = new byte[5_000_000];
    for (int i = 0; i < large.length; i++) {
      large[i] = (byte) ('a' + i % 26);
    }
    Answer answer = get((BlockingApp) _ -> Response.bytes("text/plain", large));
    assertThat(answer.body()).hasSize(large.length).startsWith("abc");
    assertThat(answer.body().charAt(4_999_999)).isEqualTo((char) large[4_999_999]);
  }

  @Test
  void aBlockingAppStreams() throws Exception {
    Answer answer =
        get(
            (BlockingApp)
                _ ->
                    Response.stream(
                        "text/plain",
                        out -> {
                          for (int i = 0; i < 20_000; i++) {
                            out.write(
                                ("line " + i + "\n")
                                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                          }
                        }));
    assertThat(answer.field("transfer-encoding")).isEqualTo("chunked");
    assertThat(answer.body().lines()).hasSize(20_000).last().isEqualTo("line 19999");
  }

  @Test
  void aShortStreamHasALength() throws Exception {
    Answer answer = get((BlockingApp) _ -> Response.stream("text/plain", out -> out.write('x')));
    assertThat(answer.field("content-length")).isEqualTo("1");
  }

  @Test
  void aSlowReaderHoldsTheAppBack() throws Exception {
    AtomicInteger parts = new AtomicInteger();
    byte[] part = new byte[64 * 1024];
    AsyncApp endless =
        sending(send -> send.send(Apps.start()).thenCompose(_ -> more(send, part, parts)));
    try (Fixture fixture = Fixture.serving(endless, "write-timeout", "500");
        RawClient client = fixture.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      // Held back first, and given up when the client makes no progress for half a second.
      Fixture.await(() -> fixture.open.get() == 0);
      assertThat(parts.get()).isBetween(2, 500);
      // Else a worker might end, as all connections have, before the request is in its log.
      assertThat(fixture.inFlightAtEnds).isEmpty();
    }
  }

  private static CompletionStage<Void> more(Send send, byte[] part, AtomicInteger parts) {
    parts.incrementAndGet();
    return send.send(new ResponseBody(ByteBuffer.wrap(part), true))
        .thenComposeAsync(_ -> more(send, part, parts));
  }

  @Test
  void anAppThatThrowsIsAnswered500AndTheConnectionIsKept() throws Exception {
    App[] apps = {
      (BlockingApp)
          _ -> {
            throw new IllegalStateException("broken on purpose");
          },
      (AsyncApp)
          (_, _, _) -> {
            throw new IllegalStateException("broken on purpose");
          },
      (AsyncApp) (_, _, _) -> CompletableFuture.failedFuture(new IOException("broken on purpose")),
      (AsyncApp)
          (_, _, send) ->
              send.send(Apps.start())
                  .thenCompose(
                      _ -> CompletableFuture.failedFuture(new IOException("broken on purpose"))),
    };
    for (App app : apps) {
      try (Fixture fixture = Fixture.serving(app);
          RawClient client = fixture.connect()) {
        assertThat(client.get("/x").status()).isEqualTo(500);
        assertThat(client.get("/x").status()).isEqualTo(500);
        assertThat(fixture.said("error: GET /x: the app failed")).isTrue();
        assertThat(fixture.said("broken on purpose")).isTrue();
      }
    }
  }

  @Test
  void anAppThatSaysNothingIsAnswered500() throws Exception {
    assertThat(get((AsyncApp) (_, _, _) -> CompletableFuture.runAsync(() -> {})).status())
        .isEqualTo(500);
  }

  @Test
  void anAppThatFailsInTheMiddleCutsTheConnection() throws Exception {
    App[] apps = {
      (BlockingApp)
          _ ->
              Response.stream(
                  "text/plain",
                  out -> {
                    out.write(new byte[100_000]);
                    throw new IOException("broken on purpose");
                  }),
      sending(
          send ->
              send.send(Apps.start())
                  .thenCompose(_ -> send.send(Apps.body("abc", true)))
                  .thenCompose(
                      _ -> CompletableFuture.failedFuture(new IOException("broken on purpose"))))
    };
    for (App app : apps) {
      try (Fixture fixture = Fixture.serving(app);
          RawClient client = fixture.connect()) {
        Assertions.assertThatThrownBy(() -> client.get("/")).isInstanceOf(EOFException.class);
        Fixture.await(() -> fixture.said("broken on purpose"));
      }
    }
  }

  @Test
  void anInjectedHeaderIsNotSent() throws Exception {
    Answer answer = get((BlockingApp) _ -> Response.text("x").withHeader("a", "b\r\nevil: 1"));
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.fields()).doesNotContainKey("evil");
  }

  @Test
  void eventsOutOfOrderAreErrors() throws Exception {
    Answer early = get(sending(send -> send.send(Apps.body("x", false))));
    assertThat(early.status()).isEqualTo(500);
    Answer twice =
        get(
            sending(
                send ->
                    send.send(Apps.start())
                        .thenCompose(_ -> send.send(Apps.start()))
                        .exceptionallyCompose(_ -> Apps.respondAgain(send))));
    assertThat(twice.body()).isEqualTo("still fine");
  }

  @Test
  void closeIsTheAppsToSay() throws Exception {
    try (Fixture fixture =
            Fixture.serving(
                (BlockingApp)
                    _ ->
                        new Response(
                            200,
                            Headers.of("Connection", "close"),
                            new Response.Body.Bytes(new byte[1])));
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").field("connection")).isEqualTo("close");
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void eventsMayBeSentFromAnyThread() throws Exception {
    AsyncApp app =
        (_, receive, send) ->
            CompletableFuture.supplyAsync(() -> null)
                .thenComposeAsync(_ -> receive.next())
                .thenComposeAsync(_ -> send.send(Apps.start()))
                .thenComposeAsync(_ -> send.send(Apps.body("a", true)))
                .thenComposeAsync(_ -> send.send(Apps.body("b", false)));
    assertThat(get(app).body()).isEqualTo("ab");
  }
}
