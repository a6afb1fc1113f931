package dev.arbiter;

import dev.arbiter.cli.ArbiterCommand;
import dev.arbiter.cli.Invocation;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.upgrade.Handover;
import dev.arbiter.upgrade.Launch;
import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code main}: reads the command line and does what it asks for. */
public final class Main {
  private Main() {}

  /** Ends the process with an exit code of docs/signals.md. */
  public static void main(String[] args) {
    Optional<String> strange = Abi.refusal();
    if (strange.isPresent()) {
      fail(strange.get(), Abi.HINT, SettingsException.EXIT_CODE);
    }
    Path directory = workingDirectory();
    Launch launch =
        Launch.of(
            System.getProperty("arbiter.launcher", ""), List.of(args), System.getenv(), directory);
    Optional<Handover> left = Optional.empty();
    try {
      left = Handover.take(System.getenv());
    } catch (IOException e) {
      Stranded.leave("arbiter: " + e.getMessage());
    }
    Invocation invocation = ArbiterCommand.read(args, System.getenv(), directory);
    if (left.isPresent() && !(invocation instanceof Invocation.Run)) {
      invocation = inForce(left.get(), args, directory, invocation);
    }
    switch (invocation) {
      case Invocation.Help help -> System.out.print(help.text());
      case Invocation.Init init -> init(init.folder());
      case Invocation.Version version -> System.out.println(version.text().strip());
      case Invocation.PrintConfig print -> System.out.print(print.config().print());
      case Invocation.Failure failure ->
          fail(failure.message(), failure.hint(), failure.exitCode());
      case Invocation.CheckConfig check -> run(check.config(), launch, left, true);
      case Invocation.CheckUpgrade check -> end(UpgradeCheck.run(check.config()));
      case Invocation.Run run -> {
        if (run.config().flag("daemon") && !Background.isBegun(System.getenv()) && left.isEmpty()) {
          background(launch);
        }
        run(run.config(), launch, left, false);
      }
    }
    System.out.flush();
  }

  private static void background(Launch launch) {
    try {
      end(Background.start(launch));
    } catch (IOException e) {
      fail("it cannot be started in the background: " + e.getMessage(), "", 1);
    }
  }

  /** The settings have been broken since the dry run: the reload that follows will say so. */
  private static Invocation inForce(
      Handover left, String[] args, Path directory, Invocation broken) {
    System.err.println(
        "arbiter: the settings have changed since the dry run: "
            + (broken instanceof Invocation.Failure failure ? failure.message() : broken));
    try {
      return new Invocation.Run(
          ArbiterCommand.inForce(
              left.heritage().good().config(), args, System.getenv(), directory));
    } catch (SettingsException e) {
      Stranded.leave("arbiter: " + e.message());
      return broken;
    }
  }

  private static void run(
      Config config, Launch launch, Optional<Handover> left, boolean checkOnly) {
    try {
      end(new Arbiter(config, launch, left, checkOnly).run());
    } catch (SettingsException e) {
      if (left.isPresent()) {
        Stranded.leave("arbiter: " + e.message());
      }
      fail(e.message(), e.hint(), SettingsException.EXIT_CODE);
    }
  }

  /**
   * Where the arbiter was started, as its shell calls it: a path with symlinks in it, such as a
   * release that is switched by one, is to be followed anew at each reload.
   */
  private static Path workingDirectory() {
    Path real = Path.of("").toAbsolutePath();
    String logical = System.getenv("PWD");
    try {
      return logical != null
              && Path.of(logical).isAbsolute()
              && Files.isSameFile(Path.of(logical), real)
          ? Path.of(logical)
          : real;
    } catch (IOException e) {
      return real; // what PWD names is not there any more
    }
  }

  private static void init(Path folder) {
    Path home = Path.of(System.getProperty("arbiter.home", ".")).toAbsolutePath();
    try {
      System.out.print(NewProject.write(folder, home));
    } catch (SettingsException e) {
      fail(e.message(), e.hint(), SettingsException.EXIT_CODE);
    }
  }

  private static void fail(String message, String hint, int exitCode) {
    System.err.println("arbiter: " + message);
    if (!hint.isEmpty()) {
      System.err.println("hint: " + hint);
    }
    end(exitCode);
  }

  static void end(int exitCode) {
    System.out.flush();
    Background.ends(exitCode);
    // halt: threads that wait for a terminal or a pipe nobody reads must not keep the process.
    Runtime.getRuntime().halt(exitCode);
  }
}
