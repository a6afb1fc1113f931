package dev.arbiter.release;

import dev.arbiter.app.Hooks;
import dev.arbiter.process.Budget;
import dev.arbiter.process.WorkerKind;
import dev.arbiter.process.WorkerKind.KindException;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.Machine;
import dev.arbiter.wire.Wire;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes a {@link Release} from settings. Off the loop: it reads files and may compile. */
public final class ReleaseResolver {
  private final Path home;
  private final Scratch scratch;
  private volatile ResolvedApp hooks = ResolvedApp.NONE;

  /**
   * @param home the installation
   */
  public ReleaseResolver(Path home, Scratch scratch) {
    this.home = home;
    this.scratch = scratch;
  }

  /**
   * Finds the worker kind and the app. The release listens nowhere yet.
   *
   * @throws KindException there is no such worker kind
   * @throws AppProblem there is no such app, or it does not compile
   */
  public Release resolve(Config config, long generation) throws KindException, AppProblem {
    String name = config.text("worker-class");
    // A path is as relative as all others are: a spawn changes the current folder.
    String wanted = name.contains("/") ? config.directory().resolve(name).toString() : name;
    WorkerKind kind = WorkerKind.find(wanted, home, folders(config));
    Machine machine = Machine.here();
    Budget budget = budget(config, kind, machine);
    Path jdk = config.has("java") ? jdk(config) : Path.of(System.getProperty("java.home"));
    Release release =
        new Release(
            generation,
            config,
            kind,
            kind.needsApp() ? app(config, jdk, generation) : ResolvedApp.NONE,
            real(config.directory()),
            jdk,
            machine,
            (int) config.number("workers"),
            budget,
            hooks,
            List.of());
    try {
      Wire.encode(release.configure(0, release.workers()));
    } catch (IllegalArgumentException tooLong) {
      throw new AppProblem(
          AppProblem.USAGE,
          String.valueOf(tooLong.getMessage()),
          "",
          "a class path of many jars is shorter as one folder: --classpath 'lib/*', or one jar");
    }
    return release;
  }

  /**
   * Finds and loads the hooks, for the arbiter and for all releases to come. Before the first.
   *
   * @param generation one that is never retired: the arbiter loads classes from there until its end
   * @throws AppProblem with exit code 2: they are not there, or are no hooks
   */
  public Optional<Hooks> hooks(Config config, long generation) throws AppProblem {
    if (!config.has("hooks")) {
      return Optional.empty();
    }
    String text = config.text("hooks");
    try {
      Path jdk = config.has("java") ? jdk(config) : Path.of(System.getProperty("java.home"));
      Compiler compiler = new Compiler(jdk, api(), scratch.classes(generation));
      String from = config.has("hooks-classpath") ? "hooks-classpath" : "classpath";
      ResolvedApp found =
          new AppResolver(appDirectory(config), classPath(config, from), compiler).resolve(text);
      Hooks loaded = HookLoader.load(found);
      hooks = found;
      return Optional.of(loaded);
    } catch (AppProblem e) {
      throw new AppProblem(
          AppProblem.USAGE, "--hooks " + text + ": " + e.getMessage(), e.detail(), e.hint());
    } catch (IOException e) {
      throw new AppProblem(AppProblem.USAGE, "--hooks " + text + ": " + e, "", "see TMPDIR");
    }
  }

  private static Path appDirectory(Config config) {
    return config.has("app-dir") ? config.path("app-dir") : config.directory();
  }

  private static List<Path> classPath(Config config, String setting) {
    List<Path> classPath = new ArrayList<>();
    for (String list : config.list(setting)) {
      for (String part : list.split(java.io.File.pathSeparator, -1)) {
        if (!part.isEmpty()) {
          classPath.add(config.directory().resolve(part).normalize());
        }
      }
    }
    return classPath;
  }

  /** Before the app is compiled: what does not fit is not worth it. */
  private static Budget budget(Config config, WorkerKind kind, Machine machine) throws AppProblem {
    Budget budget = divide(config, kind, machine);
    Optional<String> refusal = budget.refusal();
    if (refusal.isPresent()) {
      throw new AppProblem(AppProblem.USAGE, refusal.get(), "", budget.hint());
    }
    return budget;
  }

