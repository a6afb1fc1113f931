package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.ReceiveEvent.Disconnect;
import dev.arbiter.app.ReceiveEvent.RequestBody;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an app learns of its client while it serves it: what {@link Receive} gives, and when. For
 * every kind, and for the client of tests.
 */
@Timeout(60)
public abstract class ReceiveCases {

  /** One request, whose body is sent part by part. */
  public interface Peer extends AutoCloseable {

    /** Sends a part of the body. */
    void send(String part) throws IOException;

    /** Ends the body. */
    void end() throws IOException;

    /** The response's status; waits for it. */
    int status() throws IOException;

    /** Goes, whatever is under way. */
    void leave() throws IOException;

    /** Stops the app, too. */
    @Override
    void close();
  }

  /** Starts {@code app}, and asks it. */
  protected abstract Peer ask(App app, String... settings) throws Exception;

  /** Asks the app that {@code host} serves. */
  protected static Peer ask(Host host) throws IOException {
    RawClient client = host.connect();
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    return new Peer() {
      @Override
      public void send(String part) throws IOException {
        client.send(Integer.toHexString(part.length()) + "\r\n" + part + "\r\n");
      }

      @Override
      public void end() throws IOException {
        client.send("0\r\n\r\n");
      }

      @Override
      public int status() throws IOException {
        return client.answer().status();
      }

      @Override
      public void leave() throws IOException {
        client.leave();
      }

      @Override
      public void close() {
        try (host;
            client) {
          // Nothing else is open.
        } catch (IOException failed) {
          throw new AssertionError(failed);
        }
      }
    };
  }

  static CompletionStage<Void> answer(Send send, int status) {
    return send.send(new ResponseStart(status, Headers.empty()))
        .thenCompose(_ -> send.send(new ResponseBody(ByteBuffer.wrap(new byte[1]), false)));
  }

  /** Receives to the end of the body, or of all. */
  static CompletionStage<ReceiveEvent> readOn(Receive receive) {
    return receive
        .next()
        .thenCompose(
            event ->
                event instanceof RequestBody part && part.more()
                    ? readOn(receive)
                    : CompletableFuture.completedStage(event));
  }

  static <T> T soon(CompletableFuture<T> stage) throws Exception {
    return stage.get(10, TimeUnit.SECONDS);
  }

