package dev.arbiter.embedded;

import dev.arbiter.app.App;
import java.io.File;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Starts a whole arbiter from a program, as {@code bin/arbiter} does from a shell:
 *
 * <pre>{@code
 * int code = Arbiter.run("app:App", Config.create().set("workers", "4"));
 * }</pre>
 *
 * <p>It is a process of its own, with this one's standard streams, folder and environment: an
 * arbiter takes over the signals of its JVM and starts JVMs itself, which is nothing to do inside
 * somebody's program. When this JVM is told to end (TERM, Ctrl-C), it tells the arbiter, and waits
 * until that has drained its workers. One that is killed cannot: the arbiter goes on.
 *
 * <p>For a single worker inside this JVM there is {@link Server}.
 */
public final class Arbiter {
  private Arbiter() {}

  /**
   * Serves an app, and returns when the arbiter has stopped.
   *
   * @param app {@code MODULE:CLASS[::FACTORY]}, as on the command line
   * @param config what differs from the defaults
   * @return the arbiter's exit code: 0 if it was stopped as asked; docs/signals.md has the others
   * @throws IOException Arbiter is not installed where {@link Config#home} says
   * @throws InterruptedException the caller was interrupted; the arbiter has been stopped
   */
  public static int run(String app, Config config) throws IOException, InterruptedException {
    Process process = config.process(app).start();
    Thread hook = Thread.ofPlatform().name("arbiter-stop").unstarted(() -> stop(process));
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return process.waitFor();
    } catch (InterruptedException told) {
      stop(process);
      throw told;
    } finally {
      forget(hook);
    }
  }

  /**
   * The same with a class of this program, and this program's class path for the workers.
   *
   * @param app with a public constructor without parameters, in a package
   * @param config what differs from the defaults
   * @return the arbiter's exit code, as {@link #run(String, Config)}
   * @throws IOException Arbiter is not installed where {@link Config#home} says
   * @throws InterruptedException the caller was interrupted; the arbiter has been stopped
   */
  public static int run(Class<? extends App> app, Config config)
      throws IOException, InterruptedException {
    String[] classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.isEmpty())
            .map(entry -> new File(entry).getAbsolutePath())
            .toArray(String[]::new);
    String name = app.getName().substring(app.getPackageName().length() + 1);
    return run(
        app.getPackageName() + ":" + name,
        config.set("classpath", Arrays.stream(classPath).collect(Collectors.joining(":"))));
  }

  private static void stop(Process process) {
    process.destroy(); // TERM
    try {
      process.waitFor();
    } catch (InterruptedException again) {
      Thread.currentThread().interrupt();
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // The JVM is ending, and the hook has run or runs.
    }
  }
}
