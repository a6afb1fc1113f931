package dev.arbiter.process;

import dev.arbiter.settings.Nearest;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A worker kind, as its descriptor {@code worker.properties} has it: all the arbiter knows of it.
 *
 * @param name as given to {@code -k}
 * @param mainClass its main class
 * @param classPath jars and folders, in order
 * @param jvmFlags flags its JVM needs
 * @param needsApp whether it hosts an app
 * @param refuses settings it cannot serve with: a name, or NAME=VALUE if it is that value alone
 * @param ignores names of settings that change nothing with it
 */
public record WorkerKind(
    String name,
    String mainClass,
    List<Path> classPath,
    List<String> jvmFlags,
    boolean needsApp,
    List<String> refuses,
    List<String> ignores) {

  private static final String DESCRIPTOR = "worker.properties";
  private static final String PREFIX = "worker-";
  private static final String ARCHIVE = "classes.jsa";

  /** A kind that is not there, or whose descriptor is wrong. Exit code 2. */
  public static final class KindException extends Exception {
    private static final long serialVersionUID = 1;
    private final String hint;

    KindException(String what, String hint) {
      super(what);
      this.hint = hint;
    }

    /** What to do. */
    public String hint() {
      return hint;
    }
  }

  /** A kind that can do whatever the settings ask for. */
  public WorkerKind(
      String name,
      String mainClass,
      List<Path> classPath,
      List<String> jvmFlags,
      boolean needsApp) {
    this(name, mainClass, classPath, jvmFlags, needsApp, List.of(), List.of());
  }

  /**
   * Finds a kind by its name, or by the path of its folder if there is a slash in it.
   *
   * @param said where the name came from, for the message if there is no such kind
   * @param home the installation: {@code lib/worker-NAME} is looked at first
   * @param folders more folders, each a kind's own or one that holds {@code worker-NAME}
   */
  public static WorkerKind find(String name, String said, Path home, List<Path> folders)
      throws KindException {
    List<Path> candidates = new ArrayList<>();
    if (name.contains("/")) {
      candidates.add(Path.of(name));
    } else {
      candidates.add(home.resolve("lib").resolve(PREFIX + name));
      for (Path folder : folders) {
        candidates.add(folder.resolve(PREFIX + name));
        if (folder.endsWith(PREFIX + name)) {
          candidates.add(folder);
        }
      }
    }
    for (Path candidate : candidates) {
      if (Files.isRegularFile(candidate.resolve(DESCRIPTOR))) {
        return read(candidate, home);
      }
    }
    String hint =
        "--worker-path names folders to look for other kinds, and -k takes the path of one; there is no "
            + DESCRIPTOR
            + " in "
            + String.join(", ", candidates.stream().map(Path::toString).toList());
    if (name.contains("/")) {
      throw new KindException(said + ": expected a folder with a " + DESCRIPTOR, hint);
    }
    List<String> unread = new ArrayList<>();
    TreeSet<String> names = known(home, folders, unread);
    throw new KindException(
        said
            + ": expected "
            + (names.isEmpty() ? "a kind that is there" : Nearest.oneOf(name, names)),
        hint + String.join("", unread));
  }

  /** The names that would be found; {@code unread} gets what could not be looked at. */
  private static TreeSet<String> known(Path home, List<Path> folders, List<String> unread) {
    TreeSet<String> names = new TreeSet<>();
    List<Path> candidates = new ArrayList<>(folders);
    for (Path folder : Stream.concat(Stream.of(home.resolve("lib")), folders.stream()).toList()) {
      try (DirectoryStream<Path> kinds = Files.newDirectoryStream(folder, PREFIX + "*")) {
        kinds.forEach(candidates::add);
      } catch (IOException | DirectoryIteratorException e) {
        unread.add("; " + folder + " cannot be read: " + e);
      }
    }
    for (Path candidate : candidates) {
      String name = String.valueOf(candidate.getFileName());
      if (name.startsWith(PREFIX) && Files.isRegularFile(candidate.resolve(DESCRIPTOR))) {
        names.add(name.substring(PREFIX.length()));
      }
    }
    return names;
  }

  private static WorkerKind read(Path folder, Path home) throws KindException {
    Path file = folder.resolve(DESCRIPTOR);
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
      return new WorkerKind(
          required(properties, "name", file),
          required(properties, "main", file),
          classPath(required(properties, "classpath", file), folder, home),
          flags(properties.getProperty("jvm-flags", ""), folder, home),
          !properties.getProperty("app", "required").equals("none"),
          words(properties.getProperty("refuses", "")),
          words(properties.getProperty("ignores", "")));
    } catch (IOException | IllegalArgumentException e) {
      throw new KindException(file + " cannot be read: " + e.getMessage(), "");
    }
  }

  /**
   * What its JVM needs, and the archive of its classes if there is one. An archive that does not
   * fit, as that of another JDK or of jars that were replaced, is left aside by the JVM, which says
   * so at length unless it is told not to.
   */
  private static List<String> flags(String text, Path folder, Path home) {
    List<String> flags = new ArrayList<>();
    words(text).forEach(flag -> flags.add(expand(flag, folder, home)));
    Path archive = folder.resolve(ARCHIVE);
    if (Files.isRegularFile(archive)) {
      flags.add("-XX:SharedArchiveFile=" + archive.toAbsolutePath());
      flags.add("-Xlog:cds=off");
      flags.add("-Xlog:cds+dynamic=off");
    }
    return List.copyOf(flags);
  }

  private static String required(Properties properties, String key, Path file)
      throws KindException {
    String value = properties.getProperty(key, "").strip();
    if (value.isEmpty()) {
      throw new KindException(file + " has no '" + key + "'", "see docs/worker-kinds.md");
    }
    return value;
  }

  private static List<Path> classPath(String text, Path folder, Path home)
      throws IOException, KindException {
    List<Path> found = new ArrayList<>();
    for (String entry : words(text)) {
      Path path = folder.resolve(expand(entry, folder, home)).normalize();
      String last = String.valueOf(path.getFileName());
      if (last.startsWith("*")) {
        Path directory = path.resolveSibling(".").normalize();
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(directory, last)) {
          List<Path> sorted = new ArrayList<>();
          jars.forEach(sorted::add);
          sorted.stream().sorted().forEach(found::add);
        }
      } else {
        found.add(path);
      }
    }
    if (found.isEmpty()) {
      throw new KindException(folder.resolve(DESCRIPTOR) + ": its class path is empty", "");
    }
    List<Path> real = new ArrayList<>();
    for (Path path : found) {
      real.add(path.toRealPath());
    }
    return List.copyOf(real);
  }

  /**
   * {@code ${worker.home}} is the descriptor's folder, {@code ${arbiter.home}} the installation.
   */
  private static String expand(String text, Path folder, Path home) {
    return text.replace("${arbiter.home}", home.toString())
        .replace("${worker.home}", folder.toAbsolutePath().toString());
  }

  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
  }
}
