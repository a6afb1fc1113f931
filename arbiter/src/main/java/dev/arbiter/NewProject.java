package dev.arbiter;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.settings.SettingsException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What {@code arbiter init} writes: a small project that builds with Maven and runs. */
final class NewProject {
  private NewProject() {}

  /**
   * Writes the project. A file that exists is never replaced: if there is one, nothing is written.
   *
   * @param folder made if it is not there; its name becomes that of the project
   * @param home where Arbiter is installed
   * @return what was written and what to do next, for a terminal
   * @throws SettingsException a file exists, or cannot be written
   */
  static String write(Path folder, Path home) throws SettingsException {
    String name = name(folder);
    Map<Path, String> files = new LinkedHashMap<>();
    files.put(Path.of("src/main/java/app/App.java"), "App.java");
    files.put(Path.of("src/test/java/app/AppTest.java"), "AppTest.java");
    files.put(Path.of("pom.xml"), "pom.xml");
    files.put(Path.of("arbiter.toml"), "arbiter.toml");
    files.put(Path.of("Dockerfile"), "Dockerfile");
    files.put(Path.of(name + ".service"), "app.service");
    files.put(Path.of("README.md"), "README.md");
    files.put(Path.of(".gitignore"), "gitignore");
    for (Path file : files.keySet()) {
      if (Files.exists(folder.resolve(file))) {
        throw new SettingsException(
            "init " + folder + ": " + file + " exists already, and nothing was written",
            "Name a new folder: arbiter init FOLDER.");
      }
    }
    StringBuilder said = new StringBuilder();
    try {
      for (Map.Entry<Path, String> file : files.entrySet()) {
        Path path = folder.resolve(file.getKey());
        Path parent = path.getParent();
        if (parent != null) {
          Files.createDirectories(parent);
        }
        String text =
            template(file.getValue())
                .replace("@NAME@", name)
                .replace("@FOLDER@", folder.toAbsolutePath().toString())
                .replace("@HOME@", home.toString())
                .replace("@VERSION@", Arbiter.VERSION);
        Files.writeString(path, text, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        said.append("  ").append(path).append('\n');
      }
    } catch (IOException e) {
      throw new SettingsException("init " + folder + ": cannot be written: " + e, "");
    }
    return said.append(
            """

            Next:
              cd %s
              mvn package
              %s/bin/arbiter
            """
                .formatted(quoted(folder), quoted(home)))
        .toString();
  }

  /** As a shell takes it for one word. */
  private static String quoted(Path path) {
    String text = path.toString();
    return text.matches("[A-Za-z0-9/._+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }

  /** The folder's name as Maven and systemd like names. */
  private static String name(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    String name =
        String.valueOf(last)
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^a-z0-9]+", "-")
            .replaceAll("^-+|-+$", "");
    return name.isEmpty() || last == null ? "app" : name;
  }

  private static String template(String name) throws IOException {
    try (InputStream in = NewProject.class.getResourceAsStream("project/" + name)) {
      if (in == null) {
        throw new IOException("the template " + name + " is missing");
      }
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
