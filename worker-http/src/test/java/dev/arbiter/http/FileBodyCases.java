package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseFile;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.http.RawClient.Answer;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are files, the same for every kind; each with sendfile and without. */
@Timeout(60)
public abstract class FileBodyCases {
  private static final int LARGE = 1_000_000;
  private static final long HUGE = 256L << 20;

  @TempDir Path folder;

  /** Whether the system alone may send a file, as {@code --sendfile} says. */
  protected boolean leavesFilesToTheSystem() {
    return true;
  }

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  private Host serving(boolean sendfile, App app, String... settings) throws Exception {
    String[] all =
        Stream.concat(Stream.of(settings), Stream.of("sendfile", "" + sendfile))
            .toArray(String[]::new);
    return serve(app, all);
  }

  private Path file(int length) throws IOException {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) ('a' + i % 23);
    }
    return Files.write(folder.resolve("file-" + length), bytes);
  }

  /** Of a size that no test reads; takes no room on the disk. */
  private Path huge() throws IOException {
    Path path = folder.resolve("huge");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(HUGE);
    }
    return path;
  }

  private static BlockingApp answering(Path file) {
    return _ -> Response.file("text/plain", file);
  }

  /** Whatever came to pass, no descriptor is left behind. */
  @AfterEach
  void everyFileIsClosed() throws Exception {
    Await.until(10, () -> !someFileIsOpen());
  }

  private boolean someFileIsOpen() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.anyMatch(this::leadsHere);
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private boolean leadsHere(Path fd) {
    try {
      return Files.readSymbolicLink(fd).startsWith(folder);
    } catch (IOException _) {
      return false; // closed meanwhile
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void isSentAndTheConnectionKept(boolean sendfile) throws Exception {
    for (int length : new int[] {0, 1, 65_536, 65_537, LARGE}) {
      Path file = file(length);
      try (Host host = serving(sendfile, answering(file));
          RawClient client = host.connect()) {
        for (int i = 0; i < 2; i++) {
          Answer answer = client.get("/");
          assertThat(answer.status()).isEqualTo(200);
          assertThat(answer.field("content-length")).isEqualTo("" + length);
          assertThat(answer.body().equals(Files.readString(file))).isTrue();
        }
      }
    }
  }

  /** A file that is sent by sendfile(2) is never read; JFR sees all that is. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void isReadByTheProcessOnlyIfItMustBeCopied(boolean sendfile) throws Exception {
    Path file = file(LARGE);
    Path dump = folder.resolve("reads.jfr");
    try (Host host = serving(sendfile, answering(file));
        RawClient client = host.connect();
        Recording recording = new Recording()) {
      recording.enable("jdk.FileRead").withoutThreshold().with("throttle", "off");
      recording.start();
      assertThat(client.get("/").body()).hasSize(LARGE);
      recording.stop();
      recording.dump(dump);
    }
    long read =
        RecordingFile.readAllEvents(dump).stream()
            .filter(event -> file.toString().equals(event.getString("path")))
            .mapToLong(event -> event.getLong("bytesRead"))
            .sum();
    assertThat(read).isEqualTo(sendfile && leavesFilesToTheSystem() ? 0 : LARGE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPartOfItIsThatPart(boolean sendfile) throws Exception {
    Path file = file(LARGE);
    BlockingApp app =
        request ->
            Response.of(206)
                .withBody(new Response.Body.File(file, 1000, Long.parseLong(request.query())));
    try (Host host = serving(sendfile, app);
        RawClient client = host.connect()) {
      String all = Files.readString(file);
      assertThat(client.get("/?0").body()).isEmpty();
      assertThat(client.get("/?10").body()).isEqualTo(all.substring(1000, 1010));
      assertThat(client.get("/?100000").body().equals(all.substring(1000, 101_000))).isTrue();
      assertThat(client.get("/?-1").body().equals(all.substring(1000))).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void headHasItsLengthAndNoBody(boolean sendfile) throws Exception {
    try (Host host = serving(sendfile, answering(file(LARGE)));
        RawClient client = host.connect()) {
      Answer answer = client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").answer(true);
      assertThat(answer.field("content-length")).isEqualTo("" + LARGE);
      assertThat(client.get("/").body()).hasSize(LARGE);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aStatusWithoutABodyHasNone(boolean sendfile) throws Exception {
    Path file = file(LARGE);
    try (Host host =
            serving(
                sendfile, (BlockingApp) _ -> Response.file("text/plain", file).withStatus(304));
        RawClient client = host.connect()) {
      assertThat(client.get("/").status()).isEqualTo(304);
      assertThat(client.get("/").status()).isEqualTo(304);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void requestsInARowAreAnsweredInOrder(boolean sendfile) throws Exception {
    Path large = file(LARGE);
    Path small = file(5);
    BlockingApp app =
        request -> Response.file("text/plain", request.path().equals("/large") ? large : small);
    try (Host host = serving(sendfile, app);
        RawClient client = host.connect()) {
      String get = "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n";
      client.send(get.formatted("large") + get.formatted("small") + get.formatted("large"));
      assertThat(client.answer().body()).hasSize(LARGE);
      assertThat(client.answer().body()).hasSize(5);
      assertThat(client.answer().body()).hasSize(LARGE);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void oneThatCannotBeSentIsA500(boolean sendfile) throws Exception {
    Path file = file(100_000);
    BlockingApp app =
        request ->
            switch (request.path()) {
              case "/missing" -> Response.file("text/plain", folder.resolve("missing"));
              case "/folder" -> Response.file("text/plain", folder);
              case "/short" -> Response.of(200).withBody(new Response.Body.File(file, 1, 100_000));
              case "/beyond" ->
                  Response.of(200).withBody(new Response.Body.File(file, 100_001, -1));
              case "/lies" -> Response.file("text/plain", file).withHeader("content-length", "7");
              default -> Response.file("text/plain", file);
            };
    try (Host host = serving(sendfile, app);
        RawClient client = host.connect()) {
      for (String path : new String[] {"/missing", "/folder", "/short", "/beyond", "/lies"}) {
        assertThat(client.get(path).status()).as(path).isEqualTo(500);
        Await.until(10, () -> host.said(path));
      }
      assertThat(client.get("/fine").status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void oneThatBecomesShorterIsCut(boolean sendfile) throws Exception {
    Path file = huge();
    try (Host host = serving(sendfile, answering(file));
        RawClient client = host.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(client.head().field("content-length")).isEqualTo("" + HUGE);
      client.bytes(10_000);
      try (RandomAccessFile changed = new RandomAccessFile(file.toFile(), "rw")) {
        changed.setLength(100_000);
      }
      assertThat(readToEnd(client)).isLessThan(HUGE / 4);
      Await.until(10, () -> host.said("shorter"));
    }
  }

  /** How much came before the connection ended, gently or not; in steps. */
  private static long readToEnd(RawClient client) throws IOException {
    long count = 0;
    try {
      while (true) {
        client.bytes(10_000);
        count += 10_000;
      }
    } catch (EOFException _) {
      return count;
    } catch (java.net.SocketException reset) {
      return count;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aClientThatReadsNothingIsCutAndFillsNoMemory(boolean sendfile) throws Exception {
    try (Host host = serving(sendfile, answering(huge()), "write-timeout", "300");
        RawClient client = host.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      Await.until(10, this::someFileIsOpen);
      everyFileIsClosed(); // which is how it is seen that the worker gave up
      assertThat(readToEnd(client)).isLessThan(HUGE / 4);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aClientThatReadsSlowlyIsNotCut(boolean sendfile) throws Exception {
    try (Host host = serving(sendfile, answering(file(LARGE)), "write-timeout", "400");
        RawClient client = host.connect()) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      client.head();
      for (int i = 0; i < 20; i++) {
        client.bytes(LARGE / 20);
        Thread.sleep(40); // what is tested is the passing of time
      }
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aClientThatLeavesLeavesNoDescriptor(boolean sendfile) throws Exception {
    try (Host host = serving(sendfile, answering(huge()))) {
      try (RawClient client = host.connect()) {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head();
      }
      everyFileIsClosed();
      assertThat(host.said("error")).isFalse();
    }
  }

  // ---- the async contract

  private static ResponseBody text(String text, boolean more) {
    return new ResponseBody(ByteBuffer.wrap(text.getBytes(UTF_8)), more);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAsyncAppSendsOneWhole(boolean sendfile) throws Exception {
    Path file = file(LARGE);
    AsyncApp app =
        (_, _, send) ->
            send.send(new ResponseStart(200, Headers.empty()))
                .thenCompose(
                    _ -> send.send(new ResponseFile(new Response.Body.File(file, 0, -1), false)));
    try (Host host = serving(sendfile, app);
        RawClient client = host.connect()) {
      for (int i = 0; i < 2; i++) {
        Answer answer = client.get("/");
        assertThat(answer.field("content-length")).isEqualTo("" + LARGE);
        assertThat(answer.body().equals(Files.readString(file))).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAsyncAppSendsOneBetweenOtherParts(boolean sendfile) throws Exception {
    Path file = file(200_000);
    AsyncApp app =
        (_, _, send) ->
            send.send(new ResponseStart(200, Headers.empty()))
                .thenCompose(_ -> send.send(text("before ", true)))
                .thenCompose(
                    _ ->
                        send.send(new ResponseFile(new Response.Body.File(file, 0, 150_000), true)))
                .thenCompose(_ -> send.send(text(" after", false)));
    try (Host host = serving(sendfile, app);
        RawClient client = host.connect()) {
      String all = Files.readString(file);
      assertThat(client.get("/").body())
          .isEqualTo("before " + all.substring(0, 150_000) + " after");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAsyncAppLearnsThatOneIsMissing(boolean sendfile) throws Exception {
    Path missing = folder.resolve("missing");
    AsyncApp app =
        (_, _, send) ->
            send.send(new ResponseStart(200, Headers.empty()))
                .thenCompose(
                    _ -> send.send(new ResponseFile(new Response.Body.File(missing, 0, -1), false)))
                .exceptionallyCompose(
                    failure -> {
                      assertThatThrownBy(
                              () -> {
                                throw failure;
                              })
                          .hasStackTraceContaining("NoSuchFile");
                      return send.send(text("instead", false));
                    });
    try (Host host = serving(sendfile, app);
        RawClient client = host.connect()) {
      assertThat(client.get("/").body()).isEqualTo("instead");
    }
  }
}
