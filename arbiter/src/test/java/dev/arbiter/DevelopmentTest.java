package dev.arbiter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.loop.ArbiterLoop;
import dev.arbiter.loop.Reloads;
import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.observe.LogPlan;
import dev.arbiter.settings.Config;
import dev.arbiter.supervise.Action;
import dev.arbiter.supervise.Action.Verdict;
import dev.arbiter.supervise.Event.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a change: reloads are asked for here, and answered by the test. */
class DevelopmentTest {
  @TempDir Path folder;

  private final Loop loop = new Loop();
  private ArbiterLog log;
  private Development development;

  @BeforeEach
  void begin() throws Exception {
    log =
        new ArbiterLog(
            new LogPlan(
                "info",
                Optional.of(folder.resolve("log")),
                false,
                false,
                Optional.empty(),
                Optional.empty()));
    development =
        new Development(
            Config.load(List.of(), Map.of("ARBITER_RELOAD", "true"), Path.of("/")), log);
  }

  @Test
  void aChangeIsOneReload() throws Exception {
    development.attach(loop);
    save("App.java");
    assertThat(loop.told).containsExactly("changed", "reload");
    loop.answers(Verdict.DONE, "Reloaded");
    assertThat(loop.asked).isEmpty();
    assertThat(development.takeProblem()).isNull();
    log.flush(10_000);
    assertThat(Files.readString(folder.resolve("log"))).contains("Changed: App.java");
  }

  @Test
  void whatWasSavedBeforeThereWasALoopIsNotMissed() {
    save("App.java");
    development.attach(loop);
    assertThat(loop.told).containsExactly("changed", "reload");
  }

  @Test
  void aWorkerThatCouldNotTellIsToldOfByTheNext() {
    development.attach(loop);
    save("App.java");
    loop.answers(Verdict.FAILED, "worker 0 ended with exit code 7");

    assertThat(loop.told).containsExactly("changed", "reload", "reload");
    assertThat(development.takeProblem())
        .isEqualTo("The new version could not be started\nworker 0 ended with exit code 7");
    assertThat(development.takeProblem()).as("once").isNull();
    loop.answers(Verdict.DONE, "Reloaded");
    assertThat(loop.settled).isEmpty();
  }

  @Test
  void whereNotEvenThatCanBeServedWhatIsThereServesOn() throws Exception {
    development.attach(loop);
    save("App.java");
    loop.answers(Verdict.FAILED, "the first");
    loop.answers(Verdict.FAILED, "no key file");

    assertThat(loop.settled).hasSize(1);
    assertThat(loop.settled.getFirst().getAsBoolean()).isTrue();
    development.begins(Path.of("/Other.java"));
    assertThat(loop.settled.getFirst().getAsBoolean()).as("asked when it comes to it").isFalse();
    log.flush(10_000);
    assertThat(Files.readString(folder.resolve("log")))
        .contains("[ERROR] The version before serves on: no key file");
  }

  /** A late failure must not take the place of what has been saved since. */
  @Test
  void aFailureIsOfNoConcernWhereFilesHaveChangedSince() {
    development.attach(loop);
    save("App.java");
    development.begins(Path.of("/App.java"));
    loop.answers(Verdict.FAILED, "too late");
    assertThat(loop.told).containsExactly("changed", "reload", "changed");
    assertThat(development.takeProblem()).isNull();

    development.complete(Set.of(Path.of("/App.java")));
    loop.answers(Verdict.FAILED, "in time");
    assertThat(development.takeProblem()).endsWith("in time");
  }

  @Test
  void aProblemThatNobodyHasTakenIsForgottenWithTheNextSave() {
    development.attach(loop);
    save("App.java");
    loop.answers(Verdict.FAILED, "old");
    save("App.java");
    assertThat(development.takeProblem()).isNull();
  }

  private void save(String name) {
    Path file = Path.of("/", name);
    development.begins(file);
    development.complete(Set.of(file));
  }

  private static final class Loop implements Reloads {
    final List<String> told = new ArrayList<>();
    final Deque<ArbiterLoop.Answer> asked = new ArrayDeque<>();
    final List<BooleanSupplier> settled = new ArrayList<>();

    @Override
    public void changed() {
      told.add("changed");
    }

    @Override
    public boolean ask(Request request, int number, ArbiterLoop.Answer answer) {
      assertThat(request).isEqualTo(Request.RELOAD);
      told.add("reload");
      return asked.add(answer);
    }

    @Override
    public void settleForWhatServes(BooleanSupplier latest) {
      settled.add(latest);
    }

    void answers(Verdict verdict, String text) {
      ArbiterLoop.Answer first = asked.remove();
      first.accepted();
      first.replied(new Action.Reply(1, verdict, text));
    }
  }
}
