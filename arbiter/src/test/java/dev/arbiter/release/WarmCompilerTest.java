package dev.arbiter.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.develop.CompilerServer;
import dev.arbiter.process.PosixOs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The arbiter's end of the compiler, with real ones at the other. */
@Timeout(60)
class WarmCompilerTest {
  private static final int SIGSTOP = 19;
  private static final Path JDK = Path.of(System.getProperty("java.home"));
  private static final String SOURCE = "package app; public class App { int number; }\n";

  @TempDir Path folder;

  private final WarmCompiler compiler = new WarmCompiler();
  private Path source;
  private int outputs;

  @BeforeEach
  void makeFolders() throws IOException {
    source = Files.createDirectories(folder.resolve("src/app")).resolve("App.java");
  }

  @AfterEach
  void noCompilerIsLeft() throws Exception {
    compiler.close();
    for (ProcessHandle left : servers()) {
      left.onExit().get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void oneProcessCompilesAgainAndAgain() throws Exception {
    Files.writeString(source, SOURCE);
    assertThat(compile().resolve("app/App.class")).exists();
    List<ProcessHandle> first = servers();
    assertThat(first).hasSize(1);
    Files.writeString(source, "package app; class App { oops }\n");
    assertThatThrownBy(this::compile)
        .isInstanceOf(AppProblem.class)
        .hasMessage("The app does not compile: " + source)
        .satisfies(
            problem -> assertThat(((AppProblem) problem).detail()).contains("App.java:1: error:"));
    assertThat(servers()).isEqualTo(first);
  }

  @Test
  void oneThatWasKilledIsReplaced() throws Exception {
    Files.writeString(source, SOURCE);
    compile();
    ProcessHandle first = servers().getFirst();
    first.destroyForcibly();
    first.onExit().get(10, TimeUnit.SECONDS);
    assertThat(compile().resolve("app/App.class")).exists();
    assertThat(servers()).hasSize(1).doesNotContain(first);
  }

  @Test
  void oneThatIsKilledWhileItCompilesIsReplacedAndAskedAgain() throws Exception {
    ProcessHandle held = hold();
    CompletableFuture<Path> outcome = CompletableFuture.supplyAsync(this::compileUnchecked);
    awaitAsked();
    held.destroyForcibly();
    assertThat(outcome.get(30, TimeUnit.SECONDS).resolve("app/App.class")).exists();
    assertThat(servers()).hasSize(1).doesNotContain(held);
  }

  @Test
  void closingEndsACompilationAndStartsNoOther() throws Exception {
    ProcessHandle held = hold();
    CompletableFuture<Path> outcome = CompletableFuture.supplyAsync(this::compileUnchecked);
    awaitAsked();
    compiler.close();
    assertThatThrownBy(() -> outcome.get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(IOException.class);
    held.onExit().get(10, TimeUnit.SECONDS);
    assertThatThrownBy(this::compile).isInstanceOf(IOException.class);
    await(() -> servers().isEmpty());
  }

  /** A compiler that has begun to serve, and does not answer. */
  private ProcessHandle hold() throws Exception {
    Files.writeString(source, SOURCE);
    compile();
    ProcessHandle server = servers().getFirst();
    new PosixOs().signal(server.pid(), SIGSTOP);
    return server;
  }

  private static void awaitAsked() {
    await(
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("arbiter-compiler")));
  }

  private Path compile() throws AppProblem, IOException {
    Path output = folder.resolve("generation-" + ++outputs);
    return compiler.of(JDK, List.of(), output).compile(source, folder.resolve("src"), List.of());
  }

  private Path compileUnchecked() {
    try {
      return compile();
    } catch (AppProblem | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static List<ProcessHandle> servers() {
    return ProcessHandle.current()
        .children()
        .filter(ProcessHandle::isAlive)
        .filter(
            child ->
                child
                    .info()
                    .commandLine()
                    .filter(line -> line.endsWith(CompilerServer.class.getName()))
                    .isPresent())
        .toList();
  }
}
