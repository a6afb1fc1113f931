package dev.arbiter.release;

import dev.arbiter.develop.CompilerServer;
import dev.arbiter.develop.CompilerServer.Order;
import dev.arbiter.develop.CompilerServer.Outcome;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The arbiter's end of a {@link CompilerServer}, which it starts when it is first needed and again
 * if it has ended. Any thread; one compilation at a time.
 */
public final class WarmCompiler implements SourceCompiler.Factory, AutoCloseable {
  private static final long LIMIT_SECONDS = 120;

  private volatile @Nullable Process server;
  private volatile boolean closed;
  private Path serverJdk = Path.of("");

  @Override
  public SourceCompiler of(Path jdk, List<Path> api, Path output) {
    return (source, sourceFolder, classPath) -> {
      Compiler.require(jdk, source);
      List<Path> all = Stream.concat(api.stream(), classPath.stream()).toList();
      Path work = output.resolveSibling("compiled");
      Outcome outcome = ask(jdk, new Order(source, sourceFolder, all, work, output));
      if (!outcome.fine()) {
        throw new AppProblem(
            AppProblem.APP,
            "The app does not compile: " + source,
            outcome.printed().stripTrailing(),
            "");
      }
      return output;
    };
  }

  private synchronized Outcome ask(Path jdk, Order order) throws AppProblem, IOException {
    try {
      return askOnce(jdk, order);
    } catch (IOException ended) {
      if (closed) {
        throw ended;
      }
      abandon(); // by the kernel, perhaps, for want of memory; the next one knows nothing
      return askOnce(jdk, order);
    }
  }

  private Outcome askOnce(Path jdk, Order order) throws AppProblem, IOException {
    Process running = server(jdk);
    order.write(running.getOutputStream());
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("arbiter-compiler")
        .start(
            () -> {
              try {
                outcome.complete(Outcome.read(running.getInputStream()));
              } catch (IOException e) {
                outcome.completeExceptionally(e);
              }
            });
    try {
      return outcome.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IOException("The compiler has ended", e.getCause());
    } catch (TimeoutException e) {
      abandon();
      throw new AppProblem(
          AppProblem.APP,
          "The compiler did not finish %s in %d s".formatted(order.source(), LIMIT_SECONDS),
          "",
          "");
    } catch (InterruptedException e) {
      abandon();
      Thread.currentThread().interrupt();
      throw new AppProblem(AppProblem.APP, "The compiler was interrupted", "", "");
    }
  }

  private Process server(Path jdk) throws IOException {
    Process running = server;
    if (running != null && running.isAlive() && jdk.equals(serverJdk)) {
      return running;
    }
    abandon();
    Process started =
        Compiler.start(
            new ProcessBuilder(
                    jdk.resolve("bin/java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1", // it will not live long enough for more to pay
                    "-XX:+PerfDisableSharedMem",
                    "-cp",
                    ownJar().toString(),
                    CompilerServer.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT));
    server = started;
    serverJdk = jdk;
    if (closed) { // either close() has seen it, or this sees that it was closed
      close(started);
      throw new IOException("The arbiter stops");
    }
    return started;
  }

  private static Path ownJar() {
    try {
      return Path.of(
          CompilerServer.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("a class that was loaded from nowhere", e);
    }
  }

  /** One that was killed may look alive for a moment, with its streams closed: it is forgotten. */
  private void abandon() {
    close(server);
    server = null;
  }

  private static void close(@Nullable Process process) {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  /** Ends the compiler's process, also in the midst of a compilation, which then fails. */
  @Override
  public void close() {
    closed = true;
    close(server);
  }
}
