package dev.arbiter;

import dev.arbiter.process.PosixOs;
import dev.arbiter.process.WorkerKind.KindException;
import dev.arbiter.release.AppProblem;
import dev.arbiter.release.ReleaseResolver;
import dev.arbiter.release.Scratch;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.upgrade.Candidate;
import dev.arbiter.upgrade.Handover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The dry run of an upgrade, in a process of its own: does what a new arbiter does before it has
 * taken over, and nothing that can be seen from outside.
 */
final class UpgradeCheck {
  private UpgradeCheck() {}

  /** Returns the exit code. */
  static int run(Config config) {
    Path home = Path.of(System.getProperty("arbiter.home", ".")).toAbsolutePath();
    Scratch scratch =
        new Scratch(Path.of(System.getProperty("java.io.tmpdir")), ProcessHandle.current().pid());
    try {
      Handover.rehearse();
      new PosixOs(); // loads a library
      if (config.has("error-logfile") && !config.text("error-logfile").equals("-")) {
        checkLog(config.path("error-logfile"));
      }
      ReleaseResolver resolver = new ReleaseResolver(home, scratch);
      resolver.hooks(config, 0);
      resolver.resolve(config, 1);
      System.out.println(Candidate.here(Arbiter.VERSION, home.toString()).print());
      return 0;
    } catch (SettingsException e) {
      return refuse(SettingsException.EXIT_CODE, "settings: " + e.message(), "", e.hint());
    } catch (KindException e) {
      return refuse(AppProblem.USAGE, "worker kind: " + e.getMessage(), "", e.hint());
    } catch (AppProblem e) {
      String step = e.exitCode() == AppProblem.USAGE ? "settings: " : "app: ";
      return refuse(e.exitCode(), step + e.getMessage(), e.detail(), e.hint());
    } catch (IOException e) {
      return refuse(1, "state: " + e.getMessage(), "", "only a restart leads to this arbiter");
    } catch (RuntimeException e) {
      return refuse(1, "internal error: " + e, "", "this is a bug; please report it");
    } finally {
      try {
        scratch.clear();
      } catch (IOException e) {
        System.err.println("arbiter: temporary files are left: " + e);
      }
    }
  }

  private static void checkLog(Path file) throws SettingsException {
    Path folder = file.toAbsolutePath().getParent();
    boolean fine =
        Files.exists(file) ? Files.isWritable(file) : folder != null && Files.isWritable(folder);
    if (!fine) {
      throw new SettingsException(
          "The log cannot be written: " + file, "give another file with --error-logfile");
    }
  }

  private static int refuse(int code, String what, String detail, String hint) {
    System.err.println(
        "arbiter: "
            + what
            + (detail.isEmpty() ? "" : "\n" + detail)
            + (hint.isEmpty() ? "" : "\nhint: " + hint));
    return code;
  }
}