  @Test
  void theBodyComesInParts() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    AsyncApp app = (_, receive, send) -> readAll(receive, seen).thenCompose(_ -> answer(send, 204));
    try (Peer peer = ask(app)) {
      peer.send("one");
      assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("one");
      peer.send("two");
      assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("two");
      peer.end();
      assertThat(peer.status()).isEqualTo(204);
      assertThat(seen).containsOnly("");
    }
  }

  private static CompletionStage<Void> readAll(Receive receive, BlockingQueue<String> seen) {
    return receive
        .next()
        .thenCompose(
            event -> {
              RequestBody part = (RequestBody) event;
              seen.add(UTF_8.decode(part.bytes()).toString());
              return part.more()
                  ? readAll(receive, seen)
                  : CompletableFuture.completedStage((Void) null);
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "4"})
  void anAppThatWaitsIsToldThatItsClientHasGone(String threads) throws Exception {
    CompletableFuture<Void> read = new CompletableFuture<>();
    CompletableFuture<ReceiveEvent> seen = new CompletableFuture<>();
    CompletableFuture<ReceiveEvent> again = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, _) ->
            readOn(receive)
                .thenAccept(_ -> read.complete(null))
                .thenCompose(_ -> receive.next())
                .thenAccept(seen::complete)
                .thenCompose(_ -> receive.next())
                .thenAccept(again::complete);
    try (Peer peer = ask(app, "threads", threads)) {
      peer.send("abc");
      peer.end();
      soon(read);
      peer.leave();
      assertThat(soon(seen)).isInstanceOf(Disconnect.class);
      assertThat(soon(again)).isInstanceOf(Disconnect.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "4"})
  void anAppThatBlocksMayAskWhetherItsClientHasGone(String threads) throws Exception {
    CompletableFuture<Boolean> before = new CompletableFuture<>();
    CompletableFuture<Boolean> after = new CompletableFuture<>();
    BlockingApp app =
        request -> {
          byte[] _ = request.body().readAllBytes();
          before.complete(request.isDisconnected());
          after.complete(awaitDisconnected(request));
          return Response.of(204);
        };
    try (Peer peer = ask(app, "threads", threads)) {
      peer.end();
      assertThat(soon(before)).isFalse();
      peer.leave();
      assertThat(soon(after)).isTrue();
    }
  }

  /** Asks again and again, for eight seconds at most. */
  static boolean awaitDisconnected(Request request) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(8);
    while (!request.isDisconnected()) {
      if (System.nanoTime() > end) {
        return false;
      }
      LockSupport.parkNanos(1_000_000);
    }
    return request.isDisconnected();
  }

  @Test
  void soIsOneWhoseClientGoesInTheMiddleOfItsBody() throws Exception {
    CompletableFuture<Void> read = new CompletableFuture<>();
    CompletableFuture<ReceiveEvent> seen = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, _) ->
            receive
                .next()
                .thenAccept(_ -> read.complete(null))
                .thenCompose(_ -> readOn(receive))
                .thenAccept(seen::complete);
    try (Peer peer = ask(app)) {
      peer.send("abc");
      soon(read);
      peer.leave();
      assertThat(soon(seen)).isInstanceOf(Disconnect.class);
    }
  }

  @Test
  void theEndOfTheResponseIsAlsoOneOfTheRequest() throws Exception {
    CompletableFuture<ReceiveEvent> waited = new CompletableFuture<>();
    CompletableFuture<ReceiveEvent> asked = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, send) ->
            readOn(receive)
                .thenCompose(
                    _ -> {
                      receive.next().thenAccept(waited::complete);
                      return answer(send, 200);
                    })
                .thenCompose(_ -> receive.next())
                .thenAccept(asked::complete);
    try (Peer peer = ask(app)) {
      peer.end();
      assertThat(peer.status()).isEqualTo(200);
      assertThat(soon(waited)).isInstanceOf(Disconnect.class);
      assertThat(soon(asked)).isInstanceOf(Disconnect.class);
    }
  }

  @Test
  void whoAsksAgainBeforeTheEventHasComeIsRefused() throws Exception {
    CompletableFuture<Throwable> refused = new CompletableFuture<>();
    CompletableFuture<ReceiveEvent> first = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, send) ->
            readOn(receive)
                .thenCompose(
                    _ -> {
                      receive.next().thenAccept(first::complete);
                      return receive.next().exceptionally(failure -> told(refused, failure));
                    })
                .thenCompose(_ -> answer(send, 200));
    try (Peer peer = ask(app)) {
      peer.end();
      assertThat(peer.status()).isEqualTo(200);
      assertThat(soon(refused)).isInstanceOf(IllegalStateException.class);
      assertThat(soon(first)).isInstanceOf(Disconnect.class);
    }
  }

  private static ReceiveEvent told(CompletableFuture<Throwable> refused, Throwable failure) {
    refused.complete(failure);
    return new Disconnect();
  }

  /** Which of both is the second, nobody knows; the other gets what comes. */
  @Test
  void soIsOneThatAsksFromAnotherThread() throws Exception {
    CompletableFuture<Throwable> refused = new CompletableFuture<>();
    BlockingQueue<ReceiveEvent> seen = new LinkedBlockingQueue<>();
    AsyncApp app =
        (_, receive, send) -> {
          CompletableFuture<Void> one = askAside(receive, seen, refused);
          CompletableFuture<Void> other = askAside(receive, seen, refused);
          return CompletableFuture.allOf(one, other).thenCompose(_ -> answer(send, 200));
        };
    try (Peer peer = ask(app)) {
      assertThat(soon(refused)).isInstanceOf(IllegalStateException.class);
      peer.send("x");
      peer.end();
      assertThat(peer.status()).isEqualTo(200);
      assertThat(seen)
          .singleElement()
          .isInstanceOfSatisfying(
              RequestBody.class,
              part -> assertThat(ISO_8859_1.decode(part.bytes()).toString()).isEqualTo("x"));
    }
  }

  private static CompletableFuture<Void> askAside(
      Receive receive, BlockingQueue<ReceiveEvent> seen, CompletableFuture<Throwable> refused) {
    return CompletableFuture.supplyAsync(receive::next, task -> Thread.ofVirtual().start(task))
        .thenCompose(stage -> stage)
        .handle(
            (event, failure) ->
                failure == null ? seen.add(event) : refused.complete(cause(failure)))
        .thenAccept(_ -> {});
  }

  private static Throwable cause(Throwable failure) {
    return failure.getCause() == null ? failure : failure.getCause();
  }
}
