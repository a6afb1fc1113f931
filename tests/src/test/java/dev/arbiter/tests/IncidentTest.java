package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Each way in which a worker can fall sick or die, made by real processes, and what the arbiter
 * concludes from it: the word, and the guilty frame or figure.
 */
final class IncidentTest {
  /** Short, so that a silent worker is examined soon. */
  private static final String TIMEOUT = "4";

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void deathsAreExplained(String kind) throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(4)
            .args("--heap-dump-on-oom", "--worker-heap", "64M")
            .args("--java-opts", "-XX:MaxMetaspaceSize=48m -XX:MaxDirectMemorySize=64m")
            .faulty()
            .start();
    List<Long> workers = List.copyOf(arbiter.awaitServing(4));

    try (RawClient crash = arbiter.connectTo(workers.get(0));
        RawClient metaspace = arbiter.connectTo(workers.get(1));
        RawClient direct = arbiter.connectTo(workers.get(2));
        RawClient heap = arbiter.connectTo(workers.get(3))) {
      crash.request("/crash");
      metaspace.request("/metaspace");
      direct.request("/direct");
      heap.request("/oom?swallow=1"); // the app goes on; its worker must not

      Incident crashed = incident(workers.get(0));
      crashed.concludes("crash", "SIGSEGV", "app.Faults.crashTheJvm");
      assertThat(crashed.text("hs_err.log")).contains("SIGSEGV");
      incident(workers.get(1)).concludes("out-of-memory", "Metaspace");
      incident(workers.get(2))
          .concludes("out-of-memory", "direct buffer memory", "Faults.exhaustDirectMemory");
      Incident full = incident(workers.get(3)).concludes("out-of-memory", "Java heap space");
      assertThat(full.folder().resolve("heap.hprof")).isNotEmptyFile();
      assertPrivate(full.folder());
    }
    Await.until("all have gone", Limits.CHANGE, () -> workers.stream().noneMatch(Proc::alive));
    assertThat(arbiter.awaitServing(1)).doesNotContainAnyElementsOf(workers);

    String listed = Ctl.run(arbiters, "incidents").out();
    assertThat(listed).contains("out-of-memory", "crash");
    for (JsonNode incident : Ctl.run(arbiters, "incidents", "--json").json()) {
      assertThat(workers).contains(incident.path("pid").asLong());
      assertThat(Path.of(incident.path("path").asText()).resolve("summary.md")).exists();
      assertThat(listed).contains(incident.path("name").asText());
    }
  }

  @Tag("slow")
  @Timeout(240)
  @Test
  void silenceIsClassified() throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(4)
            .threads(2)
            .args("--timeout", TIMEOUT)
            .faulty()
            .start();
    List<Long> workers = List.copyOf(arbiter.awaitServing(4));

    try (Held all = Held.each(arbiter, Set.copyOf(workers.subList(0, 3)), 6)) {
      request(all.of(workers.get(0)), "/deadlock");
      request(all.of(workers.get(1)), "/pool");
      request(all.of(workers.get(2)), "/native");
      Os.kill(workers.get(3), Os.Signal.STOP);

      Incident deadlock = incident(workers.get(0));
      deadlock.concludes("deadlock", "\"shipping\"", "app.Faults.lockInOrder", "/deadlock");
      assertThat(deadlock.files())
          .contains("output.txt", "proc.txt", "summary.md", "threads-1.txt", "worker.txt");
      if (deadlock.text("summary.md").contains("state threads: answered")) {
        assertThat(deadlock.files()).contains("threads-2.txt", "threads-3.txt");
      }
      // Each step is limited in time; the summary says which were answered within it.
      if (deadlock.text("summary.md").contains("histogram: answered")) {
        assertThat(deadlock.files()).contains("histogram.txt");
      }
      assertPrivate(deadlock.folder());
      incident(workers.get(1))
          .concludes(
              "pool-exhausted", "\"database-*\"", "waitForTheDatabase", "waitForTheFullPool");
      incident(workers.get(2))
          .concludes("native-hang", "RandomAccessFile.read", "app.Faults.hangInNativeCode");
      incident(workers.get(3)).concludes("stopped", "state T");
    }
    assertThat(arbiter.awaitServing(1)).doesNotContainAnyElementsOf(workers);
    arbiter.log().await(Pattern.compile("deadlock: .*app\\.Faults\\.lockInOrder"), Limits.ANSWER);
  }

  @Tag("slow")
  @Timeout(240)
  @Test
  void aCollectionWithoutEndIsAPause() throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .args("--timeout", "2", "--heartbeat-interval", "500ms")
            .args("--java-opts", "-Xmx1200m -Xmn100m -XX:+UseSerialGC")
            .faulty()
            .start();
    long worker = arbiter.awaitServing(1).iterator().next();

    try (RawClient client = arbiter.connectTo(worker)) {
      client.get("/gc?mb=500");
      incident(worker).concludes("gc-pause", "the collector");
    }
    assertThat(arbiter.awaitServing(1)).doesNotContain(worker);
  }

  @Tag("slow")
  @Timeout(240)
  @Test
  void aQuotaThatIsUsedUpIsStarvation() throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").args("--timeout", TIMEOUT).faulty().start();
    long worker = arbiter.awaitServing(1).iterator().next();

    try (RawClient client = arbiter.connectTo(worker);
        CpuQuota quota = CpuQuota.create("arbiter-test-" + arbiter.pid())) {
      client.get("/burn?n=24&ms=600000");
      quota.limit(worker);
      incident(worker).concludes("cpu-starved", "throttled in", quota.name());
      Await.until("it is ended", Limits.CHANGE, () -> !Proc.alive(worker));
    }
    assertThat(arbiter.awaitServing(1)).doesNotContain(worker);
  }

  @Tag("slow")
  @Timeout(180)
  @EachKind
  void aWorkerThatOverstaysIsExaminedBeforeItIsKilled(String kind) throws Exception {
    arbiters.expectError(".");
    ArbiterProcess arbiter = arbiters.command().kind(kind).gracefulTimeout("3").faulty().start();
    long worker = arbiter.awaitServing(1).iterator().next();

    try (RawClient client = arbiter.connectTo(worker)) {
      client.request("/sleep?ms=600000");
      Os.kill(worker, Os.Signal.STOP); // or it would leave by itself when its time is over
      arbiter.signal(Os.Signal.HUP);
      incident(worker).concludes("stopped", "state T", "did not leave in time");
      Await.until("it is ended", Limits.CHANGE, () -> !Proc.alive(worker));
    }
  }

  private static void request(List<RawClient> clients, String target) throws Exception {
    for (RawClient client : clients) {
      client.request(target);
    }
  }

  private Incident incident(long pid) throws InterruptedException {
    return Incident.await(arbiters.incidents(), pid, Limits.CHANGE);
  }

  private static void assertPrivate(Path folder) throws Exception {
    List<Path> all = new ArrayList<>(List.of(folder));
    try (var files = Files.list(folder)) {
      files.forEach(all::add);
    }
    for (Path path : all) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .as("%s", path)
          .matches("rw[x-]------");
    }
  }
}
