package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code --reload}: what is saved is what is served, or what is wrong with it. */
@Tag("slow")
final class DevelopTest {
  private static final Pattern CHANGED = Pattern.compile("Changed: (.*)");
  private static final Pattern PREPARING = Pattern.compile("Reload: preparing generation");
  private static final Pattern STEADY = Pattern.compile("Fleet STEADY: 1 serving, 0 booting");

  /** From the end of the delay, in the median: far more than it takes. */
  private static final Duration EDIT_TO_ANSWER = Duration.ofSeconds(5);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void everySaveIsServedOrToldOf(String kind) throws Exception {
    arbiters.expectError(
        "does not compile|constructor of app.App threw|gone too far|boot failed|Reload failed");
    write("app/Part.java", part("\"first\""));
    SourceApp.write(arbiters.folder(), app("\"<b>\" + Part.TEXT +", ""));
    Path extra = Files.writeString(arbiters.run().resolve("extra.conf"), "1");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .args("--reload", "--reload-exclude", "Ignored*", "--reload-include", "*.tpl")
            .args("--reload-extra-file", extra.toString())
            .app("app:App")
            .start();

    // It does not compile from the start: there is nothing else to serve.
    int mark = arbiter.log().mark();
    assertThat(text(arbiter)).contains("App.java:19: error:").contains("\"<b>\" + Part.TEXT +");
    Answer page = page(arbiter);
    assertThat(page.status()).isEqualTo(500);
    assertThat(page.header("content-type")).contains("text/html; charset=utf-8");
    assertThat(page.body())
        .contains("App.java:19", "&quot;&lt;b&gt;&quot; + Part.TEXT +")
        .doesNotContain("<b>\"");
    assertThat(arbiter.log().text()).contains("app/App.java:19: error: illegal start");

    SourceApp.write(arbiters.folder(), app("Part.TEXT", ""));
    assertThat(afterChange(arbiter, mark)).isEqualTo("first");

    // A constant leaves no trace in the classes that use it.
    mark = arbiter.log().mark();
    write("app/Part.java", part("\"second\""));
    assertThat(afterChange(arbiter, mark)).isEqualTo("second");

    // As editors save: another file, renamed; and many at once.
    awaitSteady(arbiter, mark);
    mark = arbiter.log().mark();
    Path swap = write("app/.Part.java.swp", part("\"third\""));
    Files.move(swap, arbiters.folder().resolve("app/Part.java"), StandardCopyOption.ATOMIC_MOVE);
    for (int i = 0; i < 20; i++) {
      write("app/More" + i + ".java", "package app; class More" + i + " {}");
    }
    assertThat(afterChange(arbiter, mark)).isEqualTo("third");
    awaitSteady(arbiter, mark);
    assertThat(count(arbiter, mark, PREPARING)).isEqualTo(1);

    // Its constructor fails.
    mark = arbiter.log().mark();
    SourceApp.write(
        arbiters.folder(),
        app("Part.TEXT", "public App() { throw new IllegalStateException(\"<i>no database\"); }"));
    assertThat(afterChange(arbiter, mark))
        .contains("IllegalStateException: <i>no database", "App.java:10", "> ");
    assertThat(page(arbiter).body()).contains("&lt;i&gt;no database").doesNotContain("<i>no");

    // Its worker ends before it can tell.
    awaitSteady(arbiter, mark);
    mark = arbiter.log().mark();
    SourceApp.write(
        arbiters.folder(),
        app(
            "Part.TEXT",
            "public App() { System.err.println(\"gone too far\"); Runtime.getRuntime().halt(7); }"));
    assertThat(afterChange(arbiter, mark)).contains("could not be started", "gone too far");

    awaitSteady(arbiter, mark);
    mark = arbiter.log().mark();
    SourceApp.write(arbiters.folder(), app("Part.TEXT", ""));
    assertThat(afterChange(arbiter, mark)).isEqualTo("third");

    // What is not to be watched comes before what is, and only that is named.
    awaitSteady(arbiter, mark);
    mark = arbiter.log().mark();
    write("app/Ignored.java", "no class at all");
    write("app/notes.txt", "neither");
    Files.createDirectories(arbiters.folder().resolve("pages/new"));
    write("pages/new/index.tpl", "hello");
    assertThat(changed(arbiter, mark)).isEqualTo("pages/new/index.tpl");
    assertThat(afterChange(arbiter, mark)).isEqualTo("third");

    awaitSteady(arbiter, mark);
    mark = arbiter.log().mark();
    Files.writeString(extra, "2");
    assertThat(changed(arbiter, mark)).isEqualTo(extra.toString());
    awaitSteady(arbiter, mark);
  }

