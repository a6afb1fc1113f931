package dev.arbiter.release;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.process.PosixOs;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Compiles an app's source, once per generation, in a short-lived JVM: the JDK's own {@code javac}.
 * Never in the arbiter, which would grow by a few hundred megabytes, and not once per worker.
 */
public final class Compiler implements SourceCompiler {
  private static final long LIMIT_SECONDS = 120;

  /** HUP, INT and TERM: of any, a JVM makes an exit code. */
  private static final Set<Integer> ENDING_SIGNALS = Set.of(1, 2, 15);

  private static final Duration AFTER_SIGNAL = Duration.ofMillis(500);

  private final Path jdk;
  private final List<Path> api;
  private final Path output;

  /**
   * @param jdk the JDK of the workers
   * @param api what an app is compiled against
   * @param output where the classes go; made when it is needed
   */
  public Compiler(Path jdk, List<Path> api, Path output) {
    this.jdk = jdk;
    this.api = api;
    this.output = output;
  }

  @Override
  public Path compile(Path source, Path sourceFolder, List<Path> classPath)
      throws AppProblem, IOException {
    Path javac = require(jdk, source);
    Files.createDirectories(output);
    Path printed = output.resolveSibling(output.getFileName() + ".javac.txt");
    ProcessBuilder builder =
        new ProcessBuilder(
                javac.toString(),
                "-J-XX:+UseSerialGC",
                "-J-XX:TieredStopAtLevel=1",
                "-J-XX:+PerfDisableSharedMem",
                "-d",
                output.toString(),
                "-encoding",
                "UTF-8",
                "-g",
                "-parameters",
                "-sourcepath",
                sourceFolder.toString(),
                "-cp",
                Stream.concat(api.stream(), classPath.stream())
                    .map(Path::toString)
                    .collect(Collectors.joining(File.pathSeparator)),
                source.toString())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectOutput(printed.toFile());
    Process process = start(builder);
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AppProblem(
            AppProblem.APP,
            "The compiler did not finish %s in %d s".formatted(source, LIMIT_SECONDS),
            "",
            "compile the app first");
      }
      if (ENDING_SIGNALS.contains(process.exitValue() - 128)) {
        // Sent to the group or the cgroup, it ends the arbiter as well, whose own may be a moment
        // behind: then this is no failure.
        Thread.sleep(AFTER_SIGNAL);
        throw new AppProblem(
            AppProblem.APP,
            "The compiler was ended by signal %d while it compiled %s"
                .formatted(process.exitValue() - 128, source),
            "",
            "");
      }
      if (process.exitValue() != 0) {
        throw new AppProblem(
            AppProblem.APP,
            "The app does not compile: " + source,
            Files.readString(printed, UTF_8).stripTrailing(),
            "what it uses comes from its own folder and --classpath");
      }
      return output;
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new AppProblem(AppProblem.APP, "The compiler was interrupted", "", "");
    } finally {
      Files.deleteIfExists(printed);
    }
  }

  /** The compiler of a JDK, which a runtime has not. */
  static Path require(Path jdk, Path source) throws AppProblem {
    Path javac = jdk.resolve("bin/javac");
    if (!Files.isExecutable(javac)) {
      throw new AppProblem(
          AppProblem.USAGE,
          "There is no compiler in " + jdk + ", and " + source + " is a source",
          "",
          "install the JDK, not only the runtime, or compile the app first");
    }
    return javac;
  }

  /** Starts a process as long as no worker is started: it would inherit the worker's pipes. */
  static Process start(ProcessBuilder builder) throws IOException {
    PosixOs.STARTING.lock();
    try {
      return builder.start();
    } finally {
      PosixOs.STARTING.unlock();
    }
  }
}
