package dev.arbiter;

import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The file that {@code --pid} names: written when the fleet is ready, removed at the end. */
final class PidFile {
  private static final Duration CLOCK_SLACK = Duration.ofSeconds(2);

  private final long pid;
  private volatile @Nullable Path written;
  private boolean over;

  PidFile(long pid) {
    this.pid = pid;
  }

  /** Where it is, if it was written. */
  Optional<Path> path() {
    return Optional.ofNullable(written);
  }

  /**
   * Whether it could be written, if there is to be one.
   *
   * @throws SettingsException it could not, or is somebody else's
   */
  void check(Config config) throws SettingsException {
    if (!config.has("pid")) {
      return;
    }
    Path file = config.path("pid");
    Path folder = file.toAbsolutePath().resolveSibling("");
    if (!Files.isDirectory(folder) || !Files.isWritable(folder) || Files.isDirectory(file)) {
      throw new SettingsException(
          "The pid file %s cannot be written: %s"
              .formatted(
                  file,
                  Files.isDirectory(file)
                      ? "it is a folder"
                      : "there is no folder " + folder + " that this user may write to"),
          "give another with --pid");
    }
    try {
      if (Files.exists(file)) {
        if (!Files.isRegularFile(file)) {
          throw new SettingsException(
              "The pid file %s is there, and is no file".formatted(file),
              "give another with --pid");
        }
        String other = Files.readString(file).strip();
        // Our own pid: in a container that was killed and started again, every arbiter is pid 1.
        if (other.matches("[0-9]{1,10}")
            && !other.equals(Long.toString(pid))
            && runs(other, Files.getLastModifiedTime(file).toInstant())) {
          throw new SettingsException(
              "The pid file %s names a process that runs: %s".formatted(file, other),
              "stop that one, or give another file with --pid");
        }
      }
    } catch (IOException e) {
      throw new SettingsException(
          "The pid file %s cannot be read: %s".formatted(file, e), "give another with --pid");
    }
  }

  /**
   * Writes it, if there is to be one.
   *
   * @throws SettingsException it cannot be written, or is somebody else's
   */
  synchronized void write(Config config) throws SettingsException {
    if (over || !config.has("pid")) {
      return;
    }
    check(config);
    Path file = config.path("pid");
    try {
      Path whole = file.resolveSibling(file.getFileName() + "." + pid);
      // Not through a link: others may be able to write to the folder, and the name can be guessed.
      Files.deleteIfExists(whole);
      Files.writeString(whole, pid + "\n", StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      written = file;
    } catch (IOException e) {
      throw new SettingsException(
          "The pid file %s cannot be written: %s".formatted(file, e), "give another with --pid");
    }
  }

  /**
   * Whether a process of this number was there already when the file was written: else it is a
   * stale file, and the number was given out again. Threads have numbers of the same kind.
   */
  private static boolean runs(String other, Instant written) throws IOException {
    Path status = Path.of("/proc", other, "status");
    try {
      if (!Files.readAllLines(status).contains("Tgid:\t" + other)) {
        return false;
      }
    } catch (NoSuchFileException | FileNotFoundException gone) {
      return false;
    }
    return ProcessHandle.of(Long.parseLong(other))
        .flatMap(process -> process.info().startInstant())
        // The kernel tells the start in ticks since the boot, whose time is known to the second.
        .map(start -> start.minus(CLOCK_SLACK).isBefore(written))
        .orElse(true);
  }

  /**
   * Goes on with the file of another arbiter in this process; the setting may have changed.
   *
   * @throws SettingsException the new one cannot be written: the old one stays
   */
  void move(Optional<Path> before, Config config) throws IOException, SettingsException {
    written = before.orElse(null);
    write(config);
    if (before.isPresent() && !(config.has("pid") && config.path("pid").equals(before.get()))) {
      Files.deleteIfExists(before.get());
      written = config.has("pid") ? config.path("pid") : null;
    }
  }

  /** Removes it, if it is still this arbiter's. */
  synchronized void remove() throws IOException {
    over = true;
    Path file = written;
    if (file != null
        && Files.exists(file)
        && Files.readString(file).strip().equals(Long.toString(pid))) {
      Files.delete(file);
    }
  }
}