  /** How the settings of a generation divide the machine, whether that fits or not. */
  public static Budget divide(Config config, WorkerKind kind, Machine machine) {
    List<String> options = new ArrayList<>(kind.jvmFlags());
    options.addAll(config.list("java-opts"));
    int workers = (int) Math.max(config.number("workers"), config.number("max-workers"));
    return Budget.divide(
        new Budget.Demand(
            machine,
            config.size("memory"),
            workers,
            (int) config.number("spares"),
            mostBeside(config),
            (int) config.number("threads"),
            config.size("worker-heap"),
            withCollector(options, config.environment(System.getenv()))));
  }

  /** How many workers may stand beside those of the old generation: those that are tried, too. */
  private static int mostBeside(Config config) {
    int surge = (int) config.number("max-surge");
    String canary = config.has("canary") ? config.text("canary") : "1/";
    int tried = Integer.parseInt(canary.substring(0, canary.indexOf('/')));
    return surge == 0 ? 0 : Math.max(surge, Math.min(tried, (int) config.number("workers")));
  }

  /**
   * Options in a variable of the JVM's own are weaker than the worker's command line; only two
   * collectors are an error.
   */
  private static List<String> withCollector(List<String> options, Map<String, String> environment) {
    List<String> all = new ArrayList<>();
    for (String variable : List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")) {
      for (String option : environment.getOrDefault(variable, "").split("\\s+")) {
        if (option.matches("-XX:\\+Use\\w+GC")) {
          all.add(option);
        }
      }
    }
    all.addAll(options);
    return all;
  }

  private static Path real(Path directory) throws AppProblem {
    try {
      return directory.toRealPath();
    } catch (IOException e) {
      throw new AppProblem(
          AppProblem.USAGE, "The directory " + directory + " is not there", "", "see --chdir");
    }
  }

  private ResolvedApp app(Config config, Path jdk, long generation) throws AppProblem {
    if (!config.has("app")) {
      throw new AppProblem(
          AppProblem.USAGE,
          "No app was given",
          "",
          "say which, as MODULE:CLASS: arbiter -w 4 app:App");
    }
    List<Path> classPath = classPath(config, "classpath");
    Path directory = appDirectory(config);
    try {
      Compiler compiler = new Compiler(jdk, api(), scratch.classes(generation));
      return new AppResolver(directory, classPath, compiler).resolve(reference(config));
    } catch (IOException e) {
      throw new AppProblem(
          AppProblem.USAGE,
          "There is no room for temporary files: " + e,
          "",
          "TMPDIR names a folder that can be written to");
    }
  }

  /** {@code --factory} is short for a method of the usual name. */
  private static String reference(Config config) {
    String app = config.text("app");
    return config.flag("factory") && !app.contains("::") ? app + "::app" : app;
  }

  private static Path jdk(Config config) throws AppProblem {
    Path given = config.path("java");
    // Both /usr/lib/jvm/jdk and /usr/lib/jvm/jdk/bin/java are meant by people who give one.
    Path jdk = Files.isRegularFile(given) ? given.resolveSibling("..").normalize() : given;
    if (!Files.isExecutable(jdk.resolve("bin/java"))) {
      throw new AppProblem(
          AppProblem.USAGE, "There is no JDK in " + given + " (--java)", "", "give its folder");
    }
    return jdk;
  }

  private List<Path> api() throws AppProblem {
    Path folder = home.resolve("lib/worker-api");
    List<Path> jars = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.jar")) {
      found.forEach(jars::add);
    } catch (IOException e) {
      throw new AppProblem(
          AppProblem.USAGE, "The installation is not whole: " + folder, "", "install it again");
    }
    return jars;
  }

  private static List<Path> folders(Config config) {
    return config.list("worker-path").stream()
        .map(text -> config.directory().resolve(text).normalize())
        .toList();
  }
}
