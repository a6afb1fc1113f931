package dev.arbiter.diagnose;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The JVM's dump is taken out of what the app prints, and nothing of that is. */
final class QuitDumpTest {
  private static final List<String> PRINTED =
      List.of(
          "2026-11-24 17:50:38",
          "Full thread dump OpenJDK 64-Bit Server VM (25.0.3+9-LTS mixed mode, sharing):",
          "",
          "\"main\" #3 [22568] prio=5",
          "JNI global refs: 7, weak refs: 0",
          "",
          "Heap",
          " DefNew     total 116160K, used 70283K",
          "");

  @Test
  void nothingIsTakenUnlessQuitWasSent() {
    QuitDump dump = new QuitDump();
    assertThat(PRINTED).noneMatch(dump::take);
  }

  @Test
  void theDumpEndsBehindTheHeap() {
    QuitDump dump = new QuitDump();
    dump.expect();
    assertThat(dump.take("before")).isFalse();
    assertThat(PRINTED).allMatch(dump::take);
    assertThat(dump.take("after")).isFalse();
    assertThat(dump.await(1)).startsWith("Full thread dump").contains("DefNew");
  }

  @Test
  void whatHasComeWhenTheTimeIsOverIsKept() {
    QuitDump dump = new QuitDump();
    dump.expect();
    PRINTED.subList(0, 4).forEach(dump::take);
    assertThat(dump.await(1)).contains("\"main\"");
  }
}
