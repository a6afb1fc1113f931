package app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.netty.NettyWorker;
import dev.arbiter.sync.SyncWorker;
import dev.arbiter.worker.StandaloneRuntime;
import dev.arbiter.worker.StandaloneRuntime.Endpoint;
import dev.arbiter.worker.Worker;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Routes in a worker, asked over sockets. */
@Timeout(120)
class PekkoServerTest {
  private static final int LARGE = 48 * 1024 * 1024;
  private static final int ENOUGH = 64 * 1024 * 1024;

  enum Kind {
    NETTY,
    SYNC
  }

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<String> log = new CopyOnWriteArrayList<>();
  private @Nullable StandaloneRuntime runtime;

  @AfterEach
  void stop() {
    http.shutdownNow();
    StandaloneRuntime started = runtime;
    if (started != null) {
      started.stop(Duration.ofSeconds(10));
    }
  }

  /** When all requests are over: what becomes of one is logged after its streams have ended. */
  private List<String> logged() {
    stop();
    return log;
  }

  private URI serve(PekkoApp app, Kind kind) throws Exception {
    Worker worker =
        switch (kind) {
          case NETTY -> new NettyWorker();
          case SYNC -> new SyncWorker();
        };
    StandaloneRuntime started =
        StandaloneRuntime.start(
            worker,
            Given.settings(app),
            List.of(
                new Endpoint(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), false)),
            (level, text) -> {
              if (level.equals("warning") || level.equals("error")) {
                log.add(text);
              }
            });
    runtime = started;
    InetSocketAddress bound = started.addresses().getFirst();
    return URI.create("http://127.0.0.1:" + bound.getPort());
  }

  private HttpResponse<String> get(URI uri) throws Exception {
    return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }

  private static Socket connect(URI server, String... lines) throws IOException {
    Socket socket = new Socket(server.getHost(), server.getPort());
    socket.setSoTimeout(30_000);
    String head = String.join("\r\n", lines) + "\r\nHost: test\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(UTF_8));
    return socket;
  }

  /** The same bytes each time, none of which are kept. */
  private static final class Noise extends InputStream {
    private final Random random = new Random(7);
    private int left = LARGE;

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
      if (left == 0) {
        return -1;
      }
      byte[] some = new byte[Math.min(length, left)];
      random.nextBytes(some);
      System.arraycopy(some, 0, bytes, offset, some.length);
      left -= some.length;
      return some.length;
    }
  }

  private static long write(InputStream from, Socket socket) {
    try {
      return from.transferTo(socket.getOutputStream());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int read = in.read();
      assertThat(read).isNotNegative();
      head.append((char) read);
    }
    return head.toString();
  }

  private static MessageDigest sha() throws Exception {
    return MessageDigest.getInstance("SHA-256");
  }

  @ParameterizedTest
  @EnumSource
  void aLargeBodyComesBackByteForByte(Kind kind) throws Exception {
    URI server = serve(new App(), kind);
    MessageDigest sent = sha();
    MessageDigest got = sha();
    try (Socket socket = connect(server, "POST /echo HTTP/1.1", "Content-Length: " + LARGE)) {
      // At once: neither the worker nor the route would hold it meanwhile.
      CompletableFuture<Long> writes =
          CompletableFuture.supplyAsync(
              () -> write(new DigestInputStream(new Noise(), sent), socket),
              Thread::startVirtualThread);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      assertThat(head(in))
          .startsWith("HTTP/1.1 200 ")
          .containsIgnoringCase("content-length: " + LARGE);
      try (InputStream body = new DigestInputStream(in, got)) {
        byte[] buffer = new byte[64 * 1024];
        for (int left = LARGE; left > 0; ) {
          int count = body.read(buffer, 0, Math.min(buffer.length, left));
          assertThat(count).isPositive();
          left -= count;
        }
      }
      assertThat(writes.get(30, TimeUnit.SECONDS)).isEqualTo(LARGE);
    }
    assertThat(got.digest()).isEqualTo(sent.digest());
    assertThat(logged()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void whoReadsNoMoreStopsTheSourceAndEndsItByLeaving(Kind kind) throws Exception {
    Probe probe = new Probe();
    URI server = serve(probe, kind);
    try (Socket socket = connect(server, "GET /parts HTTP/1.1")) {
      assertThat(socket.getInputStream().readNBytes(100_000)).hasSize(100_000);
      // Time enough for the source to run away, of which the kernel would take a few MB.
      for (int i = 0; i < 100; i++) {
        assertThat(get(server.resolve("/nowhere")).statusCode()).isEqualTo(404);
      }
      assertThat((long) probe.made.get() * Probe.PART).isLessThan(ENOUGH);
    }
    probe.over.handle((_, _) -> true).get(30, TimeUnit.SECONDS);
    assertThat(logged()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aClientThatLeavesCancelsAStreamThatSaysNothing(Kind kind) throws Exception {
    Probe probe = new Probe();
    URI server = serve(probe, kind);
    try (Socket socket = connect(server, "GET /silence HTTP/1.1")) {
      assertThat(new String(socket.getInputStream().readNBytes(15), UTF_8))
          .isEqualTo("HTTP/1.1 200 OK");
    }
    assertThat(probe.over.get(30, TimeUnit.SECONDS)).isNotNull();
    assertThat(logged()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aClientThatLeavesFailsWhoReadsItsBody(Kind kind) throws Exception {
    Probe probe = new Probe();
    probe.release.complete(org.apache.pekko.Done.getInstance());
    URI server = serve(probe, kind);
    try (Socket socket = connect(server, "POST /reads HTTP/1.1", "Content-Length: 100")) {
      socket.getOutputStream().write("some".getBytes(UTF_8));
      probe.started.get(30, TimeUnit.SECONDS);
      assertThat(socket.getInputStream().read()).isPositive();
    }
    // With what it reads, or with what it sends, whichever is first.
    assertThatThrownBy(() -> probe.over.get(30, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(IOException.class);
    assertThat(logged()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aResponseThatFailsInTheMiddleIsSeenToBeCut(Kind kind) throws Exception {
    URI server = serve(new App(), kind);
    try (Socket socket = connect(server, "GET /breaks HTTP/1.1")) {
      String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertThat(answer).contains("the beginning").doesNotEndWith("0\r\n\r\n");
    }
    assertThat(logged()).singleElement().asString().contains("no more tea");
  }

  @ParameterizedTest
  @EnumSource
  void whatARouteThrowsIsPekkosToAnswer(Kind kind) throws Exception {
    URI server = serve(new App(), kind);
    HttpResponse<String> answer = get(server.resolve("/throws"));
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).isEqualTo("There was an internal server error.");
    assertThat(logged()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void eventsComeOneByOne(Kind kind) throws Exception {
    URI server = serve(new App(), kind);
    HttpResponse<String> answer = get(server.resolve("/ticks?count=2"));
    assertThat(answer.headers().firstValue("content-type").orElse(""))
        .startsWith("text/event-stream");
    assertThat(answer.body())
        .isEqualTo("data:tick 0\nevent:tick\nid:0\n\ndata:tick 1\nevent:tick\nid:1\n\n");
  }

  @ParameterizedTest
  @EnumSource
  void headsAreWholeAndSaidOnce(Kind kind) throws Exception {
    URI server = serve(new App(), kind);
    try (Socket socket = connect(server, "HEAD /hello/you HTTP/1.1", "Connection: close")) {
      String head = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertThat(head).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n");
      assertThat(head.toLowerCase(java.util.Locale.ROOT))
          .containsOnlyOnce("\r\ndate:")
          .containsOnlyOnce("\r\ncontent-type: text/plain; charset=utf-8\r\n")
          .containsOnlyOnce("\r\ncontent-length: 11\r\n");
    }
    try (Socket socket = connect(server, "HEAD /numbers/10 HTTP/1.1", "Connection: close")) {
      String head = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertThat(head).endsWith("\r\n\r\n").doesNotContainIgnoringCase("content-length");
    }
    assertThat(logged()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void whoWaitsToSendABodyNobodyReadsIsNotAskedForIt(Kind kind) throws Exception {
    URI server =
        serve(
            Probe.answering(_ -> org.apache.pekko.http.javadsl.model.HttpResponse.create()), kind);
    try (Socket socket =
        connect(server, "POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 5")) {
      String answer = new String(socket.getInputStream().readNBytes(12), UTF_8);
      assertThat(answer).isEqualTo("HTTP/1.1 200");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBodyThatIsRefusedIsNotInTheWayOfTheNextRequest(Kind kind) throws Exception {
    URI server = serve(new App(), kind);
    try (Socket socket = new Socket(server.getHost(), server.getPort())) {
      socket.setSoTimeout(30_000);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      for (int i = 0; i < 50; i++) {
        String post = "POST /nowhere HTTP/1.1\r\nHost: test\r\nContent-Length: 2000\r\n\r\n";
        socket.getOutputStream().write((post + "a".repeat(1000)).getBytes(UTF_8));
        socket.getOutputStream().write("b".repeat(1000).getBytes(UTF_8));
        assertThat(head(in)).startsWith("HTTP/1.1 404 ");
        in.skipNBytes("The requested resource could not be found.".length());
        socket
            .getOutputStream()
            .write("GET /hello/you HTTP/1.1\r\nHost: test\r\n\r\n".getBytes(UTF_8));
        assertThat(head(in)).startsWith("HTTP/1.1 200 ");
        assertThat(new String(in.readNBytes(11), UTF_8)).isEqualTo("Hello, you\n");
      }
    }
    assertThat(logged()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void webSocketsAnswerAndEndWithTheirClients(Kind kind) throws Exception {
    URI server = serve(new App(), kind);
    URI uri = URI.create(server.toString().replace("http:", "ws:") + "/ws?name=ada");
    CompletableFuture<String> heard = new CompletableFuture<>();
    WebSocket.Listener listener =
        new WebSocket.Listener() {
          @Override
          public @Nullable CompletionStage<?> onText(
              WebSocket from, CharSequence text, boolean last) {
            heard.complete(text.toString());
            return null;
          }
        };
    WebSocket socket =
        http.newWebSocketBuilder().buildAsync(uri, listener).get(30, TimeUnit.SECONDS);
    socket.sendText("hello", true).get(30, TimeUnit.SECONDS);
    assertThat(heard.get(30, TimeUnit.SECONDS)).isEqualTo("ada: hello");
    socket.abort();
    assertThat(logged()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void manyAreServedAtOnce(Kind kind) throws Exception {
    URI server = serve(new App(), kind);
    List<CompletableFuture<String>> answers = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String text = ("request " + i + " ").repeat(1000);
      HttpRequest echo =
          HttpRequest.newBuilder(server.resolve("/echo"))
              .POST(HttpRequest.BodyPublishers.ofString(text))
              .build();
      HttpRequest hello = HttpRequest.newBuilder(server.resolve("/hello/" + i)).build();
      for (HttpRequest request : List.of(echo, hello)) {
        answers.add(http.sendAsync(request, BodyHandlers.ofString()).thenApply(HttpResponse::body));
      }
      expected.add(text);
      expected.add("Hello, " + i + "\n");
    }
    List<String> got = new ArrayList<>();
    for (CompletableFuture<String> answer : answers) {
      got.add(Objects.requireNonNull(answer.get(60, TimeUnit.SECONDS)));
    }
    assertThat(got).isEqualTo(expected);
    assertThat(logged()).isEmpty();
  }
}
