package dev.arbiter.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent;
import dev.arbiter.http.tls.TestCertificates;
import dev.arbiter.worker.BootFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server in the test's own JVM, asked by the JDK's client. */
@Timeout(60)
class ServerTest {
  private static final BlockingApp HELLO = _ -> Response.text("hello");

  private static HttpRequest get(Server server) {
    return HttpRequest.newBuilder(server.uri().resolve("/a?b")).build();
  }

  private static HttpResponse<String> ask(Server server) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(get(server), HttpResponse.BodyHandlers.ofString());
    }
  }

  /** Says what happens to it. */
  private static final class Living implements BlockingApp {
    final List<String> life = new CopyOnWriteArrayList<>();

    @Override
    public void startup(Lifespan lifespan) {
      life.add("startup " + lifespan.kind() + " " + lifespan.workerCount());
      lifespan.state().put("greeting", "good day");
    }

    @Override
    public void checkHealth() {
      life.add("health");
    }

    @Override
    public Response handle(Request request) {
      life.add(request.target());
      return Response.text(String.valueOf(request.state().get("greeting")));
    }

    @Override
    public void shutdown() {
      life.add("shutdown");
    }
  }

  @Test
  void anAppLivesFromStartupToShutdown() throws Exception {
    Living app = new Living();
    Server server = Server.of(app);
    assertThat(app.life).isEmpty();
    assertThatThrownBy(server::uri).isInstanceOf(IllegalStateException.class);

    server.startup();
    assertThat(server.uri().getHost()).isEqualTo("127.0.0.1");
    assertThat(ask(server).body()).isEqualTo("good day");
    assertThat(server.shutdown()).isTrue();

    assertThat(app.life).containsExactly("startup netty 1", "health", "/a?b", "shutdown");
    assertThatThrownBy(() -> ask(server)).isInstanceOf(ConnectException.class);
    assertThat(server.shutdown()).isTrue();
    assertThatThrownBy(server::startup).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anAsyncAppIsServedOverIPv6() throws Exception {
    AsyncApp app =
        (_, _, send) ->
            send.send(new SendEvent.ResponseStart(200, Headers.empty()))
                .thenCompose(
                    _ -> send.send(new SendEvent.ResponseBody(UTF_8.encode("async"), false)));
    try (Server server = Server.builder(app).address("::1", 0).threads(1).build().startup()) {
      assertThat(server.uri().getHost()).startsWith("[");
      assertThat(ask(server).body()).isEqualTo("async");
    }
  }

  @Test
  void aHandlerOfTheJdksIsServed() throws Exception {
    try (Server server =
        Server.of(
                exchange -> {
                  byte[] answer = exchange.getRequestURI().toString().getBytes(UTF_8);
                  exchange.sendResponseHeaders(200, answer.length);
                  exchange.getResponseBody().write(answer);
                  exchange.close();
                })
            .startup()) {
      assertThat(ask(server).body()).isEqualTo("/a?b");
    }
  }

  @Test
  void severalMayRunAndAPortIsFreeAgainAtOnce() throws Exception {
    int port;
    try (Server first = Server.of(HELLO).startup();
        Server second = Server.of((BlockingApp) _ -> Response.text("other")).startup()) {
      port = first.address().getPort();
      assertThat(ask(first).body()).isEqualTo("hello");
      assertThat(ask(second).body()).isEqualTo("other");
      assertThatThrownBy(() -> at(port, HELLO).startup())
          .isInstanceOf(BootFailure.class)
          .hasMessageContaining("Cannot bind")
          .hasMessageContaining("the address is in use");
    }
    try (Server again = at(port, HELLO).startup()) {
      assertThat(ask(again).body()).isEqualTo("hello");
    }
  }

  private static Server at(int port, App app) {
    return Server.builder(app).address("127.0.0.1", port).build();
  }

  @Test
  void serveEndsWithTheShutdownOfAnotherThread() throws Exception {
    Server server = Server.of(HELLO);
    FutureTask<Boolean> serving = new FutureTask<>(server::serve);
    Thread thread = Thread.ofPlatform().start(serving);
    awaitServing(server);

    assertThat(ask(server).body()).isEqualTo("hello");
    assertThat(serving.isDone()).isFalse();
    assertThat(server.shutdown()).isTrue();
    assertThat(serving.get()).isTrue();
    thread.join();
  }

  @Test
  void serveEndsWithAnInterrupt() throws Exception {
    Living app = new Living();
    Server server = Server.of(app);
    FutureTask<Boolean> serving = new FutureTask<>(server::serve);
    Thread thread = Thread.ofPlatform().start(serving);
    awaitServing(server);

    thread.interrupt();
    serving.get();
    thread.join();
    assertThat(app.life).last().asString().startsWith("shutdown");
    assertThatThrownBy(() -> ask(server)).isInstanceOf(ConnectException.class);
  }

  /** A program of its own, whose main is {@link Serving}; TERM finds a request under way. */
  @Test
  void serveAnswersWhatIsUnderWayWhenItsProgramIsEnded() throws Exception {
    Process program =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Serving.class.getName())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader said = program.inputReader()) {
      URI uri = URI.create(line(said, "http://"));
      try (Socket client = new Socket(uri.getHost(), uri.getPort())) {
        String post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na";
        client.getOutputStream().write(post.getBytes(UTF_8));
        line(said, "asked");
        program.toHandle().destroy(); // TERM; Process.destroy would close its output as well
        awaitRefusal(uri);
        client.getOutputStream().write('b');
        assertThat(new String(client.getInputStream().readAllBytes(), UTF_8)).endsWith("got ab");
      }
      line(said, "the app has ended");
      assertThat(program.waitFor()).as("ended by TERM").isEqualTo(143);
    } finally {
      program.destroyForcibly();
    }
  }

  private static String line(BufferedReader said, String beginning) throws IOException {
    List<String> before = new ArrayList<>();
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith(beginning)) {
        return line;
      }
      before.add(line);
    }
    throw new AssertionError("It did not say " + beginning + ", but " + before);
  }

  /** The program of {@link #serveAnswersWhatIsUnderWayWhenItsProgramIsEnded}. */
  static final class Serving implements BlockingApp {
    static void main() throws Exception {
      Server server = Server.of(new Serving());
      Thread.startVirtualThread(
          () -> {
            awaitServing(server);
            System.out.println(server.uri());
          });
      server.serve();
    }

    @Override
    public Response handle(Request request) throws IOException {
      System.out.println("asked");
      return Response.text("got " + new String(request.body().readAllBytes(), UTF_8));
    }

    @Override
    public void shutdown() {
      System.out.println("the app has ended");
    }
  }

  private static void awaitServing(Server server) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      try {
        server.uri();
        return;
      } catch (IllegalStateException notYet) {
        if (System.nanoTime() > end) {
          throw notYet;
        }
        Thread.onSpinWait();
      }
    }
  }

  private static void awaitRefusal(URI uri) throws InterruptedException {
    for (int i = 0; i < 1000; i++) {
      try (Socket _ = new Socket(uri.getHost(), uri.getPort())) {
        TimeUnit.MILLISECONDS.sleep(10);
      } catch (IOException refused) {
        return;
      }
    }
    throw new AssertionError("It still listens.");
  }

  private static CompletableFuture<Boolean> shutDown(Server server) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    Thread.ofPlatform().daemon().start(() -> done.complete(server.shutdown()));
    return done;
  }

  @Test
  void whatIsUnderWayEndsBeforeTheAppDoes() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    BlockingApp app =
        _ -> {
          asked.countDown();
          answer.await();
          return Response.text("done");
        };
    Server server = Server.of(app).startup();
    try (HttpClient client = HttpClient.newHttpClient()) {
      CompletableFuture<HttpResponse<String>> response =
          client.sendAsync(get(server), HttpResponse.BodyHandlers.ofString());
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
      CompletableFuture<Boolean> stopped = shutDown(server);
      awaitRefusal(server.uri());
      assertThat(stopped).isNotDone();

      answer.countDown();
      assertThat(response.get(30, TimeUnit.SECONDS).body()).isEqualTo("done");
      assertThat(response.get().headers().firstValue("connection")).contains("close");
      assertThat(stopped.get(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void whatIsNotOverInTimeIsToldSo() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    List<String> said = new CopyOnWriteArrayList<>();
    BlockingApp app =
        _ -> {
          asked.countDown();
          new CountDownLatch(1).await();
          return Response.of(204);
        };
    Server server =
        Server.builder(app)
            .gracefulTimeout(Duration.ofSeconds(5))
            .log((_, text) -> said.add(text))
            .build()
            .startup();
    try (HttpClient client = HttpClient.newHttpClient()) {
      CompletableFuture<HttpResponse<String>> response =
          client.sendAsync(get(server), HttpResponse.BodyHandlers.ofString());
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(server.shutdown()).isFalse();
      assertThat(response.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
      assertThat(said).anyMatch(text -> text.contains("1 connections are cut"));
    }
  }

  /** Also where a client must be cut. */
  @Test
  void workAfterResponsesIsOverBeforeTheAppIsStopped() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(1);
    List<String> order = new CopyOnWriteArrayList<>();
    BlockingApp app =
        new BlockingApp() {
          @Override
          public Response handle(Request request) throws Exception {
            if (request.path().equals("/hangs")) {
              asked.countDown();
              new CountDownLatch(1).await();
            }
            return Response.of(204)
                .withBackground(
                    () -> {
                      awaitUninterrupted(go);
                      order.add("work");
                    });
          }

          @Override
          public void shutdown() {
            order.add("shutdown");
          }
        };
    Server server =
        Server.builder(app)
            .gracefulTimeout(Duration.ofSeconds(5))
            .log(
                (_, text) -> {
                  if (text.contains("1 connections are cut")) {
                    go.countDown();
                  }
                })
            .build()
            .startup();
    try (HttpClient client = HttpClient.newHttpClient()) {
      assertThat(ask(server).statusCode()).isEqualTo(204);
      var _ =
          client.sendAsync(
              HttpRequest.newBuilder(server.uri().resolve("/hangs")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(server.shutdown()).isFalse();
    }
    assertThat(order).containsExactly("work", "shutdown");
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }

  @Test
  void aWebSocketIsToldThatItEnds() throws Exception {
    BlockingApp app =
        _ ->
            Response.webSocket(
                socket -> {
                  while (socket.receive()
                      instanceof dev.arbiter.app.WebSocket.Message.Text(String text)) {
                    socket.sendText("echo: " + text);
                  }
                });
    CompletableFuture<String> heard = new CompletableFuture<>();
    CompletableFuture<Integer> closed = new CompletableFuture<>();
    WebSocket.Listener listener =
        new WebSocket.Listener() {
          @Override
          public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            heard.complete(data.toString());
            return WebSocket.Listener.super.onText(socket, data, last);
          }

          @Override
          public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return WebSocket.Listener.super.onClose(socket, code, reason);
          }
        };
    Server server = Server.of(app).startup();
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create("ws://127.0.0.1:" + server.address().getPort() + "/");
      WebSocket socket = client.newWebSocketBuilder().buildAsync(uri, listener).get();
      socket.sendText("hello", true);
      assertThat(heard.get(30, TimeUnit.SECONDS)).isEqualTo("echo: hello");
      assertThat(server.shutdown()).isTrue();
      assertThat(closed.get(30, TimeUnit.SECONDS)).isEqualTo(1012);
    }
  }

  @Test
  void itKeepsAnAccessLogIfAsked(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("access.log");
    try (Server server =
        Server.builder(HELLO)
            .setting("access-log", "true")
            .setting("access-logfile", file.toString())
            .build()
            .startup()) {
      assertThat(ask(server).statusCode()).isEqualTo(200);
    }
    assertThat(file).content().contains("\"GET /a?b HTTP/1.1\" 200");
  }

  @Test
  void itSpeaksTls(@TempDir Path folder) throws Exception {
    TestCertificates authority = new TestCertificates("authority");
    authority.issue("EC", "127.0.0.1", "localhost").write(folder, "server");
    try (Server server =
            Server.builder((BlockingApp) request -> Response.text(request.scheme()))
                .tls(folder.resolve("server.pem"), folder.resolve("server.key"))
                .build()
                .startup();
        HttpClient client = HttpClient.newBuilder().sslContext(authority.client()).build()) {
      URI uri = URI.create("https://localhost:" + server.address().getPort() + "/");
      HttpResponse<String> response =
          client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
      assertThat(response.body()).isEqualTo("https");
      assertThat(server.uri().getScheme()).isEqualTo("https");
    }
  }

  @Test
  void whatKeepsItFromStartingIsSaid(@TempDir Path folder) throws Exception {
    BlockingApp failing =
        new BlockingApp() {
          @Override
          public void startup(Lifespan lifespan) throws IOException {
            throw new IOException("no database");
          }

          @Override
          public Response handle(Request request) {
            return Response.of(204);
          }
        };
    BlockingApp ill =
        new BlockingApp() {
          @Override
          public void checkHealth() throws IOException {
            throw new IOException("feverish");
          }

          @Override
          public Response handle(Request request) {
            return Response.of(204);
          }
        };
    Path none = folder.resolve("none.pem");

    assertThatThrownBy(() -> Server.of(failing).startup())
        .isInstanceOf(BootFailure.class)
        .hasStackTraceContaining("no database");
    assertThatThrownBy(() -> Server.of(ill).startup())
        .isInstanceOf(BootFailure.class)
        .hasMessageContaining("feverish");
    assertThatThrownBy(() -> Server.builder(HELLO).tls(none, none).build().startup())
        .isInstanceOf(BootFailure.class)
        .hasMessageContaining("none.pem");
    assertThatThrownBy(() -> Server.builder(HELLO).address("203.0.113.1", 0).build().startup())
        .isInstanceOf(BootFailure.class)
        .hasMessageContaining("not of this machine");
  }

  @Test
  void whatAnAppThrowsIsLogged() throws Exception {
    List<String> said = new CopyOnWriteArrayList<>();
    BlockingApp app =
        new BlockingApp() {
          @Override
          public Response handle(Request request) {
            throw new IllegalStateException("no more tea");
          }

          @Override
          public void shutdown() throws IOException {
            throw new IOException("left a door open");
          }
        };
    Server server =
        Server.builder(app).log((level, text) -> said.add(level + " " + text)).build().startup();
    assertThat(ask(server).statusCode()).isEqualTo(500);
    assertThat(server.shutdown()).isFalse();
    assertThat(said).anyMatch(text -> text.contains("left a door open"));
    assertThat(said).anyMatch(text -> text.startsWith("ERROR") && text.contains("no more tea"));
  }
}
