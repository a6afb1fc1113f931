package dev.arbiter.release;

import dev.arbiter.host.ServiceManager;
import dev.arbiter.process.Budget;
import dev.arbiter.process.Privileges;
import dev.arbiter.process.WorkerCommand;
import dev.arbiter.process.WorkerKind;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.Machine;
import dev.arbiter.settings.TimeRules;
import dev.arbiter.socket.Inherited;
import dev.arbiter.socket.Listener;
import dev.arbiter.supervise.FleetPolicy;
import dev.arbiter.wire.Message.Configure;
import dev.arbiter.wire.Message.ListenerInfo;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What all workers of one generation run: settings, worker kind, app and listeners, resolved once,
 * so that none of them sees half of a change.
 */
public record Release(
    long generation,
    Config config,
    WorkerKind kind,
    ResolvedApp app,
    Path directory,
    Path jdk,
    Machine machine,
    int workers,
    Budget budget,
    ResolvedApp hooks,
    Privileges privileges,
    List<Listener> listeners) {

  /** The first listener's descriptor in a worker; below it are the pipes. */
  public static final int FIRST_LISTENER = 6;

  /** What the arbiter alone needs; class paths can be long, and a message to a worker may not. */
  private static final Set<String> NOT_FOR_WORKERS =
      Set.of("classpath", "java-opts", "worker-path", "hooks", "hooks-classpath");

  /** How long a thread dump may take before the next way is tried. */
  private static final Duration DUMP_LIMIT = Duration.ofSeconds(2);

  /** How long idle connections may be used once the arbiter stops: its operator waits. */
  private static final Duration STOP_LINGER = Duration.ofMillis(500);

  /** The same with one worker, however many are set: to try the app. */
  public Release alone() {
    return with(generation, new Machine(1, machine.memory()), 1, listeners);
  }

  /** The same, under another number: to start what the next generation will need. */
  public Release as(long number) {
    return with(number, machine, workers, listeners);
  }

  /** The same, to be served at these addresses. */
  public Release at(List<Listener> addresses) {
    return with(generation, machine, workers, List.copyOf(addresses));
  }

  private Release with(long number, Machine other, int count, List<Listener> addresses) {
    return new Release(
        number,
        config,
        kind,
        app,
        directory,
        jdk,
        other,
        count,
        budget,
        hooks,
        privileges,
        addresses);
  }

  /** What the settings ask of the worker kind in vain: a line each. */
  public List<String> notices() {
    return KindRules.notices(config, kind);
  }

  /** Whether workers are replaced as soon as a file changes ({@code --reload}). */
  public boolean develops() {
    return config.flag("reload");
  }

  /** What the decisions depend on. */
  public FleetPolicy policy() {
    return new FleetPolicy(
        workers,
        Math.max(1, machine.cores()),
        config.duration("boot-timeout"),
        config.duration("timeout"),
        config.duration("heartbeat-interval"),
        config.duration("graceful-timeout"),
        linger(),
        STOP_LINGER,
        DUMP_LIMIT,
        config.duration("drain-delay"),
        config.size("max-rss-hard"),
        change(),
        size(),
        new FleetPolicy.Room(budget.most(), budget.room(), budget.isLimited()));
  }

  private FleetPolicy.Change change() {
    if (develops()) {
      // The quick path: the newest version, or what is wrong with it, is what is wanted.
      return new FleetPolicy.Change(1, 0, Duration.ZERO, 1, "", Duration.ZERO);
    }
    // In canonical form: workers, a slash, milliseconds.
    String[] canary = config.has("canary") ? config.text("canary").split("/") : new String[0];
    return new FleetPolicy.Change(
        (int) config.number("max-surge"),
        (int) config.number("max-unavailable"),
        canary.length == 2
            ? Duration.ofMillis(Long.parseLong(canary[1]))
            : config.duration("probation"),
        canary.length == 2 ? Integer.parseInt(canary[0]) : 1,
        config.has("health-path") ? config.text("health-path") : "",
        config.duration("timeout-worker-healthcheck"));
  }

  private FleetPolicy.Size size() {
    int spares = (int) config.number("spares");
    if (develops()) {
      return new FleetPolicy.Size(0, 0, 0);
    }
    if (!config.has("max-workers") && !config.has("min-workers")) {
      return new FleetPolicy.Size(spares, 0, 0);
    }
    int fewest = config.has("min-workers") ? (int) config.number("min-workers") : workers;
    int most = config.has("max-workers") ? (int) config.number("max-workers") : workers;
    return new FleetPolicy.Size(spares, Math.max(1, fewest), most);
  }

  private Duration linger() {
    return develops()
        ? Duration.ZERO // what serves is out of date
        : TimeRules.linger(config.duration("keep-alive"), config.duration("graceful-timeout"));
  }

  /** The command line of the worker in slot {@code nr}. */
  public List<String> command(Path temporary, int nr) {
    return WorkerCommand.of(jdk, kind, budget, temporary, javaOptions(nr));
  }

  private List<String> javaOptions(int nr) {
    return config.list("java-opts").stream()
        .map(
            option ->
                option
                    .replace("%{nr}", Integer.toString(nr))
                    .replace("%{gen}", Long.toString(generation))
                    .replace("%{pid}", "%p")) // HotSpot's own word for it, in the names of files
        .toList();
  }

  /**
   * The environment of a worker.
   *
   * @param slots how many there are now
   */
  public Map<String, String> environment(int nr, int slots) {
    Map<String, String> mine = new LinkedHashMap<>(System.getenv());
    mine.keySet().removeAll(Inherited.VARIABLES);
    mine.keySet().removeAll(ServiceManager.VARIABLES);
    mine.keySet().removeIf(Config::isForArbiters);
    privileges.adapt(mine);
    return WorkerCommand.environment(config.environment(mine), nr, slots, generation);
  }

  /**
   * What a worker is told first.
   *
   * @param slots how many there are now
   */
  public Configure configure(int nr, int slots) {
    Map<String, String> settings = new LinkedHashMap<>(config.forWorker());
    settings.keySet().removeAll(NOT_FOR_WORKERS);
    // Behind the app's own: it decides which version of a class both have.
    settings.put(
        "app-classpath",
        Stream.concat(app.classPath().stream(), hooks.classPath().stream())
            .distinct()
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator)));
    if (develops()) {
      settings.put("problem", app.problem());
      settings.put(
          "app-sources",
          ReleaseResolver.sources(config).stream()
              .map(Path::toString)
              .collect(Collectors.joining(File.pathSeparator)));
    }
    settings.put(
        "tls-listeners",
        IntStream.range(FIRST_LISTENER, FIRST_LISTENER + secureDescriptors())
            .mapToObj(Integer::toString)
            .collect(Collectors.joining(" ")));
    settings.put("hooks-class", hooks.className());
    settings.put("app-class", app.className());
    settings.put("app-factory", app.factory());
    return new Configure(nr, slots, generation, listenerInfos(), Map.copyOf(settings));
  }

  /** Whether nothing it listens at was given up meanwhile: a number may be another file by then. */
  public boolean isListening() {
    return listeners.stream().allMatch(Listener::isOpen);
  }

  /** The arbiter's descriptors that a worker inherits, from {@link #FIRST_LISTENER} on. */
  public List<Integer> descriptors() {
    return listeners.stream().flatMap(listener -> listener.fds().stream()).toList();
  }

  /** Where it listens, as in the log. */
  public List<String> listenerNames() {
    int secure = secureListeners();
    return IntStream.range(0, listeners.size())
        .mapToObj(i -> listeners.get(i).name(i < secure))
        .toList();
  }

  /** How many of the listeners speak TLS: the first, for those that do not come last. */
  private int secureListeners() {
    return config.has("certfile")
        ? Math.max(0, listeners.size() - config.insecureBinds().size())
        : 0;
  }

  private int secureDescriptors() {
    return listeners.stream().limit(secureListeners()).mapToInt(l -> l.fds().size()).sum();
  }

  private List<ListenerInfo> listenerInfos() {
    List<ListenerInfo> infos = new ArrayList<>();
    for (Listener listener : listeners) {
      for (int _ : listener.fds()) {
        infos.add(
            new ListenerInfo(FIRST_LISTENER + infos.size(), listener.name(), listener.unix()));
      }
    }
    return List.copyOf(infos);
  }
}
