package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Where an app may come from, and that each example runs; most under both workers, as here or in
 * their own tests. Which kind it is that loads an app makes no difference to where it is found:
 * that is the arbiter's, and the loader is the same.
 */
@Tag("slow")
final class AppsTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @ParameterizedTest(name = "{0} under {1}")
  @CsvSource({
    "hello,netty", "hello,sync",
    "hello-async,netty", "hello-async,sync",
    "faulty,netty"
  })
  void greetingExampleGreets(String example, String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).example(example).start();

    try (RawClient client = arbiter.connect()) {
      Answer answer = client.get("/");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).containsIgnoringCase("hello");
    }
  }

  @EachKind
  void echoExampleReturnsWhatItIsSent(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).example("echo").start();

    try (RawClient client = arbiter.connect()) {
      client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nabcde");
      Answer answer = client.answer();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).contains("abcde");
    }
  }

  @EachKind
  void streamingExampleSendsItsBodyInParts(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).example("streaming").start();

    try (RawClient client = arbiter.connect()) {
      Answer answer = client.get("/");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("transfer-encoding")).contains("chunked");
      assertThat(answer.body()).isNotEmpty();
    }
  }

  @EachKind
  void filesExampleServesFilesByItselfAndByTheSetting(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .example("files")
            .args("--static", "/more=public", "--static", "/css=public/css")
            .start();

    try (RawClient client = arbiter.connect()) {
      for (String path : new String[] {"/assets/css/site.css", "/more/css/", "/css/site.css"}) {
        Answer answer = client.get(path);
        assertThat(answer.status()).as(path).isEqualTo(path.endsWith("/") ? 404 : 200);
      }
      assertThat(client.get("/css/site.css").body()).contains("font-family");
      assertThat(client.get("/css/..%2f..%2fapp/App.java").status()).isEqualTo(404);
      assertThat(client.get("/").header("content-type").orElse("")).startsWith("text/html");
    }
  }

  @EachKind
  void jsonExampleAnswersJson(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).example("json").start();

    try (RawClient client = arbiter.connect()) {
      Answer worker = client.get("/worker");
      assertThat(worker.status()).isEqualTo(200);
      assertThat(worker.header("content-type").orElse("")).startsWith("application/json");
      assertThat(worker.body()).contains("\"kind\"").contains(kind);

      String order = "{\"items\":[{\"name\":\"tea\",\"price\":2.50,\"quantity\":3}]}";
      client.head(
          "POST /quote HTTP/1.1",
          "Host: test",
          "Content-Type: application/json",
          "Content-Length: " + order.length());
      Answer quote = client.send(order).answer();
      assertThat(quote.status()).isEqualTo(200);
      assertThat(quote.body()).contains("7.5");
    }
  }

  @ParameterizedTest(name = "{0} under {1}")
  @CsvSource({
    "webflux,netty,app:App",
    "webflux,sync,app:App",
    "pekko,netty,app:App",
    "pekko,sync,app:App",
    "jersey,netty,app:App",
    "jersey,sync,app:App",
    "jersey,netty,app:Later",
    "jersey,sync,app:Later",
    "jex,sync,app:App::app"
  })
  void frameworkRuns(String example, String kind, String app) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).example(example, app).start();

    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/hello/you").body()).isEqualTo("Hello, you\n");
      assertThat(client.get("/numbers/1000").body()).endsWith("\n998\n999\n");
      client.send("POST /size HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nabcde");
      assertThat(client.answer().body()).isEqualTo("5 bytes\n");
    }
  }

  @EachKind
  void webFluxServesWebSockets(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).example("webflux").start();

    try (WebSocketLine socket = WebSocketLine.upgrading(arbiter.connect())) {
      socket.open();
      for (String text : new String[] {"hello", "bye"}) {
        socket.send(WebSocketLine.TEXT, text);
        assertThat(socket.next())
            .isEqualTo(new WebSocketLine.Message(WebSocketLine.TEXT, "you: " + text));
      }
      arbiter.signal(Os.Signal.HUP);
      assertThat(socket.next().code()).isEqualTo(WebSocketLine.SERVICE_RESTART);
    }
  }

  @Test
  void classFolder() throws Exception {
    Path classes = SourceApp.compile(arbiters.folder(), SourceApp.blocking("\"from a folder\""));

    assertServes("netty", "from a folder", "--chdir", folder(), classes.getFileName() + ":app.App");
  }

  @Test
  void jar() throws Exception {
    Path classes = SourceApp.compile(arbiters.folder(), SourceApp.blocking("\"from a jar\""));
    Path jar = arbiters.folder().resolve("shop.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out);
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        entries.putNextEntry(new JarEntry(classes.relativize(file).toString()));
        Files.copy(file, entries);
      }
    }

    assertServes("sync", "from a jar", "--chdir", folder(), "shop.jar:app.App");
  }

  @Test
  void packageOnTheClassPath() throws Exception {
    Path classes = SourceApp.compile(arbiters.folder(), SourceApp.blocking("\"from a package\""));

    assertServes("netty", "from a package", "--classpath", classes.toString(), "app:App");
  }

  @Test
  void packageInTheAppDirectory() throws Exception {
    Path classes = SourceApp.compile(arbiters.folder(), SourceApp.blocking("\"from app-dir\""));

    assertServes("sync", "from app-dir", "--app-dir", classes.toString(), "app:App");
  }

  @Test
  void sourceFile() throws Exception {
    Path file =
        Files.writeString(
            arbiters.folder().resolve("Solo.java"),
            SourceApp.blocking("\"from a file\"")
                .replace("package app;", "")
                .replace("class App", "class Solo"));

    assertServes("netty", "from a file", "--chdir", folder(), file.getFileName() + ":Solo");
  }

  @ParameterizedTest(name = "{1} under {0}")
  @CsvSource({"netty,app:App::create,from create", "sync,--factory app:App,from app"})
  void factoryMethod(String kind, String app, String body) throws Exception {
    SourceApp.write(
        arbiters.folder(),
        SourceApp.blocking(
            "text",
            """
            private final String text;
            App(String text) { this.text = text; }
            public static App create() { return new App("from create"); }
            public static App app() { return new App("from app"); }
            """));

    assertServes(kind, body, ("--chdir " + folder() + " " + app).split(" "));
  }

  @Test
  void sourceIsCompiledOnceNotOnceForEachWorker() throws Exception {
    Path folder = arbiters.folder();
    SourceApp.write(folder, SourceApp.blocking("\"first\""));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("--worker-heap", "64M")
            .app("--chdir", folder(), "app:App")
            .start();
    SourceApp.write(folder, SourceApp.blocking("no longer valid"));

    // A worker of the same generation is started from what was compiled then.
    arbiter.signal(Os.Signal.TTIN);
    arbiter.awaitServing(3);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("first");
    }
  }

  private void assertServes(String kind, String body, String... app)
      throws IOException, InterruptedException {
    ArbiterProcess arbiter = arbiters.command().kind(kind).app(app).start();

    try (RawClient client = arbiter.connect()) {
      Answer answer = client.get("/");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo(body);
    }
  }

  private String folder() {
    return arbiters.folder().toString();
  }
}
