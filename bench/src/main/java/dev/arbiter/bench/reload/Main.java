package dev.arbiter.bench.reload;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Edits one of an app's twenty classes again and again, and measures until the new version has
 * answered a client that asked as soon as the change was noticed.
 */
public final class Main {
  private static final int CLASSES = 20;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Pattern LISTENING = Pattern.compile("Listening at: http://[^:]+:(\\d+)");

  /** When a line was read. */
  private record Line(String text, long at) {}

  private final BlockingQueue<Line> lines = new LinkedBlockingQueue<>();
  private final HttpClient client = HttpClient.newHttpClient();

  private Main() {}

  /**
   * @param args the launcher, the kind of worker, how many edits
   */
  public static void main(String[] args) throws Exception {
    new Main().run(args[0], args[1], Integer.parseInt(args[2]));
  }

  private void run(String launcher, String kind, int edits) throws Exception {
    Path folder = Files.createTempDirectory("arbiter-bench-reload-");
    Process arbiter = null;
    try {
      writeApp(folder);
      arbiter =
          new ProcessBuilder(
                  launcher,
                  "--reload",
                  "-k",
                  kind,
                  "-b",
                  "127.0.0.1:0",
                  "-n",
                  "bench-reload",
                  "app:App")
              .directory(folder.toFile())
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .start();
      Process running = arbiter;
      Thread.ofPlatform().daemon().name("log").start(() -> read(running));
      Matcher listening = LISTENING.matcher(await("Listening at: http").text());
      if (!listening.find()) {
        throw new IOException("It listens nowhere");
      }
      URI uri = URI.create("http://127.0.0.1:" + listening.group(1) + "/");
      await("Fleet STEADY");
      measure(folder, uri, edits);
    } finally {
      if (arbiter != null) {
        arbiter.destroy();
        arbiter.waitFor(20, TimeUnit.SECONDS);
      }
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void measure(Path folder, URI uri, int edits) throws Exception {
    List<Long> served = new ArrayList<>();
    List<Long> whole = new ArrayList<>();
    // The first edit finds a cold compiler, and is told apart.
    for (int edit = 0; edit <= edits; edit++) {
      TimeUnit.SECONDS.sleep(3); // a person thinks; the JVM for the next version boots
      lines.clear();
      String text = "edit " + edit;
      long saved = System.nanoTime();
      writePart(folder, CLASSES / 2, text);
      long noticed = await("Changed: ").at();
      String answer =
          client
              .send(
                  HttpRequest.newBuilder(uri).timeout(LIMIT).build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();
      long answered = System.nanoTime();
      if (!answer.contains(text)) {
        throw new IOException("Not the new version: " + answer);
      }
      await("Fleet STEADY");
      long millis = TimeUnit.NANOSECONDS.toMillis(answered - noticed);
      if (edit == 0) {
        System.out.printf("first edit: %d ms%n", millis);
      } else {
        served.add(millis);
        whole.add(TimeUnit.NANOSECONDS.toMillis(answered - saved));
      }
    }
    System.out.printf(
        "%d edits of %d classes, end of --reload-delay to answer: median %d ms, from %d to %d ms%n",
        edits,
        CLASSES,
        median(served),
        served.stream().min(Long::compare).orElseThrow(),
        served.stream().max(Long::compare).orElseThrow());
    System.out.printf("from the save: median %d ms%n", median(whole));
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private void read(Process process) {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(new Line(line, System.nanoTime()));
      }
    } catch (IOException e) {
      lines.add(new Line("The log cannot be read: " + e, System.nanoTime()));
    }
  }

  private Line await(String text) throws InterruptedException, IOException {
    List<String> others = new ArrayList<>();
    while (true) {
      Line line = lines.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
      if (line == null) {
        throw new IOException("No '%s' in: %s".formatted(text, String.join("\n", others)));
      }
      if (line.text().contains(text)) {
        return line;
      }
      others.add(line.text());
    }
  }

  private static void writeApp(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("app"));
    StringBuilder calls = new StringBuilder();
    for (int i = 1; i < CLASSES; i++) {
      calls.append(" + new Part%d().text()".formatted(i));
      writePart(folder, i, "part " + i);
    }
    Files.writeString(
        folder.resolve("app/App.java"),
        """
        package app;

        import dev.arbiter.app.BlockingApp;
        import dev.arbiter.app.Request;
        import dev.arbiter.app.Response;

        public final class App implements BlockingApp {
          @Override
          public Response handle(Request request) {
            return Response.text(""%s);
          }
        }
        """
            .formatted(calls));
  }

  private static void writePart(Path folder, int number, String text) throws IOException {
    Files.writeString(
        folder.resolve("app/Part%d.java".formatted(number)),
        """
        package app;

        import java.util.List;
        import java.util.stream.Collectors;

        final class Part%d {
          private final List<String> words = List.of("%s".split(" "));

          String text() {
            return words.stream().collect(Collectors.joining(" ", "", "\\n"));
          }
        }
        """
            .formatted(number, text));
  }
}
