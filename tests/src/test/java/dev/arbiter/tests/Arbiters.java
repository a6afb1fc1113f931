package dev.arbiter.tests;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * Makes arbiters for a test, and afterwards stops them and looks for what they left behind. Fails
 * the test for a process, a socket file or a temporary file that remains, for an exit code other
 * than 0 after TERM, and for a line of level ERROR that the test did not expect. Prints everything
 * the arbiters wrote if the test failed.
 *
 * <p>Used as {@code @RegisterExtension final Arbiters arbiters = new Arbiters();}
 */
final class Arbiters implements BeforeEachCallback, AfterEachCallback {
  private static final String MARK = "TEST_MARK_OF_ARBITER";

  private final List<ArbiterProcess> started = new ArrayList<>();
  private final Set<ArbiterProcess> released = new HashSet<>();
  private final List<Pattern> expectedErrors = new ArrayList<>();
  private final Set<Path> ownSockets = new HashSet<>();
  private String mark = "";
  private @Nullable Path scratch;

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    mark = UUID.randomUUID().toString();
    // Not below the build folder: the path of a Unix socket must be short.
    Path folder = Files.createTempDirectory("arbiter-test");
    Files.createDirectory(folder.resolve("tmp"));
    Files.createDirectory(folder.resolve("work"));
    Files.createDirectory(folder.resolve("run"));
    scratch = folder;
  }

  /** A new command line. */
  Command command() {
    return new Command(this, folder());
  }

  /** A folder of the test's own, removed at its end. */
  Path folder() {
    return scratch().resolve("work");
  }

  /** The arbiters' {@code TMPDIR}, in which nothing may remain. */
  Path tmp() {
    return scratch().resolve("tmp");
  }

  /** The arbiters' {@code XDG_RUNTIME_DIR}, where their control sockets are. */
  Path run() {
    return scratch().resolve("run");
  }

  /** Where the arbiters keep their incidents, unless the test says otherwise. */
  Path incidents() {
    return scratch().resolve("incidents");
  }

  /** A line of level ERROR that matches is part of this test. */
  void expectError(String regex) {
    expectedErrors.add(Pattern.compile(regex));
  }

  /** A socket file the test made itself. */
  void ownSocket(Path path) {
    ownSockets.add(path);
  }

  /** The test has seen how this one ended, or ended it by force. */
  void released(ArbiterProcess arbiter) {
    released.add(arbiter);
  }

  void mark(Map<String, String> environment) {
    environment.put(MARK, mark);
    environment.put("TMPDIR", tmp().toString());
    environment.put("XDG_RUNTIME_DIR", run().toString());
    environment.put("ARBITER_INCIDENT_DIR", incidents().toString());
  }

  ArbiterProcess adopt(ArbiterProcess arbiter) {
    started.add(arbiter);
    return arbiter;
  }

  /** Every process that was started by an arbiter of this test, or is one. */
  List<Long> processes() {
    return Proc.all().stream()
        .filter(pid -> Proc.hasEnvironment(pid, MARK + "=" + mark) && Proc.alive(pid))
        .toList();
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    List<String> problems = new ArrayList<>();
    try {
      for (ArbiterProcess arbiter : started) {
        end(arbiter, problems);
      }
      findProcesses(problems);
      findFiles(problems);
      findErrors(problems);
    } finally {
      boolean failed =
          context
              .getExecutionException()
              .filter(e -> !(e instanceof TestAbortedException))
              .isPresent();
      if (failed || !problems.isEmpty()) {
        print(context.getRequiredTestMethod().getName() + " " + context.getDisplayName(), problems);
      }
      delete(scratch());
    }
    if (!problems.isEmpty()) {
      throw new AssertionError(String.join("\n", problems));
    }
  }

  private void end(ArbiterProcess arbiter, List<String> problems) throws InterruptedException {
    arbiter.readAgain();
    if (!arbiter.alive()) {
      return;
    }
    Os.kill(arbiter.pid(), Os.Signal.CONT);
    Os.kill(arbiter.pid(), Os.Signal.TERM);
    try {
      int exitCode = arbiter.exitCode(Duration.ofSeconds(30));
      if (exitCode != 0 && !released.contains(arbiter)) {
        problems.add("Exit code " + exitCode + " after TERM: " + arbiter.command());
      }
    } catch (AssertionError stuck) {
      problems.add("Does not stop after TERM: " + stuck.getMessage());
      Os.kill(arbiter.pid(), Os.Signal.KILL);
    }
  }

  private void findProcesses(List<String> problems) throws InterruptedException {
    try {
      Await.until("no process is left", Duration.ofSeconds(5), () -> processes().isEmpty());
    } catch (AssertionError left) {
      for (long pid : processes()) {
        problems.add("A process is left: " + pid + " " + Proc.commandLine(pid));
        Os.kill(pid, Os.Signal.KILL);
      }
      Await.until("killed", Duration.ofSeconds(5), () -> processes().isEmpty());
    }
  }

  private void findFiles(List<String> problems) throws IOException {
    try (var entries = Files.walk(tmp())) {
      entries
          .filter(path -> !path.equals(tmp()) && !ofKilled(path))
          .forEach(path -> problems.add("A temporary file is left: " + path));
    }
    try (var entries = Files.walk(folder())) {
      entries
          .filter(path -> isSpecial(path) && !ownSockets.contains(path))
          .forEach(path -> problems.add("A socket file is left: " + path));
    }
    try (var entries = Files.walk(run())) {
      entries
          .filter(path -> isSpecial(path) && started.stream().noneMatch(ArbiterProcess::killed))
          .forEach(path -> problems.add("A control socket is left: " + path));
    }
  }

  /** Who is killed with SIGKILL cannot clean up; the next start does. */
  private boolean ofKilled(Path path) {
    String top = tmp().relativize(path).getName(0).toString();
    return started.stream()
        .anyMatch(arbiter -> arbiter.killed() && top.startsWith("arbiter-" + arbiter.pid() + "-"));
  }

  private static boolean isSpecial(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).isOther();
    } catch (IOException goneMeanwhile) {
      return false;
    }
  }

  private void findErrors(List<String> problems) {
    for (ArbiterProcess arbiter : started) {
      for (Journal.Line line : arbiter.log().lines()) {
        if (Says.ERROR.matcher(line.text()).find()
            && expectedErrors.stream().noneMatch(p -> p.matcher(line.text()).find())) {
          problems.add("Not expected in the log: " + line.text());
        }
      }
    }
  }

  private void print(String test, List<String> problems) {
    StringBuilder all = new StringBuilder("\n===== " + test + "\n");
    problems.forEach(problem -> all.append("! ").append(problem).append('\n'));
    for (ArbiterProcess arbiter : started) {
      all.append("----- ")
          .append(arbiter.pid())
          .append(": ")
          .append(arbiter.command())
          .append('\n');
      List<Journal.Line> lines = arbiter.log().lines();
      int from = Math.max(0, lines.size() - 400);
      if (from > 0) {
        all.append("(").append(from).append(" lines not shown)\n");
      }
      lines.subList(from, lines.size()).forEach(line -> all.append(line).append('\n'));
    }
    System.out.println(all);
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure)
              throws IOException {
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private Path scratch() {
    if (scratch == null) {
      throw new IllegalStateException("Only within a test");
    }
    return scratch;
  }
}
