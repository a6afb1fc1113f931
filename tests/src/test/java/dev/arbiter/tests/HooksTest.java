package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code --hooks}: called in the arbiter and in its workers, and able to harm neither. */
@Tag("slow")
final class HooksTest {
  /** Tells each call on standard output, and does what {@code %s} says when a child exits. */
  private static final String HOOKS =
      """
      package hooks;

      import dev.arbiter.app.Hooks;
      import dev.arbiter.app.RequestHead;

      public final class Trace implements Hooks {
        private static void tell(String text) { System.out.println("HOOK " + text); }
        @Override public void onStarting(Fleet f) { tell("onStarting " + f.pid()); }
        @Override public void onReload(Fleet f) { tell("onReload"); throw new IllegalStateException("no"); }
        @Override public void whenReady(Fleet f) { tell("whenReady " + f.workers()); }
        @Override public void preSpawn(Fleet f, Member w) { tell("preSpawn " + w.nr()); }
        @Override public void postSpawn(Fleet f, Member w) { tell("postSpawn " + w.nr() + " " + w.pid()); }
        @Override public void childExit(Fleet f, Member w, String how) throws Exception {
          tell("childExit " + w.nr() + " " + how);
          %s
        }
        @Override public void nworkersChanged(Fleet f, int now, int before) {
          tell("nworkersChanged " + now + " " + before);
        }
        @Override public void onExit(Fleet f) { tell("onExit"); }
        @Override public void postWorkerInit(Member w) { tell("postWorkerInit " + w.pid()); }
        @Override public void workerInt(Member w) { tell("workerInt " + w.pid()); }
        @Override public void workerAbort(Member w) { tell("workerAbort " + w.pid()); }
        @Override public void workerExit(Member w) { tell("workerExit " + w.pid()); }
        @Override public void preRequest(Member w, RequestHead r) {
          if (r.path().equals("/seen")) tell("preRequest " + r.target());
        }
        @Override public void postRequest(Member w, RequestHead r, int status) {
          if (r.path().equals("/seen")) tell("postRequest " + r.target() + " " + status);
          throw new IllegalStateException("after each request");
        }
      }
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void eachHookIsCalledInItsPlace(String kind) throws Exception {
    arbiters.expectError("hook onReload failed|hook postRequest failed");
    ArbiterProcess arbiter = start(kind, "", 1);
    long worker = arbiter.awaitWorkers(1).iterator().next();
    awaitHook(arbiter, "onStarting " + arbiter.pid());
    awaitHook(arbiter, "preSpawn 0");
    awaitHook(arbiter, "postSpawn 0 " + worker);
    awaitHook(arbiter, "postWorkerInit " + worker);
    awaitHook(arbiter, "whenReady 1");

    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/seen?x").status()).isEqualTo(200);
      awaitHook(arbiter, "preRequest /seen\\?x");
      awaitHook(arbiter, "postRequest /seen\\?x 200");
    }

    assertThat(Ctl.run(arbiters, "dump", "0").exitCode()).isZero();
    awaitHook(arbiter, "workerAbort " + worker);

    arbiter.signal(Os.Signal.TTIN);
    awaitHook(arbiter, "nworkersChanged 2 1");
    Set<Long> two = arbiter.awaitServing(2);
    arbiter.signal(Os.Signal.HUP);
    awaitHook(arbiter, "onReload");
    arbiter.log().await(Says.RELOADED, Limits.CHANGE);
    awaitHook(arbiter, "workerInt " + worker);
    awaitHook(arbiter, "workerExit " + worker);
    awaitHook(arbiter, "childExit 0 exit code 0");
    assertThat(two).contains(worker);

    assertThat(arbiter.stop()).isZero();
    arbiter.awaitOutputEnd(Limits.ANSWER);
    assertThat(arbiter.log().text())
        .contains("HOOK onExit")
        .containsOnlyOnce("hook onReload failed");
  }

  @Test
  void aHookThatHangsHoldsNothingUp() throws Exception {
    arbiters.expectError("hook childExit|hook postRequest failed|died .* killed by signal 9");
    ArbiterProcess arbiter = start("netty", "Thread.sleep(30_000);", 2);
    Set<Long> first = arbiter.awaitServing(2);

    for (long worker : first) {
      Os.kill(worker, Os.Signal.KILL);
    }
    awaitHook(arbiter, "childExit . killed by signal 9 \\(KILL\\)");
    arbiter.awaitReplaced(first, 2);
    arbiter
        .log()
        .await(
            Pattern.compile("hook childExit has not returned for 2000 ms \\(--hooks-timeout\\)"),
            Limits.CHANGE);
  }

  @Test
  void hooksThatCannotBeLoadedEndTheStart() throws Exception {
    arbiters.expectError("--hooks");
    SourceApp.write(arbiters.folder(), SourceApp.blocking("\"x\""));

    Command.Finished finished =
        arbiters
            .command()
            .kind("netty")
            .args("--hooks", "app:App")
            .app("--chdir", arbiters.folder().toString(), "app:App")
            .run(Limits.START);

    assertThat(finished.exitCode()).isEqualTo(2);
    assertThat(finished.log().text()).contains("--hooks app:App").contains("dev.arbiter.app.Hooks");
  }

  private ArbiterProcess start(String kind, String atExit, int workers)
      throws IOException, InterruptedException {
    Path folder = arbiters.folder();
    SourceApp.write(folder, SourceApp.blocking("\"x\""));
    Path hooks = Files.createDirectories(folder.resolve("hooks")).resolve("Trace.java");
    Files.writeString(hooks, HOOKS.replace("%s", atExit));
    return arbiters
        .command()
        .kind(kind)
        .workers(workers)
        .args("--hooks", "hooks:Trace", "--hooks-timeout", "2s")
        .app("--chdir", folder.toString(), "app:App")
        .start();
  }

  private static void awaitHook(ArbiterProcess arbiter, String regex) throws InterruptedException {
    arbiter.log().await(Pattern.compile("HOOK " + regex), Limits.CHANGE);
  }
}
