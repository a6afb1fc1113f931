package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.Informational;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.SendEvent.ResponseTrailers;
import dev.arbiter.http.RawClient.Answer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What becomes of newer things for a client of HTTP/1.0, which knows no chunks, no trailers and no
 * interim responses; the same for every kind.
 */
@Timeout(60)
public abstract class Http10Cases {
  private static final String TEXT = "All that is said twice may be said once. ".repeat(1000);
  private static final Headers SUM = Headers.of("X-Sum", "2");
  private static final Headers LINK = Headers.of("Link", "</a.css>; rel=preload");

  @TempDir Path folder;

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  private Host serving(boolean blocking) throws Exception {
    return serve(
        blocking ? (BlockingApp) Http10Cases::answer : (AsyncApp) Http10Cases::serveAsync,
        "compress",
        "true");
  }

  private static Response answer(Request request) throws IOException {
    request.inform(103, LINK);
    return switch (request.path()) {
      case "/declared" ->
          Response.text("ab").withHeader("content-length", "2").withTrailers(() -> SUM);
      case "/whole" -> Response.text("ab").withTrailers(() -> SUM);
      case "/long" -> Response.stream("text/plain", out -> out.write(TEXT.getBytes(US_ASCII)));
      default ->
          Response.stream(
                  "text/plain",
                  out -> {
                    out.write('a');
                    out.flush();
                    out.write('b');
                  })
              .withTrailers(() -> SUM);
    };
  }

  private static CompletionStage<Void> serveAsync(Scope scope, Receive receive, Send send) {
    String path = ((HttpScope) scope).path();
    Headers headers = Headers.of("content-type", "text/plain");
    Headers start = path.equals("/declared") ? headers.with("content-length", "2") : headers;
    CompletionStage<Void> started =
        send.send(new Informational(103, LINK))
            .thenCompose(_ -> send.send(new ResponseStart(200, start)));
    return switch (path) {
      case "/whole", "/declared" ->
          started
              .thenCompose(_ -> part(send, "ab", true))
              .thenCompose(_ -> send.send(new ResponseTrailers(SUM)));
      case "/long" ->
          started
              .thenCompose(_ -> part(send, TEXT.substring(0, 1000), true))
              .thenCompose(_ -> part(send, TEXT.substring(1000), false));
      default ->
          started
              .thenCompose(_ -> part(send, "a", true))
              .thenCompose(_ -> part(send, "b", true))
              .thenCompose(_ -> send.send(new ResponseTrailers(SUM)));
    };
  }

  private static CompletionStage<Void> part(Send send, String text, boolean more) {
    return send.send(new ResponseBody(ByteBuffer.wrap(text.getBytes(US_ASCII)), more));
  }

  @ParameterizedTest
  @CsvSource({
    "true, /parts",
    "true, /whole",
    "true, /declared",
    "false, /parts",
    "false, /whole",
    "false, /declared",
  })
  void trailersAndInterimResponsesAreLeftOut(boolean blocking, String path) throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      client.send("GET " + path + " HTTP/1.0\r\nTE: trailers\r\n\r\n");
      Answer head = client.head();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.fields()).doesNotContainKeys("transfer-encoding", "trailer");
      assertThat(client.rest()).isEqualTo("ab");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCompressedBodyEndsWithTheConnection(boolean blocking) throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      client.send("GET /long HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
      Answer answer = client.answer();
      assertThat(answer.field("content-encoding")).isEqualTo("gzip");
      byte[] bytes = answer.body().getBytes(ISO_8859_1);
      try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
        assertThat(new String(in.readAllBytes(), US_ASCII)).isEqualTo(TEXT);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFileHasItsLength(boolean sendfile) throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[1_000_000]);
    BlockingApp app = _ -> Response.file("application/octet-stream", file);
    try (Host host = serve(app, "sendfile", "" + sendfile);
        RawClient client = host.connect()) {
      Answer answer = client.send("GET / HTTP/1.0\r\n\r\n").answer();
      assertThat(answer.field("content-length")).isEqualTo("1000000");
      assertThat(answer.body()).hasSize(1_000_000);
      assertThat(client.ended()).isTrue();
    }
  }
}
