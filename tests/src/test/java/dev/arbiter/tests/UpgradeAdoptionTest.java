package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the next arbiter does with workers and listeners it has not made itself. */
@Tag("slow")
final class UpgradeAdoptionTest {
  /** A dry run does not start a worker: so the workers of the generation before stay. */
  private static final String DOES_NOT_START = "java-opts = \"-XX:+NoSuchOptionOfAnyJvm\"\n";

  private static final int WAITING = 200;
  private static final Duration PACE = Duration.ofMillis(2);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void adoptedWorkersAreWatchedExaminedAndHeardAsAnyOther() throws Exception {
    arbiters.expectError("Reload failed|Worker |boot failed|worker \\d");
    ArbiterProcess arbiter = start("netty", 3, "timeout = 4\n", "--timeout", "4");
    List<Long> workers = List.copyOf(arbiter.awaitServing(3));

    upgradeThatFailsToReload(arbiter, "");
    assertThat(arbiter.workers()).containsAll(workers);

    try (RawClient client = arbiter.connectTo(workers.get(0))) {
      client.request("/crash");
    }
    Incident.await(arbiters.incidents(), workers.get(0), Limits.CHANGE)
        .concludes("crash", "SIGSEGV", "app.Faults.crashTheJvm");
    Os.kill(workers.get(1), Os.Signal.STOP);
    Incident stopped = Incident.await(arbiters.incidents(), workers.get(1), Limits.CHANGE);
    stopped.concludes("stopped", "state T");

    Ctl dump = Ctl.run(arbiters, "dump", Integer.toString(slot(arbiter, workers.get(2))));
    assertThat(dump.err()).isEmpty();
    assertThat(dump.exitCode()).isZero();
    Incident asked = Incident.await(arbiters.incidents(), workers.get(2), Limits.CHANGE);
    assertThat(asked.files()).contains("worker.txt", "threads-1.txt");
    assertThat(arbiter.awaitServing(3)).contains(workers.get(2));
  }

