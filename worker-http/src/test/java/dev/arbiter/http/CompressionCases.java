package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import com.github.luben.zstd.ZstdInputStream;
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
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.http.RawClient.Answer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --compress} as a client sees it, the same for every kind. */
@Timeout(60)
public abstract class CompressionCases {
  private static final String TEXT = "All that is said twice may be said once. ".repeat(1000);
  private static final int LINE = 41;

  @TempDir Path folder;

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  private static Response answer(Request request) {
    return switch (request.path()) {
      case "/small" -> Response.text("small").withHeader("etag", "\"s\"");
      case "/stream" -> Response.stream("text/plain", out -> out.write(TEXT.getBytes(UTF_8)));
      case "/random" -> Response.bytes("image/png", new byte[10_000]);
      default -> Response.text(TEXT).withHeader("etag", "\"t\"");
    };
  }

  private static CompletionStage<Void> serveAsync(Scope scope, Receive receive, Send send) {
    HttpScope request = (HttpScope) scope;
    Headers headers = Headers.of("content-type", "text/plain; charset=utf-8");
    return switch (request.path()) {
      case "/small" -> whole(send, headers.with("etag", "\"s\""), "small");
      case "/stream" ->
          send.send(new ResponseStart(200, headers))
              .thenCompose(_ -> part(send, TEXT.substring(0, 1000), true))
              .thenCompose(_ -> part(send, TEXT.substring(1000), true))
              .thenCompose(_ -> part(send, "", false));
      case "/random" -> whole(send, Headers.of("content-type", "image/png"), "\0".repeat(10_000));
      default -> whole(send, headers.with("etag", "\"t\""), TEXT);
    };
  }

  private static CompletionStage<Void> whole(Send send, Headers headers, String text) {
    return send.send(new ResponseStart(200, headers)).thenCompose(_ -> part(send, text, false));
  }

  private static CompletionStage<Void> part(Send send, String text, boolean more) {
    return send.send(new ResponseBody(ByteBuffer.wrap(text.getBytes(UTF_8)), more));
  }

  private Host serving(boolean blocking, String... settings) throws Exception {
    return serve(
        blocking ? (BlockingApp) CompressionCases::answer : (AsyncApp) CompressionCases::serveAsync,
        settings);
  }

  private static Answer get(RawClient client, String line, String accepted) throws IOException {
    client.send(line + "\r\nHost: a\r\nAccept-Encoding: " + accepted + "\r\n\r\n");
    return client.answer(line.startsWith("HEAD"));
  }

  private static String gunzip(String body) throws IOException {
    return decoded("gzip", body);
  }

