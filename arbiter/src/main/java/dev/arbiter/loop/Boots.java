package dev.arbiter.loop;

import dev.arbiter.diagnose.BootReport;
import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.release.Release;
import dev.arbiter.supervise.ExitStatus;
import dev.arbiter.supervise.Snapshot;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Follows each boot to its end and reports it: at level debug when it went well, as a warning when
 * it was slow, as a block when it failed. Workers that fail in the same way are told once, until
 * one is ready. On the loop's thread.
 */
final class Boots {
  private static final int SIGKILL = 9;
  private static final int LAST_WORDS = 10;

  /** A boot that is under way. */
  private static final class Boot {
    private final String title;
    private final Release release;
    private final BootReport report;
    private boolean failed;

    Boot(String title, Release release, BootReport report) {
      this.title = title;
      this.release = release;
      this.report = report;
    }
  }

  private final ArbiterLog log;
  private final Map<Integer, Boot> underWay = new HashMap<>();
  private final Set<String> told = new HashSet<>();

  Boots(ArbiterLog log) {
    this.log = log;
  }

  /**
   * @param before when its process began to be made, of the monotonic clock
   */
  void spawned(int worker, String title, Release release, long before) {
    underWay.put(worker, new Boot(title, release, new BootReport(before, System.nanoTime())));
  }

  /** Goes on where another arbiter was, which alone knows the phases before. */
  void adopted(int worker, String title, Release release, Snapshot.Worker boot) {
    BootReport report = new BootReport(boot.spawnedAt(), boot.spawnedAt());
    if (!boot.phase().isEmpty()) {
      report.phase(boot.phase(), 0, System.nanoTime());
    }
    underWay.put(worker, new Boot(title, release, report));
  }

  void phase(int worker, String name, long nanos) {
    Boot boot = underWay.get(worker);
    if (boot != null) {
      boot.report.phase(name, nanos, System.nanoTime());
    }
  }

  void ready(int worker) {
    Boot boot = underWay.remove(worker);
    if (boot == null) {
      return;
    }
    told.clear();
    long now = System.nanoTime();
    if (boot.report.isSlow(boot.release.policy().bootTimeout().toNanos(), now)) {
      log.warning(boot.title + " was slow: it " + boot.report.line(now));
    } else {
      log.log("debug", boot.title + " " + boot.report.line(now));
    }
  }

  /** It says why it cannot start, or takes too long. */
  void failed(int worker, String cause) {
    Boot boot = underWay.get(worker);
    if (boot != null && !boot.failed) {
      boot.report.failed(cause, System.nanoTime());
      boot.failed = true;
    }
  }

  /**
   * Its process has ended, and all that it printed was heard.
   *
   * @param asked whether it had been told to leave, so that its end says nothing of its boot
   * @param output what it printed; not asked for if nothing is told
   */
  void ended(int worker, ExitStatus status, boolean asked, Supplier<List<String>> output) {
    Boot boot = underWay.remove(worker);
    if (boot == null || (asked && !boot.failed)) {
      return;
    }
    boolean killed =
        !asked
            && (status.equals(new ExitStatus.Killed(SIGKILL))
                || status.equals(new ExitStatus.Code(128 + SIGKILL))); // by way of a wrapper
    List<String> lines = output.get();
    String text =
        boot.report.block(
            status.text(), lines, boot.release.app().classPathText(), killed, System.nanoTime());
    String kind = boot.report.phase() + boot.report.cause() + status.text();
    // The decisions say what follows from it, at their own level.
    log.log(told.add(kind) ? "warning" : "debug", boot.title + ": " + text);
  }

  /**
   * The step, the reason and the last lines of a boot that has failed and may not have ended yet:
   * for whoever asked for it. Empty if there is no such boot.
   */
  String lastWords(int worker, List<String> output) {
    Boot boot = underWay.get(worker);
    if (boot == null) {
      return "";
    }
    List<String> last = BootReport.telling(output, LAST_WORDS);
    return "in the phase '%s': %s%s"
        .formatted(
            boot.report.phase(),
            boot.report.cause(),
            last.isEmpty() ? "" : "\n" + String.join("\n", last));
  }

  void forget(int worker) {
    underWay.remove(worker);
  }
}
