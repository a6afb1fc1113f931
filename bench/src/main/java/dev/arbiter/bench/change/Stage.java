package dev.arbiter.bench.change;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One run of one row: a folder, a fleet in it, and what can be done to both. One thread at a time.
 *
 * <p>The folder holds {@code arbiter.toml}, {@code app/App.java} and {@code current}, a link to the
 * installation through which the arbiter is started, as an operator who upgrades in place would
 * have it.
 */
final class Stage implements AutoCloseable {
  private static final String GOOD = "good";

  /** Long enough that both kinds of client have met every worker. */
  private static final Duration WARM_UP = Duration.ofSeconds(2);

  /** What comes of a change may come a little later. */
  private static final Duration AFTERMATH = Duration.ofMillis(500);

  private final Options options;
  private final Path folder;
  private final List<String> settings;
  private final String source;
  private final List<Integer> ports = new ArrayList<>();
  private final Fleet fleet;

  Stage(Options options, List<String> more) throws IOException {
    this.options = options;
    this.folder = Files.createTempDirectory("arbiter-change");
    this.settings = more;
    this.source = Files.readString(options.app());
    Files.createDirectory(folder.resolve("app"));
    Files.createSymbolicLink(
        folder.resolve("current"), options.launcher().resolve("../..").normalize());
    release(GOOD);
    bindOneMore();
    fleet = new Fleet(folder.resolve("current/bin/arbiter"), folder, List.of());
  }

  Fleet fleet() {
    return fleet;
  }

  Log log() {
    return fleet.log();
  }

  int workers() {
    return options.workers();
  }

  /** Writes another release of the app, which nobody has loaded yet. */
  void release(String name) throws IOException {
    Files.writeString(
        folder.resolve("app/App.java"),
        name.equals("uncompilable")
            ? source.replace("\"good\"", "good")
            : source.replace("\"good\"", "\"" + name + "\""));
  }

  /** Writes one more address into the settings file. */
  InetSocketAddress bindOneMore() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      ports.add(free.getLocalPort());
    }
    write(List.of());
    return address(ports.getLast());
  }

  /** Writes the settings file anew. */
  void write(List<String> more) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(
        "bind = ["
            + String.join(", ", ports.stream().map(p -> "\"127.0.0.1:" + p + "\"").toList())
            + "]");
    lines.add("workers = " + options.workers());
    lines.add("worker-class = \"" + options.kind() + "\"");
    if (options.kind().equals("sync")) {
      lines.add("threads = " + 2 * Load.CLIENTS);
    }
    lines.add("probation = \"2s\"");
    lines.addAll(settings);
    lines.addAll(more);
    Files.write(folder.resolve("arbiter.toml"), lines);
  }

  /** Lets {@code current} be an installation that cannot start. */
  void breakInstallation() throws IOException {
    Path broken = folder.resolve("broken");
    Files.createDirectories(broken.resolve("bin"));
    Files.createDirectories(broken.resolve("lib/arbiter"));
    Files.copy(options.launcher(), broken.resolve("bin/arbiter"));
    Path next = Files.createSymbolicLink(folder.resolve("next"), broken);
    Files.move(next, folder.resolve("current"), StandardCopyOption.ATOMIC_MOVE);
  }

  InetSocketAddress address() {
    return address(ports.getFirst());
  }

  private static InetSocketAddress address(int port) {
    return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
  }

  /** Waits until all serve. */
  Set<Long> awaitStart(int spares) throws InterruptedException, ChangeFailed {
    return fleet.settle(workers() + spares);
  }

  /** What is done to the fleet, and over when nothing is changing any more. */
  interface Change {
    void make() throws Exception;
  }

  /** Makes a change while clients ask; {@code releases} are those that may answer. */
  Row.Run underLoad(Set<String> releases, Change change) throws Exception {
    awaitStart(0);
    try (Load load = Load.start(address(), releases);
        Hiccup hiccup = Hiccup.start()) {
      warmUp();
      load.begin();
      hiccup.begin();
      long begin = System.nanoTime();
      try {
        change.make();
      } catch (ChangeFailed e) {
        load.stop();
        throw new ChangeFailed(e.getMessage() + "; requests that failed: " + load.failures());
      }
      double took = (System.nanoTime() - begin) / 1e9;
      Thread.sleep(AFTERMATH);
      load.stop();
      Load.Slow slowest = load.slowest();
      double stall = slowest.beyond(Load.SERVICE) / 1e6;
      return new Row.Run(
          load.answered(),
          load.failures(),
          List.of(stall, hiccup.longest() / 1e6, took),
          slowest.toString());
    }
  }

  static void warmUp() throws InterruptedException {
    Thread.sleep(WARM_UP);
  }

  /** HUP, and all workers are others. */
  void reload() throws Exception {
    Set<Long> old = fleet.workers();
    int mark = log().mark();
    fleet.signal(Kernel.Signal.HUP);
    log().await(mark, Says.RELOADED, Fleet.LIMIT);
    replaced(old);
  }

  /** HUP, and no worker is another. */
  void reloadInVain(String why) throws Exception {
    inVain(Kernel.Signal.HUP, Says.reloadFailed(why));
  }

  /** USR2, and both the arbiter and all workers are others. */
  void upgrade() throws Exception {
    Set<Long> old = fleet.workers();
    int mark = log().mark();
    fleet.signal(Kernel.Signal.USR2);
    orNotInThisBuild(mark, Says.ADOPTED);
    log().await(mark, Says.RELOADED, Fleet.LIMIT);
    replaced(old);
  }

  /** USR2, and nothing is different. */
  void upgradeInVain(String why) throws Exception {
    inVain(Kernel.Signal.USR2, Says.upgradeFailed(why));
  }

  private void inVain(Kernel.Signal signal, Pattern failure) throws Exception {
    Set<Long> old = fleet.workers();
    int mark = log().mark();
    fleet.signal(signal);
    orNotInThisBuild(mark, failure);
    Set<Long> now = fleet.settle(workers());
    if (!now.equals(old)) {
      throw new ChangeFailed("workers are %s, no longer %s".formatted(now, old));
    }
  }

  private void orNotInThisBuild(int mark, Pattern expected) throws Exception {
    Pattern either = Pattern.compile(expected.pattern() + "|" + Says.NO_UPGRADE.pattern());
    String line = log().await(mark, either, Fleet.LIMIT).match().group();
    if (Says.NO_UPGRADE.matcher(line).find()) {
      throw new NotInThisBuild(line);
    }
  }

  private void replaced(Set<Long> old) throws Exception {
    Set<Long> now = new HashSet<>(fleet.settle(workers()));
    now.retainAll(old);
    if (!now.isEmpty()) {
      throw new ChangeFailed("still workers of the old release: " + now);
    }
  }

  /** Who answers on a new connection. */
  void serves(InetSocketAddress where, String release) throws IOException {
    try (Connection connection = Connection.open(where)) {
      connection.ask("/now", 0, Set.of(release));
    }
  }

  /** Stops the fleet, and judges how it leaves. */
  void stop() throws Exception {
    fleet.stop();
  }

  @Override
  public void close() throws IOException {
    fleet.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
