package dev.arbiter.diagnose;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.ExitStatus;
import dev.arbiter.wire.Message;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The last dump of a worker whose time to leave is over; a process that sleeps stands for it. */
final class EvidenceTest {
  private static final long LIMIT_MILLIS = 400;

  private Process worker;
  private Evidence evidence;

  @BeforeEach
  void start() throws IOException {
    worker = new ProcessBuilder("sleep", "60").start();
    evidence =
        new Evidence(
            new Patient(0, worker.pid(), List.of(), System.nanoTime(), Optional.empty(), 0),
            new Evidence.Reach() {
              @Override
              public void collect(Message.Collect message) {
                throw new AssertionError("it is not asked any more");
              }

              @Override
              public void quit() {
                throw new AssertionError("QUIT was sent already");
              }
            },
            LIMIT_MILLIS);
    evidence.expectDump();
  }

  @AfterEach
  void end() {
    worker.destroyForcibly();
  }

  @Test
  void whoLeavesByItselfAndIsIllOfNothingLeavesNoIncident() {
    evidence.ended(new ExitStatus.Code(0));

    assertThat(evidence.lastDump()).isEmpty();
  }

  @Test
  void whoStaysHasOverstayed() {
    Evidence.Result result = evidence.lastDump().orElseThrow();

    assertThat(result.verdict().cause()).isEqualTo(Cause.OVERSTAYED);
    assertThat(result.verdict().line()).startsWith("overstayed: it never beat; in ");
    assertThat(result.steps()).containsExactly("its JVM printed no thread dump");
  }

  @Test
  void whoIsEndedBySomebodyElseHasNotLeftByItself() {
    evidence.ended(new ExitStatus.Killed(9));

    assertThat(evidence.lastDump().orElseThrow().verdict().cause()).isEqualTo(Cause.OVERSTAYED);
  }

  @Test
  void whatTheDumpShowsIsKeptHoweverItLeft() {
    List.of(
            "Full thread dump OpenJDK 64-Bit Server VM (25 mixed mode):",
            "",
            "\"main\" #1 [7] prio=5 os_prio=0 cpu=1.00ms elapsed=1.00s tid=0x1 nid=7 waiting",
            "   java.lang.Thread.State: BLOCKED (on object monitor)",
            "\tat app.App.lock(App.java:4)",
            "",
            "Found one Java-level deadlock:",
            "=============================",
            "\"main\":",
            "  waiting to lock monitor 0x1 (object 0x2, a java.lang.Object),",
            "  which is held by \"shipping\"",
            "",
            "Heap",
            "")
        .forEach(evidence::take);
    evidence.ended(new ExitStatus.Code(0));

    Evidence.Result result = evidence.lastDump().orElseThrow();
    assertThat(result.verdict().cause()).isEqualTo(Cause.DEADLOCK);
    assertThat(result.files()).containsKeys("proc.txt", "threads-1.txt");
  }
}
