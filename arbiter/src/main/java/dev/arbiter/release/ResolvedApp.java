package dev.arbiter.release;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An app, found: what a worker needs to load it.
 *
 * @param classPath real paths, symlinks resolved: a release that is switched by a symlink does not
 *     change under a running generation
 * @param className binary name
 * @param factory a static method that makes the app; empty for the constructor
 */
public record ResolvedApp(List<Path> classPath, String className, String factory) {

  /** For a kind that hosts no app. */
  public static final ResolvedApp NONE = new ResolvedApp(List.of(), "", "");

  /** Its class path, with colons. */
  public String classPathText() {
    return classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }
}
