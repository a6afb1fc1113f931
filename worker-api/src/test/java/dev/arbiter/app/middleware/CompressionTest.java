package dev.arbiter.app.middleware;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Asked;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.SendEvent.Informational;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseFile;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.SendEvent.ResponseTrailers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompressionTest {
  private static final String TEXT = "All that is said twice may be said once. ".repeat(100);
  private static final CompletionStage<Void> SENT = CompletableFuture.completedStage(null);

  private final Compression compression = Compression.create();

  private Response ask(Asked request, Response response) throws Exception {
    BlockingApp app = _ -> response;
    return compression.around(app).handle(request);
  }

  private static Asked get(String... fields) {
    Headers all = Headers.of(fields);
    return Asked.get("/", with(all, "accept-encoding", "gzip"));
  }

  private static String[] with(Headers headers, String name, String value) {
    List<String> fields = new ArrayList<>(List.of(name, value));
    headers.forEach(
        (field, its) -> {
          fields.add(field);
          fields.add(its);
        });
    return fields.toArray(String[]::new);
  }

  private static boolean encoded(Response response) {
    return response.headers().contains("content-encoding");
  }

  private static String gunzip(byte[] bytes) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  private static byte[] bytes(Response response) {
    return ((Response.Body.Bytes) response.body()).bytes();
  }

  // ---- what is compressed

  @ParameterizedTest
  @CsvSource({
    "text/html; charset=utf-8, true",
    "TEXT/PLAIN, true",
    "application/json, true",
    "application/problem+json, true",
    "image/svg+xml, true",
    "application/wasm, true",
    "image/png, false",
    "application/zip, false",
    "application/octet-stream, false",
    "video/mp4, false",
  })
  void textIs(String type, boolean expected) throws Exception {
    Response answer = ask(get(), Response.bytes(type, TEXT.getBytes(UTF_8)));
    assertThat(encoded(answer)).isEqualTo(expected);
    assertThat(answer.headers().contains("vary")).isEqualTo(expected);
    if (expected) {
      assertThat(gunzip(bytes(answer))).isEqualTo(TEXT);
    }
  }

  @ParameterizedTest
  @CsvSource({"200, true", "404, true", "500, true", "206, false", "205, false", "204, false"})
  void partsAndWhatHasNoBodyAreNot(int status, boolean expected) throws Exception {
    assertThat(encoded(ask(get(), Response.text(TEXT).withStatus(status)))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "Content-Encoding, br",
    "Content-Range, bytes 0-9/10",
    "Cache-Control, 'max-age=1, No-Transform'",
    "Content-Digest, sha-256=:abc=:",
    "Repr-Digest, sha-256=:abc=:",
  })
  void whatSaysSomethingOfItsBytesIsNot(String name, String value) throws Exception {
    Response answer = ask(get(), Response.text(TEXT).withHeader(name, value));
    assertThat(bytes(answer)).isEqualTo(TEXT.getBytes(UTF_8));
    assertThat(answer.headers().contains("vary")).isFalse();
  }

  @Test
  void whatIsSmallIsNot() throws Exception {
    assertThat(encoded(ask(get(), Response.text("x".repeat(1023))))).isFalse();
    assertThat(encoded(ask(get(), Response.text("x".repeat(1024))))).isTrue();
    Response declared =
        Response.stream("text/plain", out -> out.write('x')).withHeader("content-length", "1");
    assertThat(encoded(ask(get(), declared))).isFalse();
  }

  @Test
  void whatWouldNotBecomeSmallerIsNot() throws Exception {
    byte[] noise = new byte[2000];
    new java.util.Random(1).nextBytes(noise);
    Response answer = ask(get(), Response.bytes("text/plain", noise).withHeader("etag", "\"a\""));
    assertThat(bytes(answer)).isEqualTo(noise);
    assertThat(answer.headers().first("etag")).contains("\"a\"");
    assertThat(answer.headers().first("vary")).contains("Accept-Encoding");
  }

  @Test
  void filesAreNot() throws Exception {
    Response file = Response.file("text/plain", Path.of("x"));
    assertThat(ask(get(), file)).isSameAs(file);
  }

  @ParameterizedTest
  @CsvSource({
    "cross-site, a=b, false",
    "same-origin, a=b, true",
    "same-site, a=b, true",
    "none, a=b, true",
    "cross-site, , true",
  })
  void whatAnotherSiteAsksForWithCookiesIsNot(String site, String cookie, boolean expected)
      throws Exception {
    Asked request =
        cookie == null
            ? get("sec-fetch-site", site)
            : get("sec-fetch-site", site, "cookie", cookie);
    assertThat(encoded(ask(request, Response.text(TEXT)))).isEqualTo(expected);
  }

  // ---- the head

  @Test
  void theHeadSaysWhatIsSent() throws Exception {
    Response answer =
        ask(
            get(),
            Response.text(TEXT)
                .withHeader("ETag", "\"a\"")
                .withHeader("Vary", "Cookie")
                .withHeader("Accept-Ranges", "bytes")
                .withHeader("Content-Length", "" + TEXT.length()));
    assertThat(answer.headers().first("etag")).contains("W/\"a\"");
    assertThat(answer.headers().all("vary")).containsExactly("Cookie", "Accept-Encoding");
    assertThat(answer.headers().contains("accept-ranges")).isFalse();
    assertThat(answer.headers().contains("content-length")).isFalse();
    assertThat(answer.headers().all("content-encoding")).containsExactly("gzip");
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "Accept-Encoding", "Cookie, accept-encoding"})
  void varyIsNotRepeated(String vary) throws Exception {
    Response answer = ask(get(), Response.text(TEXT).withHeader("vary", vary));
    assertThat(answer.headers().all("vary")).containsExactly(vary);
  }

  @Test
  void a304HasWhatIts200WouldHave() throws Exception {
    Response unchanged = Response.of(304).withHeader("etag", "\"a\"");
    Response answer = ask(get(), unchanged);
    assertThat(answer.headers().first("etag")).contains("W/\"a\"");
    assertThat(answer.headers().first("vary")).contains("Accept-Encoding");
    assertThat(encoded(answer)).isFalse();
    assertThat(ask(Asked.get("/"), unchanged).headers().first("etag")).contains("\"a\"");
  }

  @Test
  void anAnswerToHeadHasTheFieldsOfOneToGet() throws Exception {
    Asked head = Asked.of("HEAD", "/", "accept-encoding", "gzip");
    Response whole = ask(head, Response.text(TEXT));
    assertThat(encoded(whole)).isTrue();
    assertThat(bytes(whole)).isEmpty();
    Response declared =
        ask(head, Response.text("").withHeader("content-length", "" + TEXT.length()));
    assertThat(encoded(declared)).isTrue();
    assertThat(declared.headers().contains("content-length")).isFalse();
    assertThat(encoded(ask(head, Response.text("short")))).isFalse();
  }

  // ---- async

  private List<SendEvent> serve(Asked request, SendEvent... events) throws Exception {
    List<SendEvent> sent = new ArrayList<>();
    AsyncApp app =
        (_, _, send) -> {
          CompletionStage<Void> all = SENT;
          for (SendEvent event : events) {
            all = all.thenCompose(_ -> send.send(event));
          }
          return all;
        };
    compression
        .around(app)
        .handle(
            request,
            CompletableFuture::new,
            event -> {
              sent.add(event);
              return SENT;
            })
        .toCompletableFuture()
        .get();
    return sent;
  }

  private static ResponseStart start() {
    return new ResponseStart(200, Headers.of("content-type", "text/plain", "etag", "\"a\""));
  }

  private static ResponseBody part(String text, boolean more) {
    return new ResponseBody(ByteBuffer.wrap(text.getBytes(UTF_8)), more);
  }

  private static String gunzip(List<SendEvent> sent) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (SendEvent event : sent) {
      if (event instanceof ResponseBody body) {
        all.writeBytes(body.bytes().array());
      }
    }
    return gunzip(all.toByteArray());
  }

  @Test
  void eachPartIsSentAtOnce() throws Exception {
    List<SendEvent> sent =
        serve(
            get(),
            new Informational(103, Headers.empty()),
            start(),
            part("one", true),
            part("two", true),
            part("", false));
    assertThat(sent).hasSize(5);
    assertThat(sent.getFirst()).isInstanceOf(Informational.class);
    assertThat(((ResponseStart) sent.get(1)).headers().first("content-encoding")).contains("gzip");
    assertThat(((ResponseStart) sent.get(1)).headers().first("etag")).contains("W/\"a\"");
    assertThat(gunzip(sent)).isEqualTo("onetwo");
    assertThat(((ResponseBody) sent.getLast()).more()).isFalse();
  }

  @Test
  void aBodyInOnePartIsJudgedByItsLength() throws Exception {
    assertThat(serve(get(), start(), part("short", false)))
        .satisfiesExactly(
            first ->
                assertThat(((ResponseStart) first).headers().contains("content-encoding"))
                    .isFalse(),
            second ->
                assertThat(((ResponseBody) second).bytes())
                    .isEqualTo(part("short", false).bytes()));
    assertThat(gunzip(serve(get(), start(), part(TEXT, false)))).isEqualTo(TEXT);
  }

  @Test
  void trailersComeAfterTheLastOfIt() throws Exception {
    ResponseTrailers trailers = new ResponseTrailers(Headers.of("x-sum", "1"));
    List<SendEvent> sent = serve(get(), start(), part("one", true), trailers);
    assertThat(sent.getLast()).isSameAs(trailers);
    assertThat(gunzip(sent)).isEqualTo("one");
    assertThat(serve(get(), start(), trailers)).hasSize(2);
  }

  @Test
  void aFileAmongPartsIsCompressedAndOneAloneIsNot(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("f"), TEXT.repeat(30));
    Response.Body.File all = new Response.Body.File(file, 0, -1);
    assertThat(serve(get(), start(), new ResponseFile(all, false)).getLast())
        .isInstanceOf(ResponseFile.class);
    List<SendEvent> sent =
        serve(get(), start(), part("one ", true), new ResponseFile(all, true), part(" two", false));
    assertThat(gunzip(sent)).isEqualTo("one " + TEXT.repeat(30) + " two");
  }

  @Test
  void headIsAnsweredWithoutALength() throws Exception {
    List<SendEvent> sent =
        serve(Asked.of("HEAD", "/", "accept-encoding", "gzip"), start(), part(TEXT, false));
    assertThat(((ResponseStart) sent.getFirst()).headers().contains("content-encoding")).isTrue();
    assertThat(((ResponseBody) sent.getLast()).bytes().hasRemaining()).isFalse();
  }

  // ---- what can be said otherwise

  @Test
  void otherCodingsTypesAndSizesCanBeGiven() throws Exception {
    Compression.Coding upper =
        new Compression.Coding() {
          @Override
          public String name() {
            return "upper";
          }

          @Override
          public OutputStream encode(OutputStream out) {
            return new FilterOutputStream(out) {
              @Override
              public void write(int one) throws IOException {
                if (one != ' ') {
                  out.write(Character.toUpperCase(one));
                }
              }
            };
          }
        };
    BlockingApp app = _ -> Response.bytes("a/b", "x y".getBytes(UTF_8));
    BlockingApp around =
        Compression.create()
            .codings(upper, Compression.gzip(9))
            .minimum(1)
            .types("a/b"::equals)
            .around(app);
    Response answer = around.handle(Asked.get("/", "accept-encoding", "gzip, upper"));
    assertThat(answer.headers().first("content-encoding")).contains("upper");
    assertThat(new String(bytes(answer), UTF_8)).isEqualTo("XY");
    assertThatThrownBy(() -> Compression.gzip(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theLengthOfTheSameTextDiffersFromTimeToTime() throws Exception {
    Set<Integer> lengths = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      lengths.add(bytes(ask(get(), Response.text(TEXT))).length);
    }
    assertThat(lengths).hasSizeGreaterThan(20); // of 65; fewer in one of 10^100 runs
  }
}
