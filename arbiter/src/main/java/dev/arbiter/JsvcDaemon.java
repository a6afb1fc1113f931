package dev.arbiter;

import dev.arbiter.cli.ArbiterCommand;
import dev.arbiter.cli.Invocation;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.upgrade.Launch;
import dev.arbiter.worker.Abi;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import org.apache.commons.daemon.Daemon;
import org.apache.commons.daemon.DaemonContext;
import org.apache.commons.daemon.DaemonInitException;
import org.apache.commons.daemon.DaemonUserSignal;
import org.jspecify.annotations.Nullable;

/**
 * The arbiter as jsvc (Apache Commons Daemon) runs it: {@code jsvc ... dev.arbiter.JsvcDaemon}, and
 * the command line of {@code bin/arbiter} behind. {@code init} binds, with the capability for low
 * ports that jsvc has left its user; {@code start} returns when the fleet is ready; {@code stop}
 * drains it. jsvc's signals are its own: HUP makes its controller start the whole process anew,
 * which loses connections; USR2 is the user's signal, and reloads.
 *
 * <p>Made by jsvc; all methods on its thread. The arbiter has a thread of its own, which {@code
 * init} starts and which waits for {@code start} in between.
 */
public final class JsvcDaemon implements Daemon, DaemonUserSignal {
  private static final int INTERNAL_ERROR = 1;

  private final CountDownLatch bound = new CountDownLatch(1);
  private final CountDownLatch maySpawn = new CountDownLatch(1);
  private final CountDownLatch ready = new CountDownLatch(1);
  private volatile boolean stopping;
  private volatile OptionalInt exitCode = OptionalInt.empty();
  private @Nullable Arbiter arbiter;
  private @Nullable Thread running;

  /** For jsvc. */
  public JsvcDaemon() {}

  /**
   * Reads the settings and binds.
   *
   * @throws DaemonInitException the settings are wrong, or an address cannot be bound
   */
  @Override
  public void init(DaemonContext context) throws DaemonInitException, InterruptedException {
    Optional<String> strange = Abi.refusal();
    if (strange.isPresent()) {
      throw new DaemonInitException(strange.get() + "\nhint: " + Abi.HINT);
    }
    String[] args = context.getArguments();
    Path directory = Path.of("").toAbsolutePath();
    Invocation invocation = ArbiterCommand.read(args, System.getenv(), directory);
    if (!(invocation instanceof Invocation.Run run)) {
      throw new DaemonInitException(
          invocation instanceof Invocation.Failure failure
              ? failure.message() + (failure.hint().isEmpty() ? "" : "\nhint: " + failure.hint())
              : "jsvc runs an arbiter; what only prints is for bin/arbiter");
    }
    if (run.config().flag("daemon")) {
      throw new DaemonInitException("--daemon: under jsvc it is jsvc that runs in the background");
    }
    Launch launch = Launch.of("", List.of(args), System.getenv(), directory);
    try {
      arbiter = new Arbiter(run.config(), launch, Optional.empty(), false, new Jsvc());
    } catch (SettingsException e) {
      throw new DaemonInitException(e.message() + "\nhint: " + e.hint(), e);
    }
    Arbiter made = arbiter;
    running = Thread.ofPlatform().name("arbiter").start(() -> run(made));
    bound.await();
    if (exitCode.isPresent()) {
      throw new DaemonInitException(failure());
    }
  }

  /**
   * Serves.
   *
   * @throws IllegalStateException no worker became ready; the log has the reason
   */
  @Override
  public void start() throws InterruptedException {
    maySpawn.countDown();
    ready.await();
    if (exitCode.isPresent()) {
      throw new IllegalStateException(failure());
    }
  }

  /** Drains the workers, and returns when they have left. */
  @Override
  public void stop() throws InterruptedException {
    stopping = true;
    Arbiter made = arbiter;
    Thread thread = running;
    if (made != null && thread != null) {
      made.ask(Request.STOP);
      thread.join();
    }
  }

  /** There is nothing left to do. */
  @Override
  public void destroy() {}

  /** USR2: reloads, as HUP does elsewhere. */
  @Override
  public void signal() {
    Arbiter made = arbiter;
    if (made != null) {
      made.ask(Request.RELOAD);
    }
  }

  private String failure() {
    return "the arbiter has ended with exit code %d; its log has the reason"
        .formatted(exitCode.orElse(1));
  }

  private void run(Arbiter made) {
    int code = INTERNAL_ERROR; // of an Error, which the thread's own handler prints
    try {
      code = made.run();
    } finally {
      boolean hasServed = ready.getCount() == 0;
      exitCode = OptionalInt.of(code);
      bound.countDown();
      ready.countDown();
      if (hasServed && !stopping) {
        Main.end(code); // jsvc would go on without it
      }
    }
  }

  private final class Jsvc implements Host {
    @Override
    public boolean ownsSignals() {
      return true;
    }

    @Override
    public void bound() throws InterruptedException {
      bound.countDown();
      maySpawn.await();
    }

    @Override
    public void ready() {
      ready.countDown();
    }
  }
}
