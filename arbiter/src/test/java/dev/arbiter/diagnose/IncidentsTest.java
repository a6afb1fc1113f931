package dev.arbiter.diagnose;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folders of evidence: private, bounded, and no trouble where they cannot be written. */
final class IncidentsTest {
  @TempDir Path temporary;
  private final List<String> warnings = new ArrayList<>();

  @Test
  void aFolderIsNamedForWhatHappenedAndIsNobodyElses() throws IOException {
    Incidents incidents = open(20, 1 << 20);
    Path folder = add(incidents, 7, "text");

    assertThat(folder.getFileName().toString()).matches("\\d{8}-\\d{6}-slot1-pid7-gc-pause");
    assertThat(mode(folder)).isEqualTo("rwx------");
    assertThat(mode(folder.resolve("summary.md"))).isEqualTo("rw-------");
    assertThat(mode(root())).isEqualTo("rwx------");
    Incidents.Entry entry = incidents.list().getFirst();
    assertThat(entry.slot()).isEqualTo(1);
    assertThat(entry.pid()).isEqualTo(7);
    assertThat(entry.cause()).isEqualTo("gc-pause");
    assertThat(entry.path()).isEqualTo(folder);
    assertThat(entry.time()).isBetween(Instant.now().minusSeconds(60), Instant.now());
  }

  @Test
  void theOldestGoWhenThereAreTooMany() {
    Incidents incidents = open(3, 1 << 20);
    for (int pid = 1; pid <= 5; pid++) {
      add(incidents, pid, "text");
    }
    assertThat(incidents.list()).extracting(Incidents.Entry::pid).containsExactly(3L, 4L, 5L);
  }

  @Test
  void theOldestGoWhenTheyAreTooLargeButNeverTheNewest() {
    Incidents incidents = open(20, 1000);
    add(incidents, 1, "x".repeat(600));
    add(incidents, 2, "x".repeat(300));
    assertThat(incidents.list()).hasSize(2);
    add(incidents, 3, "x".repeat(5000));
    assertThat(incidents.list()).extracting(Incidents.Entry::pid).containsExactly(3L);
  }

  @Test
  void twoInTheSameSecondAreTwo() {
    Incidents incidents = open(20, 1 << 20);
    add(incidents, 1, "text");
    add(incidents, 1, "text");
    assertThat(incidents.list()).hasSize(2);
  }

  @Test
  void noFolderAtAllIsOneWarningAndNoIncident() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    Incidents incidents =
        Incidents.open(List.of(file.resolve("below"), file), 20, 1 << 20, warnings::add);
    assertThat(incidents.begin(1, 1)).isEmpty();
    assertThat(incidents.list()).isEmpty();
    assertThat(incidents.jvmFlags(true)).isEmpty();
    assertThat(warnings).hasSize(1).first().asString().contains("--incident-dir");
  }

  @Test
  void aFolderThatVanishesIsMadeAnewAndOneThatCannotBeIsSaidOnce() throws IOException {
    Incidents incidents = open(20, 1 << 20);
    Files.delete(root());
    assertThat(add(incidents, 1, "text")).isDirectory();

    Path begun = incidents.begin(1, 2).orElseThrow();
    incidents.discard(begun);
    Map<String, String> files = Map.of("summary.md", "text");
    for (int i = 0; i < 3; i++) {
      assertThat(incidents.finish(begun, Instant.now(), 1, 2, Cause.DEAD, files)).isEmpty();
    }
    assertThat(warnings).hasSize(1);
  }

  @Test
  void keepingNoneKeepsNone() {
    Incidents incidents = open(0, 1 << 20);
    assertThat(incidents.begin(1, 1)).isEmpty();
    assertThat(incidents.jvmFlags(true)).isEmpty();
    assertThat(root()).doesNotExist();
    assertThat(warnings).isEmpty();
  }

  @Test
  void whatTheDyingJvmWroteIsMovedIn() throws IOException {
    Incidents incidents = open(20, 1 << 20);
    assertThat(incidents.jvmFlags(false))
        .containsExactly("-XX:ErrorFile=" + root().resolve("hs_err_pid%p.log"));
    Files.writeString(root().resolve("hs_err_pid9.log"), "# SIGSEGV");
    Files.writeString(root().resolve("java_pid9.hprof"), "heap");
    Path folder = incidents.begin(1, 9).orElseThrow();

    assertThat(incidents.claim(folder, 9)).isEqualTo("# SIGSEGV");
    assertThat(folder.resolve("heap.hprof")).hasContent("heap");
    assertThat(mode(folder.resolve("heap.hprof"))).isEqualTo("rw-------");
  }

  @Test
  void anEmptyFolderGoesAtTheEndAndOneWithIncidentsStays() {
    Incidents incidents = open(20, 1 << 20);
    incidents.close();
    assertThat(root()).doesNotExist();
    Incidents again = open(20, 1 << 20);
    add(again, 1, "text");
    again.close();
    assertThat(root()).isNotEmptyDirectory();
  }

  private Path root() {
    return temporary.resolve("incidents");
  }

  private Incidents open(int keep, long size) {
    return Incidents.open(List.of(root()), keep, size, warnings::add);
  }

  private static Path add(Incidents incidents, long pid, String text) {
    Path folder = incidents.begin(1, pid).orElseThrow();
    return incidents
        .finish(folder, Instant.now(), 1, pid, Cause.GC_PAUSE, Map.of("summary.md", text))
        .orElseThrow();
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
