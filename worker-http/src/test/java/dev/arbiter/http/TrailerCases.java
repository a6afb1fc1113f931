package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent.RequestBody;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.Informational;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.SendEvent.ResponseTrailers;
import dev.arbiter.http.RawClient.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes before and after a response, and after a request; the same for every kind. */
@Timeout(60)
public abstract class TrailerCases {
  private static final Headers SUM = Headers.of("X-Sum", "2");

  @TempDir Path folder;

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  private Host serving(boolean blocking) throws Exception {
    return serve(blocking ? (BlockingApp) this::answer : (AsyncApp) TrailerCases::serveAsync);
  }

  // ---- the app, blocking

  private Response answer(Request request) throws Exception {
    return switch (request.path()) {
      case "/request" -> {
        String before = trailers(request::trailers);
        int length = request.body().readAllBytes().length;
        yield Response.text(before + " " + length + " " + trailers(request::trailers));
      }
      case "/whole" -> Response.text("ab").withTrailers(() -> SUM);
      case "/file" ->
          Response.file("text/plain", Files.writeString(folder.resolve("f"), "ab"))
              .withTrailers(() -> SUM);
      case "/declared" ->
          Response.text("ab")
              .withHeader("content-length", "2")
              .withTrailers(
                  () -> {
                    throw new IllegalStateException("asked for trailers that cannot be sent");
                  });
      case "/forbidden" -> parts().withTrailers(() -> Headers.of("Content-Length", "2"));
      case "/split" -> parts().withTrailers(() -> Headers.of("x", "a\r\nSet-Cookie: b"));
      case "/hints" -> {
        request.inform(103, Headers.of("Link", "</a.css>; rel=preload", "Content-Length", "9"));
        request.inform(102, Headers.empty());
        yield Response.text("done");
      }
      case "/no-hint" -> {
        request.inform(100, Headers.empty());
        yield Response.of(200);
      }
      case "/split-hint" -> {
        request.inform(103, Headers.of("Link", "a\r\nb: c"));
        yield Response.of(200);
      }
      case "/late-hint" ->
          Response.stream(
              "text/plain",
              out -> {
                out.write('a');
                out.flush();
                request.inform(103, Headers.empty());
              });
      default -> parts().withHeader("Trailer", "X-Sum").withTrailers(() -> SUM);
    };
  }

  private static Response parts() {
    return Response.stream(
        "text/plain",
        out -> {
          out.write('a');
          out.flush();
          out.write('b');
        });
  }

  private static String trailers(Supplier<Headers> trailers) {
    try {
      return trailers.get().toString();
    } catch (IllegalStateException early) {
      return "unknown";
    }
  }

  // ---- the app, async

  private static CompletionStage<Void> serveAsync(
      dev.arbiter.app.Scope scope, Receive receive, Send send) {
    HttpScope request = (HttpScope) scope;
    Headers text = Headers.of("content-type", "text/plain; charset=utf-8");
    return switch (request.path()) {
      case "/request" -> {
        String before = trailers(request::trailers);
        yield length(receive, 0)
            .thenCompose(
                length -> whole(send, before + " " + length + " " + trailers(request::trailers)));
      }
      case "/whole", "/file" ->
          send.send(new ResponseStart(200, text))
              .thenCompose(_ -> part(send, "ab"))
              .thenCompose(_ -> send.send(new ResponseTrailers(SUM)));
      case "/declared" ->
          send.send(new ResponseStart(200, text.with("content-length", "2")))
              .thenCompose(_ -> part(send, "ab"))
              .thenCompose(_ -> send.send(new ResponseTrailers(SUM)));
      case "/forbidden" -> parts(send, text, Headers.of("Content-Length", "2"));
      case "/split" -> parts(send, text, Headers.of("x", "a\r\nSet-Cookie: b"));
      case "/hints" ->
          send.send(
                  new Informational(
                      103, Headers.of("Link", "</a.css>; rel=preload", "Content-Length", "9")))
              .thenCompose(_ -> send.send(new Informational(102, Headers.empty())))
              .thenCompose(_ -> whole(send, "done"));
      case "/no-hint" -> send.send(new Informational(100, Headers.empty()));
      case "/split-hint" -> send.send(new Informational(103, Headers.of("Link", "a\r\nb: c")));
      case "/late-hint" ->
          send.send(new ResponseStart(200, text))
              .thenCompose(_ -> part(send, "a"))
              .thenCompose(_ -> send.send(new Informational(103, Headers.empty())));
      default -> parts(send, text.with("Trailer", "X-Sum"), SUM);
    };
  }

  private static CompletionStage<Void> parts(Send send, Headers headers, Headers trailers) {
    return send.send(new ResponseStart(200, headers))
        .thenCompose(_ -> part(send, "a"))
        .thenCompose(_ -> part(send, "b"))
        .thenCompose(_ -> send.send(new ResponseTrailers(trailers)));
  }

  private static CompletionStage<Void> part(Send send, String text) {
    return send.send(new ResponseBody(ByteBuffer.wrap(text.getBytes(US_ASCII)), true));
  }

  private static CompletionStage<Void> whole(Send send, String text) {
    return send.send(new ResponseStart(200, Headers.empty()))
        .thenCompose(
            _ -> send.send(new ResponseBody(ByteBuffer.wrap(text.getBytes(US_ASCII)), false)));
  }

  private static CompletionStage<Integer> length(Receive receive, int before) {
    return receive
        .next()
        .thenCompose(
            event -> {
              RequestBody body = (RequestBody) event;
              int length = before + body.bytes().remaining();
              return body.more()
                  ? length(receive, length)
                  : CompletableFuture.completedFuture(length);
            });
  }

