package dev.arbiter.bench.change;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;

/**
 * An arbiter and its workers, from the start to the last process. Whatever belongs to it carries a
 * variable of its own in its environment, so that nothing is left behind and nobody else is hit.
 */
final class Fleet implements AutoCloseable {
  /** A start, a reload, a stop. Far more than it takes on a machine that does something else. */
  static final Duration LIMIT = Duration.ofSeconds(90);

  private static final Duration STOP = Duration.ofSeconds(45);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final String MARK = "BENCH_CHANGE_MARK";

  private final String mark = UUID.randomUUID().toString();
  private final Process process;
  private final Log log;

  /**
   * Starts it.
   *
   * @param folder its own, with the app and its settings file
   */
  Fleet(Path launcher, Path folder, List<String> arguments) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(launcher.toString());
    builder.command().addAll(List.of("-c", folder.resolve("arbiter.toml").toString()));
    builder.command().addAll(List.of("--no-control-socket", "--incident-dir"));
    builder.command().add(folder.resolve("incidents").toString());
    builder.command().addAll(arguments);
    builder.command().add("app:App");
    builder.directory(folder.toFile());
    builder.redirectInput(new File("/dev/null"));
    builder.redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("ARBITER_"));
    environment.keySet().removeAll(Set.of("WEB_CONCURRENCY", "PORT", "FORWARDED_ALLOW_IPS"));
    environment.put(MARK, mark);
    process = builder.start();
    log = Log.of(process.getInputStream());
  }

  Log log() {
    return log;
  }

  void signal(Kernel.Signal signal) throws ChangeFailed {
    if (!process.isAlive() || !Kernel.kill(process.pid(), signal)) {
      throw new ChangeFailed("the arbiter has gone");
    }
  }

  /** Its workers, those that boot and drain among them. */
  Set<Long> workers() {
    Set<Long> workers = new HashSet<>();
    for (Log.Line line : log.lines()) {
      Matcher match = Says.BOOTING.matcher(line.text());
      if (match.find()) {
        workers.add(Long.parseLong(match.group(1)));
      }
    }
    workers.removeIf(pid -> !Kernel.alive(pid));
    return workers;
  }

  /** Waits until it has so many workers, and nothing is changing. */
  Set<Long> settle(int count) throws InterruptedException, ChangeFailed {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      Set<Long> workers = workers();
      if (workers.size() == count && state().equals("STEADY")) {
        return workers;
      }
      if (!process.isAlive()) {
        throw new ChangeFailed("the arbiter ended with exit code " + process.exitValue());
      }
      if (System.nanoTime() - deadline > 0) {
        throw new ChangeFailed("not %d workers, but %s".formatted(count, workers));
      }
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    }
  }

  private String state() {
    String state = "";
    for (Log.Line line : log.lines()) {
      Matcher match = Says.FLEET.matcher(line.text());
      if (match.find()) {
        state = match.group(1);
      }
    }
    return state;
  }

  /** Stops it as an operator would. What is then still there is a fault, and is ended. */
  void stop() throws InterruptedException, IOException, ChangeFailed {
    signal(Kernel.Signal.TERM); // Process.destroy would close the log, too
    boolean ended = process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS);
    int exitCode = ended ? process.exitValue() : -1;
    int left = end();
    if (!ended || exitCode != 0 || left > 0) {
      throw new ChangeFailed(
          "the arbiter was stopped: %s, %d processes left"
              .formatted(ended ? "exit code " + exitCode : "it did not end", left));
    }
  }

  /** Ends whatever is left of it, which is none if it was stopped. */
  @Override
  public void close() {
    try {
      end();
    } catch (IOException e) {
      System.err.println("Some processes may be left: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int end() throws IOException, InterruptedException {
    if (process.isAlive()) {
      process.destroyForcibly().waitFor();
    }
    Set<Long> left = Set.of();
    for (int i = 0; i < 100; i++) { // workers see the end of their arbiter by themselves
      left = Kernel.marked(MARK + "=" + mark);
      if (left.isEmpty()) {
        return 0;
      }
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    }
    left.forEach(pid -> Kernel.kill(pid, Kernel.Signal.KILL));
    return left.size();
  }
}
