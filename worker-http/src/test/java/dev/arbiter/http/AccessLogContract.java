package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.http.FrontContract.Server;
import dev.arbiter.http.RawClient.Answer;
import dev.arbiter.worker.AccessAtoms;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the access log has of a request, whatever the worker and the protocol: each kind's own test
 * says how it is started, each protocol's how a request is sent.
 */
@Timeout(30)
public abstract class AccessLogContract {
  /** With a sign between them that none of the values has. */
  private static final String EVERY_ATOM =
      "%(h)s|%(l)s|%(u)s|%(r)s|%(m)s|%(U)s|%(q)s|%(H)s|%(s)s|%(b)s|%(B)s|%(f)s|%(a)s|%(p)s"
          + "|%({x-in}i)s|%({X-Out}o)s|%({x-none}i)s|%({x-none}o)s"
          + "|%({remote_addr}e)s|%({server_protocol}e)s|%({http_x_in}e)s"
          + "|%(t)s|%(T)s|%(M)s|%(D)s|%(L)s";

  private static final String[] FIELDS = {
    "referer",
    "http://r/",
    "user-agent",
    "curl/8 \"x\"",
    "x-in",
    "a\\b",
    "authorization",
    "Basic YWxpY2U6c2VjcmV0"
  };

  /** What most cases look at. */
  static final String SHORT = "%(r)s %(s)s %(B)s";

  @TempDir Path folder;
  private final CountDownLatch ended = new CountDownLatch(1);

  /** For the subclasses. */
  protected AccessLogContract() {}

  /**
   * Starts a worker.
   *
   * @param unix where its Unix socket is; null for TCP
   */
  protected abstract Server serve(@Nullable Path unix, BlockingApp app, String... settings)
      throws Exception;

  /** As the log has it. */
  protected abstract String version();

  /**
   * Sends a request on a connection of its own and reads the answer.
   *
   * @param body may be empty
   * @param fields names in small letters, each with its value
   * @throws IOException the answer was cut
   */
  protected abstract Answer ask(
      Server server, String method, String target, String body, String... fields) throws Exception;

  /** Sends a request, reads the head of the answer, and is gone. */
  protected abstract void leaveInAnswer(Server server, String target) throws Exception;

  /** Sends a request without the end of its body, and is gone. */
  protected abstract void leaveInBody(Server server, String target) throws Exception;

  /** Serves {@link #answer}; the log is in the test's folder. */
  protected final Server logging(@Nullable Path unix, String format, String... more)
      throws Exception {
    return start(unix, this::answer, format, more);
  }

  /** The same with another app, and {@link #SHORT}. */
  protected final Server loggingOf(BlockingApp app, String... more) throws Exception {
    return start(null, app, SHORT, more);
  }

  private Server start(@Nullable Path unix, BlockingApp app, String format, String... more)
      throws Exception {
    String[] settings = {
      "access-log", "true", "access-logfile", log().toString(), "access-logformat", format
    };
    return serve(
        unix, app, Stream.of(settings, more).flatMap(Arrays::stream).toArray(String[]::new));
  }

  private Path log() {
    return folder.resolve("access.log");
  }

  /** The log. A line is written once its answer has gone out: {@link #awaitLines} before. */
  protected final List<String> lines() throws IOException {
    return Files.readAllLines(log(), US_ASCII);
  }

  protected final void awaitLines(int count) throws Exception {
    Await.until(10, () -> lines().size() >= count);
  }