  // ---- a request's trailers

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRequestsAreKnownWhenItsBodyHasEnded(boolean blocking) throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      client.send("POST /request HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      client.send("3\r\nabc\r\n0\r\nX-Sum: 3\r\nX_Drop: 1\r\nX-Two:  b \r\n\r\n");
      assertThat(client.answer().body())
          .as("with the names as they are sent, which is in lower case in HTTP/2")
          .isEqualToIgnoringCase("unknown 3 [X-Sum, 3, X-Two, b]");
      client.send("POST /request HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
      assertThat(client.answer().body()).as("the next request").isEqualTo("unknown 3 []");
      assertThat(client.get("/request").body()).isEqualTo("[] 0 []");
    }
  }

  @Test
  void theyStayThoseOfTheirRequestForAnAppThatGoesOn() throws Exception {
    CompletableFuture<Void> next = new CompletableFuture<>();
    CompletableFuture<Headers> seen = new CompletableFuture<>();
    AsyncApp app =
        (scope, receive, send) -> {
          HttpScope request = (HttpScope) scope;
          CompletionStage<Void> answered =
              length(receive, 0).thenCompose(_ -> whole(send, request.path()));
          return request.path().equals("/next")
              ? answered
              : answered.thenCompose(_ -> next).thenAccept(_ -> seen.complete(request.trailers()));
        };
    try (Host host = serve(app);
        RawClient client = host.connect()) {
      for (String path : List.of("/first", "/next")) {
        client.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send("1\r\na\r\n0\r\nX-Of: " + path + "\r\n\r\n");
        assertThat(client.answer().body()).isEqualTo(path);
      }
      next.complete(null);
      assertThat(seen.get(10, TimeUnit.SECONDS).first("x-of")).contains("/first");
    }
  }

  // ---- a response's

  @ParameterizedTest
  @CsvSource({
    "true, /parts",
    "true, /whole",
    "true, /file",
    "false, /parts",
    "false, /whole",
  })
  void aResponsesFollowItsBodyForWhoTakesThem(boolean blocking, String path) throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      for (int i = 0; i < 2; i++) {
        client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nTE: deflate;q=0.5, Trailers\r\n\r\n");
        Answer head = client.head();
        assertThat(head.field("transfer-encoding")).isEqualTo("chunked");
        assertThat(head.fields()).doesNotContainKey("content-length");
        assertThat(head.field("trailer")).isEqualTo(path.equals("/parts") ? "X-Sum" : "");
        assertThat(chunks(client)).containsExactly("ab", "x-sum: 2");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true, /parts, ''",
    "true, /whole, ''",
    "true, /file, ''",
    "true, /declared, 'TE: trailers'",
    "true, /parts, 'TE: gzip'",
    "false, /parts, ''",
    "false, /whole, ''",
    "false, /declared, 'TE: trailers'",
  })
  void othersGetTheBodyAlone(boolean blocking, String path, String field) throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      String te = field.isEmpty() ? "" : field + "\r\n";
      client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + te + "\r\n");
      Answer answer = client.answer(); // which takes no trailers
      assertThat(answer.body()).isEqualTo("ab");
      assertThat(answer.fields()).doesNotContainKey("trailer");
      assertThat(client.get("/request").status()).isEqualTo(200);
    }
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      client.send("HEAD " + path + " HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
      assertThat(client.answer(true).status()).isEqualTo(200);
      assertThat(client.get("/request").status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, /forbidden", "true, /split", "false, /forbidden", "false, /split"})
  void oneThatMayNotBeThereCutsTheResponse(boolean blocking, String path) throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
      assertThat(client.rest()).doesNotContain("0\r\n").doesNotContain("Set-Cookie");
      assertThat(host.said("The app's response ")).isTrue();
    }
  }

  private static List<String> chunks(RawClient client) throws IOException {
    List<String> found = new ArrayList<>();
    StringBuilder body = new StringBuilder();
    for (int length = Integer.parseInt(client.line(), 16);
        length > 0;
        length = Integer.parseInt(client.line(), 16)) {
      body.append(client.bytes(length));
      assertThat(client.line()).isEmpty();
    }
    found.add(body.toString());
    for (String field = client.line(); !field.isEmpty(); field = client.line()) {
      found.add(field.toLowerCase(Locale.ROOT)); // HTTP/2 has no other names
    }
    return found;
  }

  // ---- interim responses

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void interimResponsesComeFirst(boolean blocking) throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      client.send("GET /hints HTTP/1.1\r\nHost: a\r\n\r\n");
      Answer hints = client.head();
      assertThat(hints.status()).isEqualTo(103);
      assertThat(hints.fields()).containsOnlyKeys("link");
      assertThat(client.head().status()).isEqualTo(102);
      Answer answer = client.answer();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("done");
      assertThat(client.get("/request").status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, /no-hint", "true, /split-hint", "false, /no-hint", "false, /split-hint"})
  void anInterimResponseThatIsNotValidIsTheAppsFailure(boolean blocking, String path)
      throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      assertThat(client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").head().status())
          .isEqualTo(500);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void oneThatComesTooLateIsNotSent(boolean blocking) throws Exception {
    try (Host host = serving(blocking);
        RawClient client = host.connect()) {
      client.send("GET /late-hint HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.rest()).endsWith("1\r\na\r\n");
    }
  }

  @Test
  void aHandshakeIsNotDisturbed() throws Exception {
    BlockingApp app =
        request -> {
          request.inform(103, Headers.empty());
          return Response.webSocket(_ -> {});
        };
    try (Host host = serve(app);
        RawClient client = host.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n");
      client.send("Sec-WebSocket-Version: 13\r\n");
      client.send("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
      assertThat(client.head().status()).isEqualTo(101);
    }
  }
}
