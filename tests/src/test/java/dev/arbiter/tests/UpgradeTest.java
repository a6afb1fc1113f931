package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** USR2: another arbiter in the same process, and nobody notices. */
@Tag("slow")
final class UpgradeTest {
  private static final Duration PACE = Duration.ofMillis(2);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void threeUpgradesUnderLoadLoseNothingAndLeakNothing(String kind) throws Exception {
    Path pidFile = arbiters.folder().resolve("arbiter.pid");
    Path socket = arbiters.folder().resolve("app.sock");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .bind("127.0.0.1:0", "unix:" + socket)
            .args("-p", pidFile.toString())
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(2);
    int before = -1;

    try (LoadClients load = LoadClients.start(arbiter.port(), 8, 8, "/sleep?ms=20", PACE)) {
      for (int i = 0; i < 3; i++) {
        load.awaitMore(50, Limits.ANSWER);
        int mark = arbiter.log().mark();
        arbiter.signal(Os.Signal.USR2);
        arbiter.log().awaitAfter(mark, Says.ADOPTED, Limits.CHANGE);
        assertThat(arbiter.workers()).as("none was restarted").containsAll(workers);
        workers = arbiter.awaitReplaced(workers, 2);
        arbiter.log().awaitAfter(mark, Says.RELOADED, Limits.CHANGE);
        arbiter.awaitWorkers(2);
        awaitLeft(arbiter, mark, 2);
        if (before < 0) {
          before = Proc.settledDescriptors(arbiter.pid());
        } else {
          assertThat(Proc.settledDescriptors(arbiter.pid())).as("descriptors").isEqualTo(before);
        }
      }
      load.awaitMore(50, Limits.ANSWER);
      assertThat(load.stop()).isEmpty();
    }

    assertThat(pidFile).hasContent(arbiter.pid() + "\n");
    assertThat(socket).exists();
    for (long worker : arbiter.workers()) {
      assertThat(Path.of("/proc/" + worker + "/environ")).content().doesNotContain("STATE_FD");
    }
    assertThat(arbiter.stop()).isZero();
    assertThat(pidFile).doesNotExist();
    assertThat(socket).doesNotExist();
  }

  /** Until then the arbiter holds a pipe of each. */
  private static void awaitLeft(ArbiterProcess arbiter, int mark, int count) throws Exception {
    Await.until(
        "the old workers have left",
        Limits.CHANGE,
        () ->
            arbiter.log().lines().stream()
                    .skip(mark)
                    .filter(line -> Says.LEFT_BY_RELOAD.matcher(line.text()).find())
                    .count()
                == count);
  }

  @EachKind
  void whatCannotTakeOverIsRefusedAndNothingChanges(String kind) throws Exception {
    arbiters.expectError("Upgrade failed");
    Path folder = arbiters.folder();
    Path settings = folder.resolve("arbiter.toml");
    Files.writeString(settings, "timeout = 30\n");
    SourceApp.write(folder, SourceApp.blocking("\"first\""));
    Path release = installation("release");
    Path pidFile = folder.resolve("arbiter.pid");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .launcher(release.resolve("bin/arbiter"))
            .args("-c", settings.toString(), "-p", pidFile.toString())
            .args(KeptConnections.arguments(kind))
            .app("--chdir", folder.toString(), "app:App")
            .start();
    Set<Long> workers = arbiter.awaitServing(1);

    try (KeptConnections kept = KeptConnections.start(kind, arbiter)) {
      kept.awaitMore();
      Files.writeString(settings, "timout = 30\n");
      refused(arbiter, "timout");
      Files.writeString(settings, "timeout = 30\n");
      SourceApp.write(folder, SourceApp.blocking("no such thing"));
      refused(arbiter, "does not compile");
      SourceApp.write(folder, SourceApp.blocking("\"second\""));
      Files.delete(release);
      refused(arbiter, "there is no launcher any more");
      Files.createSymbolicLink(release, Command.HOME.toAbsolutePath());
      kept.stayed();
    }

    assertThat(arbiter.workers()).isEqualTo(workers);
    assertThat(pidFile).hasContent(arbiter.pid() + "\n");
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("first");
    }

