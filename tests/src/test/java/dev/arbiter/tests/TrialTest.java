package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A new generation proves itself before it takes over, and workers wait in reserve. */
@Tag("slow")
final class TrialTest {
  private static final Duration PACE = Duration.ofMillis(5);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  /** An app that answers {@code /health} with this status, and all else with 200. */
  private static String healthy(int status) {
    return SourceApp.blocking("\"first\"")
        .replace(
            "if (request.path().equals(\"/pid\"))",
            "if (request.path().equals(\"/health\")) { return Response.of("
                + status
                + "); }\nif (request.path().equals(\"/pid\"))");
  }

  @EachKind
  void releaseThatFailsRequestsOnProbationIsTakenBack(String kind) throws Exception {
    arbiters.expectError("Reload failed|failed");
    Path folder = arbiters.folder();
    SourceApp.write(folder, SourceApp.blocking("\"first\""));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args("--probation", "1m")
            .args(KeptConnections.arguments(kind))
            .app("--chdir", folder.toString(), "app:App")
            .start();
    Set<Long> old = arbiter.awaitServing(2);
    int mark = arbiter.log().mark();
    SourceApp.write(
        folder,
        SourceApp.blocking(
            "fail()", "String fail() { throw new IllegalStateException(\"broken\"); }"));

    try (KeptConnections kept = KeptConnections.start(kind, arbiter);
        LoadClients load = LoadClients.start(arbiter.port(), 4, 4, "/", PACE)) {
      kept.awaitMore();
      load.awaitMore(100, Limits.ANSWER);
      arbiter.signal(Os.Signal.HUP);
      arbiter
          .log()
          .awaitAfter(
              mark,
              Pattern.compile(
                  "Reload failed: generation 2: on probation: \\d+ of \\d+ requests failed"),
              Limits.CHANGE);
      arbiter.awaitWorkers(2);
      assertThat(load.stop())
          .as("requests that failed otherwise than with the release's own 500")
          .allMatch(failure -> failure.outcome() == Load.Outcome.BAD_STATUS);
      kept.stayed();
    }
    assertThat(arbiter.awaitServing(2)).isEqualTo(old);
  }

  @Test
  void canariesServeBesideAllOfTheOthersUntilTheyAreJudged() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("--canary", "2/3s", "--worker-heap", "64M")
            .faulty()
            .start();
    Set<Long> old = arbiter.awaitServing(2);
    int mark = arbiter.log().mark();

