package dev.arbiter.tests;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The command line of an arbiter to be. By default it binds a free port of 127.0.0.1 and gives
 * requests five seconds to finish at a stop, so that no test can hold up the run for long.
 */
final class Command {
  /** A run that ended by itself. */
  record Finished(int exitCode, Journal log, Duration took) {}

  static final Path HOME = Path.of(System.getProperty("arbiter.home", "missing"));
  static final Path REPO =
      Path.of(System.getProperty("repo.root", "..")).toAbsolutePath().normalize();

  private final Arbiters arbiters;
  private final List<String> wrapper = new ArrayList<>();
  private final List<String> arguments = new ArrayList<>();
  private final List<String> app = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private final List<String> binds = new ArrayList<>(List.of("127.0.0.1:0"));
  private Path folder;
  private Path launcher = HOME.resolve("bin/arbiter");
  private int workers = 1;
  private String threads = "";
  private String graceful = "5";

  Command(Arbiters arbiters, Path folder) {
    this.arbiters = arbiters;
    this.folder = folder;
  }

  Command kind(String kind) {
    arguments.addAll(List.of("-k", kind));
    if (kind.equals("sync") && threads.isEmpty()) {
      threads = "16";
    }
    return this;
  }

  /** Event loops of a netty worker, requests at once of a sync worker (16 if not given). */
  Command threads(int count) {
    threads = Integer.toString(count);
    return this;
  }

  Command workers(int count) {
    workers = count;
    return this;
  }

  Command args(String... more) {
    arguments.addAll(List.of(more));
    return this;
  }

  Command gracefulTimeout(String value) {
    graceful = value;
    return this;
  }

  Command env(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** Replaces where it listens. */
  Command bind(String... addresses) {
    binds.clear();
    binds.addAll(List.of(addresses));
    return this;
  }

  /** The folder it is started in. */
  Command in(Path newFolder) {
    folder = newFolder;
    return this;
  }

  /** Another launcher than the distribution's. */
  Command launcher(Path file) {
    launcher = file;
    return this;
  }

  /** A command that ends by executing its arguments, in the same process. */
  Command under(String... command) {
    wrapper.addAll(List.of(command));
    return this;
  }

  /** The app, and how it is found. */
  Command app(String... words) {
    app.clear();
    app.addAll(List.of(words));
    return this;
  }

  /** An example of the source tree. */
  Command example(String name) {
    return example(name, "app:App");
  }

  /** An example of the source tree, whose app is not {@code app:App}. */
  Command example(String name, String reference) {
    return app("--chdir", REPO.resolve("examples").resolve(name).toString(), reference);
  }

  /** The example with a path for every way to fail, as classes. */
  Command faulty() throws IOException {
    return app("--chdir", Faulty.classes().toString(), "app:App");
  }

  /**
   * The example {@code faulty}, compiled once for all tests: from source, each start and reload of
   * an arbiter would start a compiler as well, a fifth of the time of a whole run.
   */
  private static final class Faulty {
    private static @Nullable Path classes;

    private Faulty() {}

    static synchronized Path classes() throws IOException {
      Path known = classes;
      if (known == null) {
        Path sources = REPO.resolve("examples/faulty/app");
        try (Stream<Path> files = Files.list(sources)) {
          known = SourceApp.compile(REPO.resolve("tests/target/faulty"), files.toList());
        }
        classes = known;
      }
      return known;
    }
  }

  /** Starts it and waits until all its workers are ready. */
  ArbiterProcess start() throws IOException, InterruptedException {
    return launch().awaitReady(workers);
  }

  /** Starts it. */
  ArbiterProcess launch() throws IOException {
    if (!Files.isExecutable(launcher)) {
      throw new IllegalStateException(
          "No distribution at " + HOME.toAbsolutePath() + ": run \"mvn package\" first");
    }
    List<String> line = new ArrayList<>(wrapper);
    line.add(launcher.toAbsolutePath().toString());
    for (String bind : binds) {
      line.addAll(List.of("-b", bind));
    }
    line.addAll(List.of("-w", Integer.toString(workers), "--graceful-timeout", graceful));
    line.addAll(List.of("--probation", "0")); // most tests are not about it, and would wait for it
    if (!threads.isEmpty()) {
      line.addAll(List.of("--threads", threads));
    }
    line.addAll(arguments);
    line.addAll(app);
    return spawn(line);
  }

  /** Starts it with nothing but the arguments given by {@link #args}. */
  ArbiterProcess launchBare() throws IOException {
    List<String> line = new ArrayList<>(wrapper);
    line.add(launcher.toAbsolutePath().toString());
    line.addAll(arguments);
    line.addAll(app);
    return spawn(line);
  }

  /** Starts it and waits for its own end. */
  Finished run(Duration limit) throws IOException, InterruptedException {
    return finish(launch(), limit);
  }

  /** The same, with nothing but the arguments given by {@link #args}. */
  Finished runBare(Duration limit) throws IOException, InterruptedException {
    return finish(launchBare(), limit);
  }

  private static Finished finish(ArbiterProcess arbiter, Duration limit)
      throws InterruptedException {
    long start = System.nanoTime();
    int exitCode = arbiter.exitCode(limit);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    arbiter.awaitOutputEnd(Limits.ANSWER);
    return new Finished(exitCode, arbiter.log(), took);
  }

  private ArbiterProcess spawn(List<String> line) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.directory(folder.toFile());
    builder.redirectInput(new File("/dev/null"));
    Map<String, String> variables = builder.environment();
    variables.keySet().removeIf(name -> name.startsWith("ARBITER_"));
    variables.keySet().removeAll(List.of("WEB_CONCURRENCY", "PORT", "FORWARDED_ALLOW_IPS"));
    arbiters.mark(variables);
    variables.putAll(environment);
    return arbiters.adopt(new ArbiterProcess(builder.start(), String.join(" ", line)));
  }
}
