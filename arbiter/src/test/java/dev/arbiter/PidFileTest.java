package dev.arbiter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Among real processes. */
class PidFileTest {
  private static final long OURS = ProcessHandle.current().pid();

  @TempDir Path folder;
  private final PidFile pidFile = new PidFile(OURS);
  private Process other;
  private Path file;

  @BeforeEach
  void begin() throws IOException {
    other = new ProcessBuilder("sleep", "600").start();
    file = folder.resolve("arbiter.pid");
  }

  @AfterEach
  void end() {
    other.destroyForcibly();
  }

  @Test
  void itIsWrittenAndRemoved() throws Exception {
    pidFile.write(config());
    assertThat(file).hasContent(Long.toString(OURS));
    pidFile.remove();
    assertThat(file).doesNotExist();
  }

  @Test
  void thatOfAProcessWhichRunsIsRefused() throws Exception {
    Files.writeString(file, other.pid() + "\n");
    assertThatThrownBy(() -> pidFile.write(config()))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("names a process that runs: " + other.pid());
    assertThat(file).hasContent(Long.toString(other.pid()));
  }

  @Test
  void thatOfAProcessWhichHasEndedIsStale() throws Exception {
    Files.writeString(file, other.pid() + "\n");
    other.destroyForcibly().waitFor();
    pidFile.write(config());
    assertThat(file).hasContent(Long.toString(OURS));
  }

  @Test
  void aNumberThatWasGivenOutAgainSinceIsStale() throws Exception {
    Files.writeString(file, other.pid() + "\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    pidFile.write(config());
    assertThat(file).hasContent(Long.toString(OURS));
  }

  @Test
  void aThreadsNumberIsStale() throws Exception {
    // Every thread but the first has a number that is no process's.
    long thread;
    try (var threads = Files.list(Path.of("/proc/self/task"))) {
      thread =
          threads
              .mapToLong(path -> Long.parseLong(path.getFileName().toString()))
              .filter(number -> number != OURS)
              .min()
              .orElseThrow();
    }
    Files.writeString(file, thread + "\n");
    pidFile.write(config());
    assertThat(file).hasContent(Long.toString(OURS));
  }

  @Test
  void oursFromAnEarlierLifeIsStale() throws Exception {
    Files.writeString(file, OURS + "\n");
    pidFile.write(config());
    assertThat(file).hasContent(Long.toString(OURS));
  }

  @Test
  void anotherArbitersIsNotRemoved() throws Exception {
    pidFile.write(config());
    Files.writeString(file, "1\n");
    pidFile.remove();
    assertThat(file).exists();
  }

  private Config config() throws SettingsException {
    return Config.load(List.of(), Map.of("ARBITER_PID", file.toString()), folder);
  }
}
