package dev.arbiter.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The settings of an arbiter that a program starts. Immutable: each method returns another one.
 *
 * <p>They are stronger than {@code arbiter.toml} in the folder and weaker than {@code
 * ARBITER_ARGS}, and are checked by the arbiter, which ends with exit code 2 and a line that names
 * what is wrong. No value of them is on a command line for others to see.
 */
public final class Config {
  private final Map<String, String> values;
  private final @Nullable Path home;
  private final @Nullable Path directory;

  private Config(Map<String, String> values, @Nullable Path home, @Nullable Path directory) {
    this.values = values;
    this.home = home;
    this.directory = directory;
  }

  /** {@return the defaults, which are those of the command line} */
  public static Config create() {
    return new Config(Map.of(), null, null);
  }

  /**
   * Sets a setting by its long name without dashes: {@code set("keep-alive", "5s")}.
   *
   * @param name as in docs/settings.md
   * @param value as on the command line; {@code true} or {@code false} for a switch. Several parts
   *     of a list have blanks between them, and those of a class path colons
   * @return this
   */
  public Config set(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(values);
    more.put("ARBITER_" + name.replace('-', '_').toUpperCase(Locale.ROOT), value);
    return new Config(more, home, directory);
  }

  /**
   * Where Arbiter is installed, the folder with {@code bin/arbiter} in it. Unless set, the system
   * property {@code arbiter.home}, else the variable {@code ARBITER_HOME}, else the first {@code
   * arbiter} on the path.
   *
   * @param folder with {@code bin/arbiter} in it
   * @return this
   */
  public Config home(Path folder) {
    return new Config(values, folder, directory);
  }

  /**
   * The folder the arbiter starts in; this program's own unless set.
   *
   * @param folder relative to this program's own
   * @return this
   */
  public Config directory(Path folder) {
    return new Config(values, home, folder);
  }

  /** How to start it. */
  ProcessBuilder process(String app) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(launcher().toString(), app).inheritIO();
    builder.environment().putAll(values);
    Path folder = directory;
    if (folder != null) {
      builder.directory(folder.toFile());
    }
    return builder;
  }

  private Path launcher() throws IOException {
    Path folder = home;
    Optional<Path> known =
        folder != null
            ? Optional.of(folder)
            : Optional.ofNullable(System.getProperty("arbiter.home"))
                .or(() -> Optional.ofNullable(System.getenv("ARBITER_HOME")))
                .map(Path::of);
    if (known.isPresent()) {
      Path launcher = known.get().resolve("bin/arbiter").toAbsolutePath();
      if (!Files.isExecutable(launcher)) {
        throw new IOException("There is no " + launcher + ": is Arbiter installed there?");
      }
      return launcher;
    }
    for (String entry : System.getenv().getOrDefault("PATH", "").split(":")) {
      Path launcher = Path.of(entry).resolve("arbiter");
      if (!entry.isEmpty() && Files.isExecutable(launcher)) {
        return launcher;
      }
    }
    throw new IOException(
        "Arbiter was not found: set the system property arbiter.home, or ARBITER_HOME");
  }
}
