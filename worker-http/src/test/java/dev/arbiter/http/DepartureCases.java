package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is said, and what not, of apps that fail because their client has gone; for every kind. */
@Timeout(60)
public abstract class DepartureCases {
  private static final byte[] PART = new byte[10_000];
  private static final String GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

  @TempDir Path folder;

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  /** An app, and when it has ended. */
  private static final class Counted implements BlockingApp {
    final CountDownLatch ended = new CountDownLatch(1);
    private final BlockingApp app;

    Counted(BlockingApp app) {
      this.app = app;
    }

    @Override
    public Response handle(dev.arbiter.app.Request request) throws Exception {
      Response response = app.handle(request);
      if (!(response.body() instanceof Response.Body.Stream stream)) {
        return response;
      }
      return response.withBody(
          new Response.Body.Stream(
              out -> {
                try {
                  stream.writer().writeTo(out);
                } finally {
                  ended.countDown();
                }
              }));
    }
  }

  private void isQuiet(Counted app, String request) throws Exception {
    try (Host host = serve(app)) {
      RawClient client = host.connect();
      client.send(request);
      assertThat(client.line()).startsWith("HTTP/1.1 200");
      client.leave();
      client.close();
      assertThat(app.ended.await(30, TimeUnit.SECONDS)).isTrue();
      isSaid(host, "debug: ");
      assertThat(host.said("error: ")).isFalse();
    }
  }

  /** Waits for one of both: the other would not come after it. */
  private static void isSaid(Host host, String text) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!host.said(text) && !host.said("error: ")) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static void writeForever(OutputStream out) throws IOException {
    while (true) {
      out.write(PART);
      out.flush();
    }
  }

  @Test
  void aWriterThatFailsIsNoNews() throws Exception {
    isQuiet(new Counted(_ -> Response.stream("text/plain", DepartureCases::writeForever)), GET);
  }

  @Test
  void norIsOneThatWrapsItsFailure() throws Exception {
    isQuiet(
        new Counted(
            _ ->
                Response.stream(
                    "text/plain",
                    out -> {
                      try {
                        writeForever(out);
                      } catch (IOException failed) {
                        throw new IllegalStateException(new UncheckedIOException(failed));
                      }
                    })),
        GET);
  }

  @Test
  void norIsAReaderInTheMidstOfABody() throws Exception {
    isQuiet(
        new Counted(
            request ->
                Response.stream(
                    "text/plain",
                    out -> {
                      out.flush();
                      try {
                        request.body().readAllBytes();
                      } catch (IOException failed) {
                        throw new UncheckedIOException(failed);
                      }
                    })),
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc");
  }

  @Test
  void norIsAWriterOfEventsThatIsInterrupted() throws Exception {
    Response.Writer events =
        ((Response.Body.Stream)
                Response.events(
                        java.time.Duration.ofMillis(10),
                        _ -> {
                          try {
                            new CountDownLatch(1).await();
                          } catch (InterruptedException interrupted) {
                            throw new IllegalStateException("waits no more", interrupted);
                          }
                        })
                    .body())
            .writer();
    isQuiet(new Counted(_ -> Response.stream("text/event-stream", events)), GET);
  }

  @Test
  void norIsAnAsyncApp() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    AsyncApp app =
        (_, _, send) ->
            send.send(new ResponseStart(200, Headers.empty()))
                .thenCompose(_ -> sendForever(send))
                .whenComplete((_, _) -> ended.countDown());
    try (Host host = serve(app)) {
      RawClient client = host.connect();
      client.send(GET);
      assertThat(client.line()).startsWith("HTTP/1.1 200");
      client.leave();
      client.close();
      assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
      isSaid(host, "debug: ");
      assertThat(host.said("error: ")).isFalse();
    }
  }

  private static CompletionStage<Void> sendForever(Send send) {
    while (true) {
      CompletableFuture<Void> sent =
          send.send(new ResponseBody(ByteBuffer.wrap(PART), true)).toCompletableFuture();
      if (!sent.isDone() || sent.isCompletedExceptionally()) {
        return sent.thenCompose(_ -> sendForever(send));
      }
    }
  }

  @Test
  void anAppThatFailsByItselfIsStillHeardOf() throws Exception {
    BlockingApp app =
        _ -> {
          throw new UncheckedIOException(new IOException("the database has gone"));
        };
    try (Host host = serve(app);
        RawClient client = host.connect()) {
      assertThat(client.get("/a").status()).isEqualTo(500);
      assertThat(host.said("the database has gone")).isTrue();
    }
  }

  @Test
  void aResponseThatWasCutIsInTheAccessLog() throws Exception {
    Path log = folder.resolve("access.log");
    Counted app = new Counted(_ -> Response.stream("text/plain", DepartureCases::writeForever));
    try (Host host =
        serve(
            app,
            "access-log",
            "true",
            "access-logfile",
            log.toString(),
            "access-logformat",
            "%(U)s %(s)s")) {
      RawClient client = host.connect();
      client.send(GET);
      assertThat(client.line()).startsWith("HTTP/1.1 200");
      client.leave();
      client.close();
      assertThat(app.ended.await(30, TimeUnit.SECONDS)).isTrue();
      Await.until(30, () -> !Files.readString(log, US_ASCII).isEmpty());
    }
    assertThat(Files.readString(log, US_ASCII)).isEqualTo("/a 200\n");
  }
}