    arbiter.signal(Os.Signal.USR2);
    arbiter.awaitReplaced(workers, 1);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("second");
    }
  }

  private static void refused(ArbiterProcess arbiter, String why) throws Exception {
    int mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.USR2);
    arbiter.log().awaitAfter(mark, Says.UPGRADE_FAILED, Limits.CHANGE);
    arbiter.log().awaitAfter(mark, Pattern.compile("Fleet STEADY"), Limits.CHANGE);
    assertThat(
            arbiter.log().lines().stream()
                .skip(mark)
                .map(Journal.Line::text)
                .anyMatch(line -> line.contains(why)))
        .as("the reason names: %s", why)
        .isTrue();
  }

  @Test
  void theArbiterBehindASwitchedSymlinkTakesOverAndItsWorkersCanBeKilledMeanwhile()
      throws Exception {
    arbiters.expectError("died .* after its start: ");
    Path current = installation("current");
    Path other = copy();
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .launcher(current.resolve("bin/arbiter"))
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(2);

    Path next = Files.createSymbolicLink(current.resolveSibling("next"), other);
    Files.move(next, current, StandardCopyOption.ATOMIC_MOVE);
    int mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.USR2);
    arbiter.log().awaitAfter(mark, Says.BECOMES, Limits.CHANGE);
    Os.kill(workers.iterator().next(), Os.Signal.KILL); // nobody hears of it at once

    assertThat(arbiter.log().awaitAfter(mark, Says.TOOK_OVER, Limits.CHANGE).group(1))
        .isEqualTo(other.toRealPath().toString());
    arbiter.awaitReplaced(workers, 2);
    String classPath = Proc.commandLine(arbiter.workers().iterator().next());
    assertThat(classPath).contains(other.toRealPath().toString());
  }

  @Test
  void signalsThatComeInBetweenWaitForTheNextArbiter() throws Exception {
    Path access = arbiters.folder().resolve("access.log");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("--access-logfile", access.toString())
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(2);

    int mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.USR2);
    arbiter.log().awaitAfter(mark, Says.BECOMES, Limits.CHANGE);
    awaitExec(arbiter);
    for (int i = 0; i < 25; i++) {
      for (Os.Signal signal :
          new Os.Signal[] {Os.Signal.HUP, Os.Signal.USR1, Os.Signal.TTIN, Os.Signal.USR2}) {
        arbiter.signal(signal);
      }
    }
    arbiter.log().awaitAfter(mark, Says.ADOPTED, Limits.CHANGE);
    arbiter.log().awaitAfter(mark, Pattern.compile("TTIN: 3 workers, not 2"), Limits.CHANGE);
    arbiter.awaitReplaced(workers, 2);

    arbiter.log().awaitAfter(mark, Pattern.compile("Fleet STEADY"), Limits.CHANGE);
    mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.USR2);
    arbiter.log().awaitAfter(mark, Says.BECOMES, Limits.CHANGE);
    arbiter.signal(Os.Signal.TERM); // to whichever of the two
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
    arbiter.log().awaitAfter(mark, Pattern.compile("TERM: stopping"), Limits.ANSWER);
  }

  /** Waits until the process runs the launcher again, or the JVM that this starts. */
  private static void awaitExec(ArbiterProcess arbiter) throws InterruptedException {
    Await.until(
        "the exec",
        Limits.CHANGE,
        () ->
            Files.readString(Path.of("/proc/" + arbiter.pid() + "/environ"))
                .contains("ARBITER_STATE_FD="));
  }

  @Test
  void anotherJdkTakesOver() throws Exception {
    Path jdk = arbiters.folder().resolve("jdk");
    Path used = Path.of(System.getProperty("java.home")).toRealPath();
    Files.createSymbolicLink(jdk, used);
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").env("JAVA_HOME", jdk.toString()).faulty().start();
    Set<Long> workers = arbiter.awaitServing(1);
    assertThat(program(arbiter.pid())).isEqualTo(used.resolve("bin/java"));

    Path other = anotherJdk(used);
    Path next = Files.createSymbolicLink(jdk.resolveSibling("next-jdk"), other);
    Files.move(next, jdk, StandardCopyOption.ATOMIC_MOVE);
    arbiter.signal(Os.Signal.USR2);

    Set<Long> replaced = arbiter.awaitReplaced(workers, 1);
    assertThat(program(arbiter.pid())).isEqualTo(other.resolve("bin/java"));
    assertThat(replaced)
        .allSatisfy(pid -> assertThat(program(pid)).isEqualTo(other.resolve("bin/java")));
  }

  /** A JDK finds its home by where its program and its VM are, so only these are other files. */
  private Path anotherJdk(Path used) throws Exception {
    Path other = arbiters.folder().toRealPath().resolve("other-jdk");
    for (String folder : new String[] {"bin", "lib", "lib/server"}) {
      Files.createDirectories(other.resolve(folder));
      try (Stream<Path> files = Files.list(used.resolve(folder))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Path beside = other.resolve(used.relativize(file).toString());
          if (file.endsWith("java") || file.endsWith("javac") || file.endsWith("libjvm.so")) {
            Files.copy(file, beside);
          } else {
            Files.createSymbolicLink(beside, file);
          }
        }
      }
    }
    Files.createSymbolicLink(other.resolve("conf"), used.resolve("conf"));
    Files.createSymbolicLink(other.resolve("release"), used.resolve("release"));
    return other;
  }

  private static Path program(long pid) throws Exception {
    return Path.of("/proc/" + pid + "/exe").toRealPath();
  }

  /** A symlink to the distribution. */
  private Path installation(String name) throws Exception {
    return Files.createSymbolicLink(
        arbiters.folder().resolve(name), Command.HOME.toAbsolutePath().normalize());
  }

  /** Another installation, of the same version. */
  private Path copy() throws Exception {
    Path to = arbiters.folder().resolve("other");
    Path from = Command.HOME.toAbsolutePath().normalize();
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
    return to;
  }
}
