package dev.arbiter.diagnose;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.ExitStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a dead process left behind, and what that says. */
final class AutopsyTest {
  private static final String ERROR_FILE =
      """
      #
      # A fatal error has been detected by the Java Runtime Environment:
      #
      #  SIGSEGV (0xb) at pc=0x00007f3d2c5b1a2b, pid=4711, tid=4730
      #
      # Problematic frame:
      # V  [libjvm.so+0xf1a2b]  Unsafe_PutLong+0x5b
      #
      Current thread (0x00007f3d24194d20):  JavaThread "loop-1-1" daemon [_thread_in_vm, id=4730]

      Java frames: (J=compiled Java code, j=interpreted, Vv=VM code)
      j  jdk.internal.misc.Unsafe.putLong(Ljava/lang/Object;JJ)V+0 java.base@25.0.3
      j  java.lang.invoke.VarHandleSegmentAsLongs.set(Ljava/lang/Object;)V+42 java.base@25.0.3
      j  app.Faults.crashTheJvm()V+18
      j  app.App.answer(Ldev/arbiter/app/HttpScope;)V+5
      """;

  @Test
  void anErrorFileNamesSignalFrameAndThread() {
    Verdict verdict = Autopsy.of(new ExitStatus.Killed(6), List.of(), ERROR_FILE, 0);
    assertThat(verdict.line())
        .isEqualTo(
            "crash: SIGSEGV in V  [libjvm.so+0xf1a2b]  Unsafe_PutLong+0x5b, called by"
                + " app.Faults.crashTheJvm; JavaThread \"loop-1-1\" daemon [_thread_in_vm,"
                + " id=4730]");
    assertThat(verdict.stack()).hasSize(4);
  }

  @Test
  void aFaultWithoutAnErrorFileIsACrashToo() {
    assertThat(Autopsy.of(new ExitStatus.Killed(11), List.of(), "", 0).line())
        .isEqualTo("crash: killed by signal 11 (SEGV); the JVM wrote no error file");
  }

  @Test
  void memoryIsNamedByItsKindAndThePlaceThatAskedForIt() {
    List<String> output =
        List.of(
            "hello",
            "Terminating due to java.lang.OutOfMemoryError: Cannot reserve 16777216 bytes",
            "\tat java.base/java.nio.Bits.reserveMemory(Bits.java:178)",
            "\tat app//app.Faults.exhaustDirectMemory(Faults.java:120)");
    assertThat(Autopsy.of(new ExitStatus.Code(3), output, "", 0).line())
        .isEqualTo(
            "out-of-memory: java.lang.OutOfMemoryError: Cannot reserve 16777216 bytes, in"
                + " app.Faults.exhaustDirectMemory(Faults.java:120)");
    assertThat(Autopsy.isFault(new ExitStatus.Code(3), output)).isTrue();
  }

  @Test
  void theKernelKillsForLackOfMemory() {
    assertThat(Autopsy.of(new ExitStatus.Killed(9), List.of(), "", 1).cause())
        .isEqualTo(Cause.OUT_OF_MEMORY);
  }

  @Test
  void whatNobodyKnowsIsDead() {
    assertThat(Autopsy.of(new ExitStatus.Killed(9), List.of(), "", 0).line())
        .isEqualTo("dead: killed by signal 9 (KILL)");
    assertThat(Autopsy.of(new ExitStatus.Code(37), List.of(), "", 0).line())
        .isEqualTo("dead: exit code 37");
    assertThat(Autopsy.isFault(new ExitStatus.Killed(9), List.of())).isFalse();
  }
}
