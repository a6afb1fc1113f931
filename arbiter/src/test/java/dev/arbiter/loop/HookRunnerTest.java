package dev.arbiter.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.Hooks;
import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.observe.LogPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HookRunnerTest {
  private static final Hooks NONE = new Hooks() {};

  @TempDir Path folder;
  private final List<String> called = new CopyOnWriteArrayList<>();
  private ArbiterLog log;

  @BeforeEach
  void open() throws IOException {
    log = new ArbiterLog(LogPlan.text("info", Optional.of(folder.resolve("log"))));
  }

  @Test
  void hooksAreCalledInOrderAndTheLastIsWaitedFor() {
    HookRunner runner = new HookRunner(NONE, Duration.ofSeconds(30), log);
    runner.submit("one", _ -> called.add("one"));
    runner.submit("two", _ -> called.add("two"));
    runner.finish("three", _ -> called.add("three"));
    assertThat(called).containsExactly("one", "two", "three");
  }

  @Test
  void whatAHookThrowsIsLoggedOnceAndTheNextIsCalled() throws IOException {
    HookRunner runner = new HookRunner(NONE, Duration.ofSeconds(30), log);
    for (int i = 0; i < 3; i++) {
      runner.submit(
          "childExit",
          _ -> {
            throw new AssertionError("no");
          });
    }
    runner.finish("onExit", _ -> called.add("onExit"));
    log.flush(5000);
    assertThat(called).containsExactly("onExit");
    assertThat(Files.readString(folder.resolve("log")))
        .containsOnlyOnce("The hook childExit failed (not said again): java.lang.AssertionError");
  }

  @Test
  void aHookThatHangsIsInterruptedAndOthersAreLeftOutUntilItReturns() throws Exception {
    HookRunner runner = new HookRunner(NONE, Duration.ofMillis(100), log);
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    runner.submit(
        "preSpawn",
        _ -> {
          began.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.countDown();
          }
          release.await(); // and does not care
        });
    assertThat(began.await(30, TimeUnit.SECONDS)).isTrue();
    runner.submit("postSpawn", _ -> called.add("behind it"));
    while (!interrupted.await(20, TimeUnit.MILLISECONDS)) {
      runner.look();
    }
    runner.submit("postSpawn", _ -> called.add("while it hangs"));
    runner.finish("onExit", _ -> called.add("onExit"));
    assertThat(called).isEmpty();

    release.countDown();
    while (called.isEmpty()) {
      runner.submit("whenReady", _ -> called.add("whenReady"));
      Thread.onSpinWait();
    }
    log.flush(5000);
    assertThat(called.getFirst()).isEqualTo("whenReady");
    assertThat(Files.readString(folder.resolve("log")))
        .contains("The hook preSpawn has not returned for 100 ms (--hooks-timeout)")
        .containsPattern(
            "The hook preSpawn returned after \\d+ ms; \\d+ calls of hooks were left out");
  }

  @Test
  void withoutHooksNothingRuns() {
    HookRunner runner = new HookRunner(null, Duration.ofSeconds(1), log);
    runner.submit("onStarting", _ -> called.add("never"));
    runner.finish("onExit", _ -> called.add("never"));
    assertThat(called).isEmpty();
  }
}