  private static String decoded(String coding, String body) throws IOException {
    InputStream bytes = new ByteArrayInputStream(body.getBytes(ISO_8859_1));
    try (InputStream in =
        switch (coding) {
          case "br" -> new BrotliInputStream(bytes);
          case "zstd" -> new ZstdInputStream(bytes);
          default -> new GZIPInputStream(bytes);
        }) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoTakesGzipGetsIt(boolean blocking) throws Exception {
    try (Host host = serving(blocking, "compress", "true");
        RawClient client = host.connect()) {
      Answer whole = get(client, "GET / HTTP/1.1", "gzip, deflate");
      assertThat(whole.field("content-encoding")).isEqualTo("gzip");
      assertThat(whole.field("content-length")).isEqualTo("" + whole.body().length());
      assertThat(whole.field("vary")).isEqualTo("Accept-Encoding");
      assertThat(whole.field("etag")).isEqualTo("W/\"t\"");
      assertThat(whole.body().length()).isLessThan(TEXT.length() / 10);
      assertThat(gunzip(whole.body())).isEqualTo(TEXT);

      Answer stream = get(client, "GET /stream HTTP/1.1", "gzip");
      assertThat(stream.field("content-encoding")).isEqualTo("gzip");
      assertThat(gunzip(stream.body())).isEqualTo(TEXT);

      Answer head = get(client, "HEAD / HTTP/1.1", "gzip");
      assertThat(head.field("content-encoding")).isEqualTo("gzip");
      assertThat(head.field("etag")).isEqualTo("W/\"t\"");
      assertThat(head.fields()).doesNotContainKey("content-length");
      assertThat(get(client, "GET / HTTP/1.1", "gzip").status()).isEqualTo(200);
    }
  }

  /** What a browser says of itself is in the second. */
  @ParameterizedTest
  @CsvSource({
    "true, br, br",
    "true, 'gzip, deflate, br, zstd', zstd",
    "true, 'gzip, br', br",
    "true, 'zstd;q=0.5, gzip', gzip",
    "false, br, br",
    "false, 'gzip, deflate, br, zstd', zstd",
  })
  void whoTakesMoreGetsMore(boolean blocking, String accepted, String coding) throws Exception {
    try (Host host = serving(blocking, "compress", "true");
        RawClient client = host.connect()) {
      for (String path : List.of("/", "/stream")) {
        Answer answer = get(client, "GET " + path + " HTTP/1.1", accepted);
        assertThat(answer.field("content-encoding")).isEqualTo(coding);
        assertThat(answer.field("vary")).isEqualTo("Accept-Encoding");
        assertThat(answer.body().length()).isLessThan(TEXT.length() / 10);
        assertThat(decoded(coding, answer.body())).isEqualTo(TEXT);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true, GET /, deflate",
    "true, GET /small, gzip",
    "true, GET /random, gzip",
    "true, GET /, gzip;q=0",
    "false, GET /, deflate",
    "false, GET /small, gzip",
    "false, GET /random, gzip",
    "false, GET /, identity;q=1",
  })
  void restIsSentAsItIs(boolean blocking, String line, String accepted) throws Exception {
    try (Host host = serving(blocking, "compress", "true");
        RawClient client = host.connect()) {
      Answer answer = get(client, line + " HTTP/1.1", accepted);
      assertThat(answer.fields()).doesNotContainKey("content-encoding");
      assertThat(answer.field("etag")).doesNotStartWith("W/");
      assertThat(answer.field("content-length")).isEqualTo("" + answer.body().length());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nobodyGetsItUnlessItIsSet(boolean blocking) throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      Answer answer = get(client, "GET / HTTP/1.1", "gzip");
      assertThat(answer.fields()).doesNotContainKeys("content-encoding", "vary");
      assertThat(answer.body()).isEqualTo(TEXT);
    }
  }

  @Test
  void eventsArriveOneByOne() throws Exception {
    CountDownLatch second = new CountDownLatch(1);
    BlockingApp app =
        _ ->
            Response.events(
                events -> {
                  events.send("first");
                  second.await();
                  events.send("second");
                });
    try (Host host = serve(app, "compress", "true");
        RawClient client = host.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
      assertThat(client.head().field("content-encoding")).isEqualTo("gzip");
      Inflater inflater = new Inflater(true);
      StringBuilder text = new StringBuilder();
      boolean headerSeen = false;
      while (text.indexOf("second") < 0) {
        byte[] chunk = client.bytes(size(client)).getBytes(ISO_8859_1);
        assertThat(client.line()).isEmpty();
        int from = 0;
        if (!headerSeen) {
          headerSeen = true;
          for (from = 10; chunk[from] != 0; from++) {}
          from++;
        }
        inflater.setInput(chunk, from, chunk.length - from);
        byte[] out = new byte[1000];
        try {
          text.append(new String(out, 0, inflater.inflate(out), UTF_8));
        } catch (java.util.zip.DataFormatException broken) {
          throw new AssertionError(broken);
        }
        if (text.toString().contains("first")) {
          second.countDown();
        }
      }
      inflater.end();
      assertThat(text.toString()).isEqualTo("data: first\n\ndata: second\n\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "zstd"})
  void aStreamIsOpenBeforeThereIsSomethingInIt(String coding) throws Exception {
    CountDownLatch open = new CountDownLatch(1);
    BlockingApp app =
        _ ->
            Response.events(
                events -> {
                  open.await();
                  events.send("first");
                });
    try (Host host = serve(app, "compress", "true");
        RawClient client = host.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: " + coding + "\r\n\r\n");
      assertThat(client.head().field("content-encoding")).isEqualTo(coding);
      open.countDown();
      StringBuilder body = new StringBuilder();
      for (int size = size(client); size > 0; size = size(client)) {
        body.append(client.bytes(size));
        assertThat(client.line()).isEmpty();
      }
      assertThat(decoded(coding, body.toString())).isEqualTo("data: first\n\n");
    }
  }

  /** Of the chunk that begins. */
  private static int size(RawClient client) throws IOException {
    return Integer.parseInt(client.line(), 16);
  }

  @Test
  void theAccessLogCountsWhatIsSent() throws Exception {
    Path log = folder.resolve("access.log");
    int sent;
    try (Host host =
            serve(
                (BlockingApp) CompressionCases::answer,
                "compress",
                "true",
                "access-log",
                "true",
                "access-logfile",
                log.toString(),
                "access-logformat",
                "%(B)s %({content-encoding}o)s");
        RawClient client = host.connect()) {
      sent = get(client, "GET / HTTP/1.1", "gzip").body().length();
      // A line is written once its response has gone out.
      Await.until(30, () -> !Files.readString(log).isEmpty());
    }
    assertThat(Files.readString(log)).isEqualTo(sent + " gzip\n");
  }

  @Test
  void filesOfAMountAreSentCompressedIfTheyLieThere() throws Exception {
    Files.writeString(folder.resolve("a.css"), "plain");
    Files.writeString(folder.resolve("a.css.zst"), "zst");
    Files.writeString(folder.resolve("a.css.gz"), "gz");
    String mount = "/s=" + folder;
    try (Host host = serving(true, "static", mount, "compress", "true");
        RawClient client = host.connect()) {
      assertThat(get(client, "GET /s/a.css HTTP/1.1", "gzip").body()).isEqualTo("gz");
      assertThat(get(client, "GET /s/a.css HTTP/1.1", "gzip, zstd").body()).isEqualTo("zst");
      assertThat(get(client, "GET /s/a.css HTTP/1.1", "gzip, zstd;q=0.5").body()).isEqualTo("gz");
      assertThat(get(client, "GET /s/a.css HTTP/1.1", "br").body()).isEqualTo("plain");
    }
    try (Host host = serving(true, "static", mount);
        RawClient client = host.connect()) {
      assertThat(get(client, "GET /s/a.css HTTP/1.1", "gzip").body()).isEqualTo("plain");
    }
  }

  @Test
  void aBodyThatIsCutIsNotEndedAsIfItWereWhole() throws Exception {
    BlockingApp app =
        _ ->
            Response.stream(
                "text/plain",
                out -> {
                  out.write(TEXT.substring(0, LINE).getBytes(UTF_8));
                  out.flush();
                  throw new IOException("the disk is broken");
                });
    try (Host host = serve(app, "compress", "true");
        RawClient client = host.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
      client.head();
      assertThat(client.rest()).doesNotEndWith("0\r\n\r\n");
      assertThat(host.said("the disk is broken")).isTrue();
    }
  }
}