  @EachKind
  void noConnectionIsRefusedOrCutWhileVersionsFollow(String kind) throws Exception {
    write("app/Part.java", part("\"0\""));
    SourceApp.write(arbiters.folder(), app("Part.TEXT", ""));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .args("--reload", "--reload-dir", "app", "--reload-delay", "400ms")
            .app("app:App")
            .start();
    awaitSteady(arbiter, 0);
    List<Duration> took = new ArrayList<>();
    Queue<String> failures = new ConcurrentLinkedQueue<>();
    AtomicInteger answers = new AtomicInteger();
    AtomicReference<String> last = new AtomicReference<>("");
    InetSocketAddress address = arbiter.address();
    Thread client =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!Thread.currentThread().isInterrupted()) {
                    try (RawClient connection = RawClient.tcp(address, Limits.CHANGE)) {
                      last.set(connection.get("/").body());
                      answers.incrementAndGet();
                    } catch (IOException e) {
                      failures.add(e.toString());
                    }
                  }
                });
    try (HttpClient http = HttpClient.newHttpClient();
        RawClient busy = RawClient.tcp(address, Limits.CHANGE)) {
      CompletableFuture<Integer> closed = new CompletableFuture<>();
      WebSocket socket =
          http.newWebSocketBuilder()
              .buildAsync(
                  URI.create("ws://127.0.0.1:" + arbiter.port() + "/ws"), new Closing(closed))
              .get(Limits.ANSWER.toMillis(), TimeUnit.MILLISECONDS);
      busy.beginUpload();
      for (int i = 1; i <= 10; i++) {
        // One serves, and one waits for the next version.
        arbiter.awaitWorkers(2);
        int mark = arbiter.log().mark();
        long saved = System.nanoTime();
        write("app/Part.java", part("\"" + i + "\""));
        write("beside.properties", "is not in --reload-dir");
        assertThat(changed(arbiter, mark)).isEqualTo("app/Part.java");
        long noticed = System.nanoTime();
        assertThat(Duration.ofNanos(noticed - saved)).isGreaterThan(Duration.ofMillis(400));
        try (RawClient connection = RawClient.tcp(address, Limits.CHANGE)) {
          assertThat(connection.get("/").body()).isEqualTo(Integer.toString(i));
        }
        took.add(Duration.ofNanos(System.nanoTime() - noticed));
        if (i == 1) {
          // Begun before the save, and answered by the version it was begun with.
          assertThat(busy.finishUpload().answer().body()).isEqualTo("0");
        }
        awaitSteady(arbiter, mark);
      }
      assertThat(closed.get(Limits.ANSWER.toMillis(), TimeUnit.MILLISECONDS)).isEqualTo(1012);
      socket.abort();
      Await.until("the last version", Limits.ANSWER, () -> last.get().equals("10"));
    } finally {
      client.interrupt();
      client.join(Limits.CHANGE);
    }
    assertThat(failures).isEmpty();
    assertThat(took.stream().sorted().toList().get(took.size() / 2)).isLessThan(EDIT_TO_ANSWER);
    assertThat(answers.get()).isGreaterThan(10);
  }

  /** Tells with which code it was closed. */
  private record Closing(CompletableFuture<Integer> code) implements WebSocket.Listener {
    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      code.complete(status);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      code.completeExceptionally(error);
    }
  }

  private static String app(String body, String members) {
    return """
    package app;

    import dev.arbiter.app.BlockingApp;
    import dev.arbiter.app.Request;
    import dev.arbiter.app.Response;

    public final class App implements BlockingApp {

      // members:
      %s

      @Override
      public Response handle(Request request) throws Exception {
        if (request.path().equals("/ws")) {
          return Response.webSocket(socket -> socket.receive());
        }
        request.body().readAllBytes();
        // the line that matters:
        return Response.text(%s);
      }
    }
    """
        .formatted(members, body);
  }

  private static String part(String text) {
    return "package app;\n\nfinal class Part {\n  static final String TEXT = " + text + ";\n}\n";
  }

  private Path write(String file, String text) throws IOException {
    Path path = arbiters.folder().resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, text);
  }

  private static String changed(ArbiterProcess arbiter, int mark) throws InterruptedException {
    return arbiter.log().awaitAfter(mark, CHANGED, Limits.CHANGE).group(1);
  }

  /** What whoever asks as soon as the change was noticed is answered. */
  private static String afterChange(ArbiterProcess arbiter, int mark) throws Exception {
    changed(arbiter, mark);
    return text(arbiter);
  }

  /** What it answers to a GET of /, which waits as long as a change may take. */
  static String text(ArbiterProcess arbiter) throws Exception {
    try (RawClient client = RawClient.tcp(arbiter.address(), Limits.CHANGE)) {
      return client.get("/").body();
    }
  }

  private static Answer page(ArbiterProcess arbiter) throws Exception {
    try (RawClient client = RawClient.tcp(arbiter.address(), Limits.CHANGE)) {
      return client.head("GET / HTTP/1.1", "Host: test", "Accept: text/html,*/*;q=0.8").answer();
    }
  }

  private static void awaitSteady(ArbiterProcess arbiter, int mark) throws InterruptedException {
    arbiter.log().awaitAfter(mark, STEADY, Limits.CHANGE);
  }

  private static long count(ArbiterProcess arbiter, int mark, Pattern pattern) {
    return arbiter.log().lines().stream()
        .skip(mark)
        .filter(line -> pattern.matcher(line.text()).find())
        .count();
  }
}