  private final CountDownLatch stuck = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);

  private Response answer(Request request) throws Exception {
    return switch (request.path()) {
      case "/204", "/304" ->
          new Response(
              Integer.parseInt(request.path().substring(1)),
              Headers.empty(),
              new Response.Body.Bytes(new byte[0]));
      case "/stream" ->
          Response.stream(
              "text/plain",
              out -> {
                write(out, "abc");
                write(out, "def");
              });
      case "/file" -> Response.file("text/plain", folder.resolve("file"));
      case "/cut" ->
          Response.stream(
              "text/plain",
              out -> {
                write(out, "half");
                throw new IllegalStateException("cut on purpose");
              });
      case "/large" -> Response.bytes("text/plain", new byte[64 << 20]);
      case "/fails" -> throw new IllegalStateException("failed on purpose");
      case "/read" -> {
        try {
          yield Response.text("" + request.body().readAllBytes().length);
        } finally {
          ended.countDown();
        }
      }
      case "/slow" -> {
        TimeUnit.MILLISECONDS.sleep(500);
        yield Response.text("late");
      }
      case "/stuck" -> {
        stuck.countDown();
        release.await();
        yield Response.text("late");
      }
      case "/socket" ->
          Response.webSocket(
                  socket -> {
                    socket.sendText("hello");
                    socket.close(1000, "");
                  })
              .withHeader("x-out", "7");
      default -> Response.text("hello").withHeader("x-out", "7");
    };
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(US_ASCII));
    out.flush();
  }

  // ---- the formats

  @Test
  void everyAtomThereIs() throws Exception {
    for (char letter = 'A'; letter <= 'z'; letter++) {
      String name = Character.toString(letter);
      if (AccessAtoms.isKnown(null, name)) {
        assertThat(EVERY_ATOM).contains("%(" + name + ")s");
      }
      if (AccessAtoms.isKnown("x", name)) {
        assertThat(EVERY_ATOM).contains("}" + name + ")s");
      }
    }
    try (Server server = logging(null, EVERY_ATOM)) {
      ask(server, "POST", "/a/b?x=1&y", "body", FIELDS);
      awaitLines(1);
    }
    assertThat(lines()).hasSize(1);
    List<String> atoms = List.of(lines().getFirst().split("\\|", -1));
    assertThat(atoms.subList(0, 21))
        .containsExactly(
            "127.0.0.1",
            "-",
            "alice",
            "POST /a/b?x=1&y " + version(),
            "POST",
            "/a/b",
            "x=1&y",
            version(),
            "200",
            "5",
            "5",
            "http://r/",
            "curl/8 \\\"x\\\"",
            "<" + ProcessHandle.current().pid() + ">",
            "a\\\\b",
            "7",
            "-",
            "-",
            "127.0.0.1",
            version(),
            "a\\\\b");
    assertThat(atoms.get(21))
        .matches("\\[\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}]");
    long micros = Long.parseLong(atoms.get(24));
    assertThat(micros).isBetween(1L, 10_000_000L);
    assertThat(atoms.get(22)).isEqualTo("" + micros / 1_000_000);
    assertThat(atoms.get(23)).isEqualTo("" + micros / 1_000);
    assertThat(atoms.get(25)).isEqualTo("%d.%06d", micros / 1_000_000, micros % 1_000_000);
  }

  @Test
  void theDefaultFormat() throws Exception {
    try (Server server = logging(null, AccessFormat.DEFAULT)) {
      ask(server, "GET", "/a?x=1", "", FIELDS);
      awaitLines(1);
      ask(server, "GET", "/a", "");
      awaitLines(2);
    }
    String date = "\\[[^]]*]";
    assertThat(lines().getFirst())
        .matches(
            "127\\.0\\.0\\.1 - alice "
                + date
                + " \"GET /a\\?x=1 "
                + version()
                + "\" 200 5 \"http://r/\" \"curl/8 \\\\\"x\\\\\"\"");
    assertThat(lines().getLast())
        .matches("127\\.0\\.0\\.1 - - " + date + " \"GET /a " + version() + "\" 200 5 \"-\" \"-\"");
  }

  @Test
  void json() throws Exception {
    try (Server server = logging(null, "json")) {
      ask(server, "POST", "/a?x=1", "body", FIELDS);
      awaitLines(1);
      ask(server, "HEAD", "/a", "");
      awaitLines(2);
    }
    String pid = pid();
    assertThat(lines().stream().map(AccessLogContract::withoutTimes))
        .containsExactly(
            "{\"client\":\"127.0.0.1\",\"user\":\"alice\",\"method\":\"POST\",\"path\":\"/a\","
                + "\"query\":\"x=1\",\"version\":\""
                + version()
                + "\",\"status\":200,\"bytes\":5,\"referer\":\"http://r/\","
                + "\"user_agent\":\"curl/8 \\\"x\\\"\","
                + pid,
            "{\"client\":\"127.0.0.1\",\"method\":\"HEAD\",\"path\":\"/a\",\"version\":\""
                + version()
                + "\",\"status\":200,\"bytes\":0,"
                + pid);
  }

  /** How each line of the format json ends. */
  protected static String pid() {
    return "\"pid\":" + ProcessHandle.current().pid() + "}";
  }

  /** A line of the format json, whose times were as they must be. */
  protected static String withoutTimes(String line) {
    assertThat(line)
        .matches("\\{\"time\":\"\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\",.*\"duration_us\":\\d+,.*");
    return line.replaceFirst("\"time\":\"[^\"]*\",", "").replaceFirst("\"duration_us\":\\d+,", "");
  }

  // ---- what is answered

  @ParameterizedTest
  @CsvSource({
    "GET, /text, 200, 5",
    "HEAD, /text, 200, 0",
    "DELETE, /text, 200, 5",
    "GET, /204, 204, 0",
    "GET, /304, 304, 0",
    "GET, /stream, 200, 6",
    "HEAD, /stream, 200, 0",
    "GET, /file, 200, 4",
    "HEAD, /file, 200, 0",
    "GET, /fails, 500, 26",
    "HEAD, /fails, 500, 0",
  })
  void bytesAreThoseOfTheBodyAlone(String method, String target, int status, int bytes)
      throws Exception {
    Files.writeString(folder.resolve("file"), "file");
    try (Server server = logging(null, SHORT)) {
      Answer answer = ask(server, method, target, "");
      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.body()).hasSize(bytes);
      awaitLines(1);
    }
    assertThat(lines())
        .containsExactly(String.join(" ", method, target, version(), "" + status, "" + bytes));
  }

  @Test
  void aCompressedAnswerHasAsManyAsWereSent() throws Exception {
    Answer answer;
    try (Server server = logging(null, "%(s)s %(B)s %({content-encoding}o)s", "compress", "true")) {
      answer = ask(server, "GET", "/large", "", "accept-encoding", "gzip");
      awaitLines(1);
    }
    assertThat(answer.body().length()).isLessThan(1 << 20);
    assertThat(lines()).containsExactly("200 " + answer.body().length() + " gzip");
  }

  @Test
  void anAnswerThatTheAppCutsHasItsStatusAndWhatWasSent() throws Exception {
    try (Server server = logging(null, SHORT)) {
      assertThatThrownBy(() -> ask(server, "GET", "/cut", "")).isInstanceOf(IOException.class);
      awaitLines(1);
    }
    assertThat(lines()).containsExactly("GET /cut " + version() + " 200 4");
  }

  @Test
  void anAnswerThatTheClientCutsHasNoMoreThanWasSent() throws Exception {
    try (Server server = logging(null, SHORT)) {
      leaveInAnswer(server, "/large");
      awaitLines(1);
    }
    String begin = "GET /large " + version() + " 200 ";
    assertThat(lines()).singleElement().asString().startsWith(begin);
    assertThat(Long.parseLong(lines().getFirst().substring(begin.length())))
        .isBetween(0L, (32L << 20) - 1);
  }

  @Test
  void aRequestWhoseClientLeavesBeforeItIsAnsweredHasNoLine() throws Exception {
    try (Server server = logging(null, SHORT)) {
      leaveInBody(server, "/read");
      assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
      ask(server, "GET", "/next", "");
      awaitLines(1);
    }
    assertThat(lines()).containsExactly("GET /next " + version() + " 200 5");
  }

  /** What its time being over means is the arbiter's to decide, and nothing for its client. */
  @Test
  void aRequestPastItsTimeIsAnsweredWhenItIs() throws Exception {
    try (Server server = logging(null, SHORT, "request-timeout", "100")) {
      assertThat(ask(server, "GET", "/slow", "").status()).isEqualTo(200);
      awaitLines(1);
    }
    assertThat(lines()).containsExactly("GET /slow " + version() + " 200 4");
  }

  @Test
  void aRequestThatTheWorkerDoesNotLiveToAnswerHasTheLineOfItsRefusal() throws Exception {
    try (Server server = logging(null, SHORT)) {
      CompletableFuture<Integer> asked =
          CompletableFuture.supplyAsync(() -> status(server, "/stuck"));
      assertThat(stuck.await(10, TimeUnit.SECONDS)).isTrue();
      server.giveUp();
      assertThat(asked.get(10, TimeUnit.SECONDS)).isEqualTo(503);
      awaitLines(1);
      release.countDown();
    }
    assertThat(lines()).singleElement().asString().startsWith("GET /stuck " + version() + " 503 ");
  }

  private int status(Server server, String target) {
    try {
      return ask(server, "GET", target, "").status();
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }

  // ---- what no app sees

  @ParameterizedTest
  @CsvSource({
    "POST, /read, 413, content-length, 2",
    "POST, /read, 413, x-short, 1",
    "GET, /, 431, x-long, 200",
    "HEAD, /, 431, x-long, 200",
    "GET, nowhere, 400, x-short, 1",
  })
  void aRefusedRequestHasALineLikeOthers(
      String method, String target, int status, String field, int length) throws Exception {
    String[] limits = {
      "limit-request-line", "100", "limit-request-field-size", "100", "limit-request-body", "10"
    };
    String body = status == 413 ? "x".repeat(11) : "";
    String value = "1".repeat(length); // as a Content-Length it is the body's
    Answer answer;
    try (Server server = logging(null, SHORT + " %(h)s %(D)s %({content-type}o)s", limits)) {
      answer = ask(server, method, target, body, field, value);
      assertThat(answer.status()).isEqualTo(status);
      awaitLines(1);
    }
    String all =
        String.join(
            " ", method, target, version(), "" + status, "" + answer.body().length(), "127.0.0.1 ");
    assertThat(lines()).singleElement().asString().startsWith(all).endsWith("; charset=utf-8");
    assertThat(answer.body().isEmpty()).isEqualTo(method.equals("HEAD"));
  }

  /** As far as it was read, which is not much farther than it may be long. */
  @Test
  void aTargetThatIsTooLong() throws Exception {
    try (Server server = logging(null, "%(s)s %(r)s", "limit-request-line", "100")) {
      ask(server, "GET", "/" + "x".repeat(120), "");
      awaitLines(1);
    }
    assertThat(lines()).singleElement().asString().startsWith("414 GET /" + "x".repeat(90));
  }
}