  /** Connections wait in all queues of a fleet that was adopted, and one worker is dead. */
  @EachKind
  void queuesOfSlotsGoAlong(String kind) throws Exception {
    arbiters.expectError("Worker |Reload failed|boot failed");
    ArbiterProcess arbiter =
        start(kind, 2, "", "--reuse-port", "--header-timeout", "60", "--keep-alive", "60");
    Set<Long> workers = arbiter.awaitServing(2);
    upgradeThatFailsToReload(arbiter, "");

    for (long worker : workers) {
      Os.kill(worker, Os.Signal.STOP);
      Await.until("it is stopped", Limits.ANSWER, () -> Proc.stopped(worker));
    }
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < WAITING; i++) {
      clients.add(arbiter.connect().request("/pid"));
    }
    long dead = workers.iterator().next();
    Os.kill(dead, Os.Signal.KILL);
    workers.remove(dead);
    workers.forEach(worker -> Os.kill(worker, Os.Signal.CONT));
    Set<Long> answered = new HashSet<>();
    for (RawClient client : clients) {
      answered.add(client.answer().number());
      client.close();
    }
    assertThat(answered).doesNotContain(dead);
    arbiter.awaitServing(2);
  }

  /** What a generation gave up is carried as closed, so that a rollback knows of it. */
  @Test
  void aReleaseThatIsGoneBackToListensAgainUnderTheNextArbiter() throws Exception {
    arbiters.expectError("Reload failed|boot failed");
    int kept = Ports.free();
    int removed = Ports.free();
    ArbiterProcess arbiter = start("netty", 1, bind(kept, removed));
    Set<Long> first = arbiter.awaitServing(1);
    Files.writeString(settings(), bind(kept));
    arbiter.signal(Os.Signal.HUP);
    Set<Long> second = arbiter.awaitReplaced(first, 1);
    Await.until("it is closed", Limits.CHANGE, () -> refuses(removed));

    upgradeThatFailsToReload(arbiter, bind(kept));
    assertThat(arbiter.workers()).isEqualTo(second);
    assertThat(refuses(removed)).isTrue();

    Ctl back = Ctl.run(arbiters, "rollback");
    assertThat(back.err()).isEmpty();
    assertThat(back.exitCode()).isZero();
    try (RawClient client = RawClient.tcp(removed)) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @Test
  void addressesComeAndGoWithAnUpgradeUnderLoad() throws Exception {
    int kept = Ports.free();
    int removed = Ports.free();
    int added = Ports.free();
    ArbiterProcess arbiter = start("netty", 1, bind(kept, removed));
    arbiter.awaitServing(1);

    try (LoadClients load = LoadClients.start(kept, 8, 8, "/", PACE)) {
      load.awaitMore(50, Limits.ANSWER);
      Files.writeString(settings(), bind(kept, added));
      Ctl done = Ctl.run(arbiters, "upgrade", "--wait");
      assertThat(done.err()).isEmpty();
      assertThat(done.exitCode()).isZero();
      try (RawClient client = RawClient.tcp(added)) {
        assertThat(client.get("/").status()).isEqualTo(200);
      }
      Await.until("it is closed", Limits.CHANGE, () -> refuses(removed));
      load.awaitMore(50, Limits.ANSWER);
      assertThat(load.stop()).isEmpty();
    }
  }

  /** The launcher looks for its JDK at each start, by the variable of the first one. */
  @Test
  void theJdkBehindASwitchedSymlinkIsTakenByTheNextArbiter() throws Exception {
    Path real = Path.of(System.getProperty("java.home")).toRealPath();
    Path other = anotherPathTo(real);
    Path current = Files.createSymbolicLink(arbiters.folder().resolve("jdk"), real);
    Files.writeString(settings(), "");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .env("JAVA_HOME", current.toString())
            .args("-c", settings().toString())
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(1);
    assertThat(program(arbiter)).isEqualTo(real.resolve("bin/java"));

    Path next = Files.createSymbolicLink(current.resolveSibling("next"), other);
    Files.move(next, current, StandardCopyOption.ATOMIC_MOVE);
    int mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.USR2);
    arbiter.log().awaitAfter(mark, Says.ADOPTED, Limits.CHANGE);
    assertThat(program(arbiter)).isEqualTo(other.resolve("bin/java"));
    arbiter.awaitReplaced(workers, 1);
  }

  /** The same JDK, but for the program that starts it. */
  private Path anotherPathTo(Path jdk) throws IOException {
    Path other = Files.createDirectory(arbiters.folder().resolve("other-jdk"));
    Files.createDirectory(other.resolve("bin"));
    Files.copy(jdk.resolve("bin/java"), other.resolve("bin/java"));
    for (String part : List.of("lib", "conf", "release")) {
      Files.createSymbolicLink(other.resolve(part), jdk.resolve(part));
    }
    return other.toRealPath();
  }

  private static Path program(ArbiterProcess arbiter) throws IOException {
    return Files.readSymbolicLink(Path.of("/proc", Long.toString(arbiter.pid()), "exe"));
  }

  private ArbiterProcess start(String kind, int workers, String text, String... args)
      throws Exception {
    Files.writeString(settings(), text);
    return arbiters
        .command()
        .args("-c", settings().toString(), "-k", kind, "-w", Integer.toString(workers))
        .args("--graceful-timeout", "5", "--probation", "0")
        .args("--threads", kind.equals("sync") ? "16" : "1")
        .args(text.contains("bind") ? new String[0] : new String[] {"-b", "127.0.0.1:0"})
        .args(args)
        .faulty()
        .launchBare()
        .awaitReady(workers);
  }

  private void upgradeThatFailsToReload(ArbiterProcess arbiter, String text) throws Exception {
    Files.writeString(settings(), text + DOES_NOT_START);
    int mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.USR2);
    arbiter.log().awaitAfter(mark, Says.ADOPTED, Limits.CHANGE);
    arbiter.log().awaitAfter(mark, Says.RELOAD_FAILED, Limits.CHANGE);
    arbiter.log().awaitAfter(mark, Pattern.compile("Fleet STEADY"), Limits.CHANGE);
  }

  private int slot(ArbiterProcess arbiter, long pid) throws Exception {
    var workers = Ctl.run(arbiters, "status", "--json").json().get("workers");
    for (var worker : workers) {
      if (worker.get("pid").asLong() == pid) {
        return worker.get("slot").asInt();
      }
    }
    throw new AssertionError("No worker of " + arbiter.pid() + " is " + pid + ": " + workers);
  }

  private Path settings() {
    return arbiters.folder().resolve("arbiter.toml");
  }

  private static String bind(int... ports) {
    StringBuilder list = new StringBuilder();
    for (int port : ports) {
      list.append(list.isEmpty() ? "" : ", ").append("\"127.0.0.1:").append(port).append('"');
    }
    return "bind = [" + list + "]\n";
  }

  private static boolean refuses(int port) throws IOException {
    try (RawClient _ = RawClient.tcp(port)) {
      return false;
    } catch (ConnectException refused) {
      return true;
    }
  }
}