    try (LoadClients load = LoadClients.start(arbiter.port(), 4, 4, "/pid", PACE)) {
      arbiter.signal(Os.Signal.HUP);
      arbiter
          .log()
          .awaitAfter(
              mark,
              Pattern.compile(
                  "generation 2 is on probation for 3 s: 2 workers of it beside 2 of the others"),
              Limits.CHANGE);
      assertThat(arbiter.workers()).hasSize(4).containsAll(old);
      arbiter
          .log()
          .awaitAfter(
              mark,
              Pattern.compile("generation 2 has .* \\(judged good by \\d+ requests: 0 failed\\)"),
              Limits.CHANGE);
      Set<Long> next = arbiter.awaitReplaced(old, 2);
      assertThat(load.stop()).isEmpty();
      assertThat(load.byWorker().keySet()).containsAll(old).containsAll(next);
    }
  }

  @EachKind
  void releaseThatIsNotHealthyNeverServes(String kind) throws Exception {
    arbiters.expectError("Reload failed");
    Path folder = arbiters.folder();
    SourceApp.write(folder, healthy(204));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .args("--health-path", "/health")
            .args(KeptConnections.arguments(kind))
            .app("--chdir", folder.toString(), "app:App")
            .start();
    Set<Long> old = arbiter.awaitServing(1);
    int mark = arbiter.log().mark();

    try (KeptConnections kept = KeptConnections.start(kind, arbiter);
        LoadClients load = LoadClients.start(arbiter.port(), 2, 2, "/", PACE)) {
      SourceApp.write(folder, healthy(503));
      arbiter.signal(Os.Signal.HUP);
      arbiter
          .log()
          .awaitAfter(
              mark,
              Pattern.compile("Reload failed: .*not healthy: GET /health answered 503"),
              Limits.CHANGE);
      arbiter.awaitWorkers(1);
      assertThat(load.stop()).isEmpty();
      assertThat(load.byWorker().keySet()).isEqualTo(old);
      kept.stayed();
    }
    SourceApp.write(folder, healthy(200));
    arbiter.signal(Os.Signal.HUP);
    arbiter.awaitReplaced(old, 1);
  }

  @Test
  void spareTakesTheSlotOfAWorkerThatDies() throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").args("--spares", "1").faulty().start();
    arbiter.log().await(Pattern.compile("Spare worker \\(pid \\d+\\) ready"), Limits.START);
    long first = arbiter.awaitServing(1).iterator().next();
    Set<Long> both = arbiter.awaitWorkers(2);
    Set<Long> spare = new HashSet<>(both);
    spare.remove(first);

    Os.kill(first, Os.Signal.KILL);

    arbiter.log().await(Pattern.compile("takes slot 0"), Limits.CHANGE);
    assertThat(arbiter.awaitServing(1)).isEqualTo(spare);
    Set<Long> after = arbiter.awaitWorkers(2);
    assertThat(after).containsAll(spare).doesNotContain(first);
  }

  @Test
  void jarOverwrittenInPlaceUnderRunningWorkersIsNamed() throws Exception {
    Path folder = arbiters.folder();
    Path classes = SourceApp.compile(folder, SourceApp.blocking("\"first\""));
    Path jar = folder.resolve("shop.jar");
    jar(jar, classes);
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").app("-cp", jar.toString(), "app:App").start();
    arbiter.awaitServing(1);

    Files.writeString(jar, "no jar");

    arbiter
        .log()
        .await(Pattern.compile("shop\\.jar was overwritten in place while workers"), Limits.CHANGE);
    assertThat(arbiter.workers()).as("nobody is ended for it").hasSize(1);
  }

  /** An app that carries another version of a library that the arbiter uses itself. */
  private static Path appWithItsOwnPicocli(Path folder, String version) throws Exception {
    Path library = folder.resolve("sources/picocli/CommandLine.java");
    Files.createDirectories(library.getParent());
    Files.writeString(
        library,
        "package picocli; public class CommandLine { public static final String VERSION ="
            + " String.valueOf(\"%s\"); }".formatted(version));
    Path app =
        SourceApp.write(
            folder.resolve("sources"), SourceApp.blocking("picocli.CommandLine.VERSION"));
    return SourceApp.compile(folder.resolve("classes"), List.of(library, app));
  }

  @Test
  void jarReplacedByRenamingIsNotGoneBackToAndItsLibrariesAreNotTheArbiters() throws Exception {
    Path folder = arbiters.folder();
    Path jar = folder.resolve("shop.jar");
    jar(jar, appWithItsOwnPicocli(folder, "first"));
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").app("-cp", jar.toString(), "app:App").start();
    Set<Long> first = arbiter.awaitServing(1);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("first");
    }

    Path next = folder.resolve("next.jar");
    jar(next, appWithItsOwnPicocli(folder, "second"));
    Files.move(next, jar, StandardCopyOption.REPLACE_EXISTING);
    assertThat(Ctl.run(arbiters, "reload", "--wait").exitCode()).isZero();
    arbiter.awaitReplaced(first, 1);
    Ctl rollback = Ctl.run(arbiters, "rollback");

    assertThat(rollback.exitCode()).isEqualTo(1);
    assertThat(rollback.err()).contains("generation 1 cannot be gone back to", "shop.jar");
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("second");
    }
    assertThat(Proc.descriptors(arbiter.pid()).values())
        .as("jars that the arbiter has opened")
        .noneMatch(file -> file.contains("shop.jar"));
  }

  private static void jar(Path jar, Path classes) throws Exception {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "jar").toString(),
                    "--create",
                    "--file",
                    jar.toString(),
                    "-C",
                    classes.toString(),
                    "."))
            .inheritIO()
            .start();
    assertThat(process.waitFor()).isZero();
  }
}
