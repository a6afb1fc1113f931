package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code arbiterctl upgrade --wait}: who asked the old arbiter hears the outcome from the new. */
@Tag("slow")
final class UpgradeOutcomeTest {
  private static final String HOOKS =
      """
      package hooks;

      import dev.arbiter.app.Hooks;

      public final class Trace implements Hooks {
        @Override public void onStarting(Fleet f) { tell("onStarting", f); }
        @Override public void whenReady(Fleet f) { tell("whenReady", f); }
        @Override public void preExec(Fleet f) throws Exception {
          Thread.sleep(300);
          tell("preExec", f);
        }
        private static void tell(String name, Fleet f) {
          System.out.println("HOOK " + name + " " + f.pid() + " " + f.generation() + " " + f.workers());
        }
      }
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void aDryRunThatFailsIsToldAndChangesNothingAndThenAllIsWell() throws Exception {
    arbiters.expectError("Upgrade failed");
    ArbiterProcess arbiter = start("timeout = 30\n");
    Set<Long> first = arbiter.awaitServing(1);

    Files.writeString(settings(), "timout = 30\n");
    int mark = arbiter.log().mark();
    Ctl refused = Ctl.run(arbiters, "upgrade", "--wait");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("upgrade failed: dry run: ", "timout");
    assertThat(arbiter.log().awaitAfter(mark, Says.UPGRADE_FAILED, Limits.ANSWER).group(1))
        .startsWith("dry run: ");
    assertThat(arbiter.workers()).isEqualTo(first);

    Files.writeString(settings(), "timeout = 30\n");
    app("\"second\"", "");
    Ctl done = Ctl.run(arbiters, "upgrade", "--wait", "--json");
    assertThat(done.err()).isEmpty();
    assertThat(done.exitCode()).isZero();
    assertThat(done.json().get("outcome").asText()).isEqualTo("done");
    assertThat(done.json().get("text").asText()).isEqualTo("generation 2 serves");
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("second");
    }
  }

  /** Installations of other versions, as far as a dry run sees of them. */
  @Test
  void anArbiterThatCannotUnderstandTheOneThatRunsIsRefused() throws Exception {
    arbiters.expectError("Upgrade failed");
    Path launcher = launcher("");
    Files.writeString(settings(), "");
    app("\"first\"", "");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .launcher(launcher)
            .app("--chdir", arbiters.folder().toString(), "app:App")
            .start();
    Set<Long> first = arbiter.awaitServing(1);

    launcher("echo arbiter-upgrade version=0.0.9 state-oldest=0 state-newest=0; exit 0");
    assertThat(Ctl.run(arbiters, "upgrade", "--wait").err())
        .contains("dry run: arbiter 0.0.9", "in the formats 0 to 0, and this one writes 1");
    launcher(
        "echo arbiter-upgrade version=9.0.0 state-oldest=1 state-newest=9 wire-oldest=5"
            + " wire-newest=9; exit 0");
    assertThat(Ctl.run(arbiters, "upgrade", "--wait").err())
        .contains("dry run: arbiter 9.0.0", "versions 5 to 9", "workers that run speak 1");
    Path shown = arbiters.folder().resolve("shown");
    launcher("cat /proc/self/fd/0 > '" + shown + "'; echo 'state: unreadable' >&2; exit 1");
    assertThat(Ctl.run(arbiters, "upgrade", "--wait").err())
        .contains("dry run: it refused:", "state: unreadable");
    assertThat(shown)
        .as("what would be handed over, for it to try")
        .content()
        .startsWith("arbiter-state format=1\n")
        .contains(" pid=" + first.iterator().next() + " ");
    assertThat(arbiter.workers()).isEqualTo(first);

    launcher("");
    Ctl done = Ctl.run(arbiters, "upgrade", "--wait");
    assertThat(done.err()).isEmpty();
    assertThat(done.exitCode()).isZero();
  }

  /** An installation whose launcher does this first if it is asked for a dry run. */
  private Path launcher(String inDryRun) throws Exception {
    Path installation = Files.createDirectories(arbiters.folder().resolve("installation"));
    Path from = Command.HOME.toAbsolutePath().normalize();
    try (Stream<Path> parts = Files.list(from)) {
      for (Path part : parts.filter(part -> !part.endsWith("bin")).toList()) {
        Path link = installation.resolve(from.relativize(part).toString());
        if (!Files.exists(link)) {
          Files.createSymbolicLink(link, part);
        }
      }
    }
    Path launcher = Files.createDirectories(installation.resolve("bin")).resolve("arbiter");
    String script = Files.readString(from.resolve("bin/arbiter"));
    String first = "if [ \"${1:-}\" = --check-upgrade ]; then :; %s; fi\n".formatted(inDryRun);
    Path next = launcher.resolveSibling("next");
    Files.writeString(
        next,
        inDryRun.isEmpty()
            ? script
            : script.replaceFirst("\nset -u\n", "\n" + Matcher.quoteReplacement(first)));
    Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rwxr-xr-x"));
    return Files.move(next, launcher, StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void aReloadThatFailsUnderTheNextArbiterIsToldByIt() throws Exception {
    arbiters.expectError("Reload failed");
    ArbiterProcess arbiter = start("");
    Set<Long> first = arbiter.awaitServing(1);

    app("\"second\"", "public App() { throw new IllegalStateException(\"no database\"); }");
    int mark = arbiter.log().mark();
    Ctl failed = Ctl.run(arbiters, "upgrade", "--wait");
    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.out()).contains("the dry run was fine; becoming arbiter ");
    assertThat(failed.err())
        .contains("upgrade failed: the arbiter was replaced, and then its reload: generation 2")
        .contains("no database");
    arbiter.log().awaitAfter(mark, Says.ADOPTED, Limits.ANSWER);
    assertThat(arbiter.awaitServing(1)).isEqualTo(first);
  }

  @Test
  void whoDoesNotWaitIsToldThatItWasTakenUpAndASecondOneIsRefused() throws Exception {
    ArbiterProcess arbiter = start("");
    Set<Long> first = arbiter.awaitServing(1);
    int mark = arbiter.log().mark();

    Ctl accepted = Ctl.run(arbiters, "upgrade");
    assertThat(accepted.err()).isEmpty();
    assertThat(accepted.exitCode()).isZero();
    Ctl second = Ctl.run(arbiters, "reload", "--wait");
    if (arbiter.log().all(Says.BECOMES).isEmpty()) { // else a busy machine has let it come late
      assertThat(second.err()).contains("another change is under way");
      assertThat(second.exitCode()).isEqualTo(1);
    }

    arbiter.log().awaitAfter(mark, Says.ADOPTED, Limits.CHANGE);
    arbiter.awaitReplaced(first, 1);
  }

  private ArbiterProcess start(String text) throws Exception {
    Files.writeString(settings(), text);
    app("\"first\"", "");
    return arbiters
        .command()
        .kind("netty")
        .args("-c", settings().toString())
        .app("--chdir", arbiters.folder().toString(), "app:App")
        .start();
  }

  private Path settings() {
    return arbiters.folder().resolve("arbiter.toml");
  }

  private void app(String body, String members) throws Exception {
    SourceApp.write(arbiters.folder(), SourceApp.blocking(body, members));
  }

  @Test
  void hooksAreToldAndTheArbitersOwnSocketsMove() throws Exception {
    Path folder = arbiters.folder();
    // Hooks need not be where the app is.
    Path source = arbiters.run().resolve("hooks/Trace.java");
    Files.createDirectories(source.getParent());
    Files.writeString(source, HOOKS);
    Path hooks = SourceApp.compile(arbiters.run().resolve("hook-classes"), List.of(source));
    Path status = folder.resolve("status.sock");
    Path settings =
        Files.writeString(
            folder.resolve("arbiter.toml"),
            "name = \"before\"\nstatus-bind = \"unix:%s\"\n".formatted(status));
    SourceApp.write(folder, SourceApp.blocking("\"x\""));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .args("-c", settings.toString(), "--hooks", "hooks:Trace")
            .args("--hooks-classpath", hooks.toString(), "--app-dir", folder.toString())
            .app("app:App")
            .start();
    Set<Long> workers = arbiter.awaitServing(1);
    assertThat(status).exists();
    assertThat(Ctl.run(arbiters, "-n", "before", "status").exitCode()).isZero();

    Files.writeString(settings, "name = \"after\"\n");
    int mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.USR2);
    String fleet = " " + arbiter.pid() + " 1 1";
    arbiter.log().awaitAfter(mark, Pattern.compile("HOOK preExec" + fleet), Limits.CHANGE);
    int told = arbiter.log().mark();
    arbiter.log().awaitAfter(mark, Says.TOOK_OVER, Limits.CHANGE);
    assertThat(arbiter.log().lines().stream().limit(told))
        .as("the hook, which takes its time, comes before the exec")
        .noneMatch(line -> Says.TOOK_OVER.matcher(line.text()).find());
    arbiter.log().awaitAfter(mark, Pattern.compile("HOOK onStarting" + fleet), Limits.CHANGE);
    arbiter.awaitReplaced(workers, 1);
    arbiter
        .log()
        .awaitAfter(
            mark, Pattern.compile("HOOK whenReady " + arbiter.pid() + " 2 1"), Limits.CHANGE);

    assertThat(Ctl.run(arbiters, "-n", "after", "status").exitCode()).isZero();
    assertThat(status).doesNotExist();
    assertThat(arbiters.run().resolve("arbiter/before.sock")).doesNotExist();
  }
}
