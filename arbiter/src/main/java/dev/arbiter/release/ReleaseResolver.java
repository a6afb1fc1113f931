package dev.arbiter.release;

import dev.arbiter.app.Hooks;
import dev.arbiter.develop.WatchPlan;
import dev.arbiter.process.Budget;
import dev.arbiter.process.Privileges;
import dev.arbiter.process.WorkerKind;
import dev.arbiter.process.WorkerKind.KindException;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.Machine;
import dev.arbiter.settings.SettingsException;
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
  private final SourceCompiler.Factory compilers;
  private volatile ResolvedApp hooks = ResolvedApp.NONE;

  /**
   * @param home the installation
   */
  public ReleaseResolver(Path home, Scratch scratch) {
    this(home, scratch, Compiler::new);
  }

  /**
   * @param home the installation
   * @param compilers who compiles apps
   */
  public ReleaseResolver(Path home, Scratch scratch, SourceCompiler.Factory compilers) {
    this.home = home;
    this.scratch = scratch;
    this.compilers = compilers;
  }

  /**
   * Finds the worker kind and the app. The release listens nowhere yet.
   *
   * @throws KindException there is no such worker kind
   * @throws AppProblem there is no such app, or it does not compile
   */
  public Release resolve(Config config, long generation) throws KindException, AppProblem {
    return resolve(config, generation, this::app);
  }

  /**
   * In development: a release that serves what is wrong in place of the app.
   *
   * @param problem one line, then what a tool printed
   * @throws KindException there is no such worker kind
   * @throws AppProblem there is something else that keeps workers from being started
   */
  public Release resolve(Config config, long generation, String problem)
      throws KindException, AppProblem {
    return resolve(config, generation, (_, _, number) -> inPlace(problem, number));
  }

  /** Makes the app of a release. */
  private interface AppSource {
    ResolvedApp app(Config config, Path jdk, long generation) throws AppProblem;
  }

  private ResolvedApp inPlace(String problem, long generation) throws AppProblem {
    try {
      Path folder = Files.createDirectories(scratch.classes(generation));
      Path file = Files.writeString(folder.resolve("problem.txt"), problem);
      return new ResolvedApp(List.of(), "", "", true, file.toString());
    } catch (IOException e) {
      throw noRoom(e);
    }
  }

  private Release resolve(Config config, long generation, AppSource source)
      throws KindException, AppProblem {
    String name = config.text("worker-class");
    // A path is as relative as all others are: a spawn changes the current folder.
    String wanted = name.contains("/") ? config.directory().resolve(name).toString() : name;
    WorkerKind kind = WorkerKind.find(wanted, config.said("worker-class"), home, folders(config));
    KindRules.check(config, kind);
    Machine machine = Machine.here();
    Budget budget = budget(config, kind, machine);
    Privileges privileges = privileges(config);
    Path jdk = config.has("java") ? jdk(config) : Path.of(System.getProperty("java.home"));
    Release release =
        new Release(
            generation,
            config,
            kind,
            kind.needsApp() ? source.app(config, jdk, generation) : ResolvedApp.NONE,
            real(config.directory()),
            jdk,
            machine,
            workers(config),
            budget,
            hooks,
            privileges,
            List.of());
    share(generation, privileges);
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
      share(generation, privileges(config));
      Hooks loaded = HookLoader.load(found);
      hooks = found;
      return Optional.of(loaded);
    } catch (AppProblem e) {
      throw new AppProblem(
          AppProblem.USAGE, config.said("hooks") + ": " + e.getMessage(), e.detail(), e.hint());
    } catch (IOException e) {
      throw new AppProblem(AppProblem.USAGE, config.said("hooks") + ": " + e, "", "see TMPDIR");
    }
  }

  private static Privileges privileges(Config config) throws AppProblem {
    try {
      return Privileges.of(config);
    } catch (SettingsException e) {
      throw new AppProblem(AppProblem.USAGE, e.message(), "", e.hint());
    }
  }

  /** What was compiled is the arbiter's; workers of another user read it. */
  private void share(long generation, Privileges privileges) throws AppProblem {
    if (privileges.identity().isEmpty()) {
      return;
    }
    Privileges.Identity workers = privileges.identity().get();
    try {
      scratch.share(generation, workers.uid(), workers.gid());
    } catch (Scratch.UnsafeWayException e) {
      throw new AppProblem(
          AppProblem.USAGE,
          "What was compiled cannot be left to workers of user %s: %s"
              .formatted(
                  workers.name().isEmpty() ? Long.toString(workers.uid()) : workers.name(),
                  e.getMessage()),
          "",
          "TMPDIR names another folder for temporary files, such as /tmp; or compile the app"
              + " beforehand");
    } catch (IOException e) {
      throw new AppProblem(
          AppProblem.USAGE,
          "The compiled app cannot be shared with the workers' group: " + e,
          "",
          "TMPDIR names a folder that can be written to");
    }
  }

  /** In development one, so that there is one that may accept. */
  private static int workers(Config config) {
    return config.flag("reload") ? 1 : (int) config.number("workers");
  }

  /** Folders that sources of the app may be in, to show the lines that an error names. */
  static List<Path> sources(Config config) {
    Path directory = appDirectory(config);
    return List.of(directory, directory.resolve("src/main/java"));
  }

  /** Where the app and what it needs may be, as the settings name it; not all need be there. */
  static List<Path> places(Config config) {
    List<Path> places = new ArrayList<>();
    Path directory = appDirectory(config);
    places.add(directory);
    for (Path entry : classPath(config, "classpath")) {
      places.add(entry.endsWith("*") ? entry.resolveSibling(".").normalize() : entry);
    }
    String app = config.text("app").replaceFirst("::.*", "");
    Path module = directory.resolve(app.substring(0, Math.max(0, app.lastIndexOf(':'))));
    places.add(module);
    places.add(module.resolveSibling("lib"));
    return places;
  }

  /** What is to be watched in development. */
  public static WatchPlan watchPlan(Config config) {
    List<Path> folders = paths(config, "reload-dir");
    List<Path> classPath = new ArrayList<>(classPath(config, "classpath"));
    Path directory = appDirectory(config);
    classPath.addAll(AppResolver.built(directory));
    List<Path> extras = new ArrayList<>(paths(config, "reload-extra-file"));
    for (String file : List.of("config", "env-file")) {
      if (config.has(file)) {
        extras.add(config.path(file));
      }
    }
    return new WatchPlan(
        folders.isEmpty() ? List.of(directory) : folders,
        folders.isEmpty() ? classPath : List.of(),
        config.list("reload-include"),
        config.list("reload-exclude"),
        extras);
  }

  private static List<Path> paths(Config config, String setting) {
    return config.list(setting).stream()
        .map(text -> config.directory().resolve(text).normalize())
        .toList();
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
    boolean develops = config.flag("reload");
    int workers = (int) Math.max(workers(config), develops ? 0 : config.number("max-workers"));
    return Budget.divide(
        new Budget.Demand(
            machine,
            config.size("memory"),
            workers,
            develops
                ? 1
                : (int) config.number("spares"), // the one that waits for the next class path
            develops ? 1 : mostBeside(config),
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
      SourceCompiler compiler = compilers.of(jdk, api(), scratch.classes(generation));
      return new AppResolver(directory, classPath, compiler).resolve(reference(config));
    } catch (IOException e) {
      throw noRoom(e);
    }
  }

  private static AppProblem noRoom(IOException e) {
    return new AppProblem(
        AppProblem.USAGE,
        "There is no room for temporary files: " + e,
        "",
        "TMPDIR names a folder that can be written to");
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
          AppProblem.USAGE,
          config.said("java") + ": there is no JDK in " + given,
          "",
          "give its folder");
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
