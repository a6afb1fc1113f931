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
 * @param compiled whether the arbiter had it compiled
 * @param problem in development, a file that says why there is no app to serve; else empty
 */
public record ResolvedApp(
    List<Path> classPath, String className, String factory, boolean compiled, String problem) {

  /** For a kind that hosts no app. */
  public static final ResolvedApp NONE = new ResolvedApp(List.of(), "", "");

  /** One that was compiled by others. */
  public ResolvedApp(List<Path> classPath, String className, String factory) {
    this(classPath, className, factory, false, "");
  }

  /** The same, compiled by the arbiter. */
  ResolvedApp fromSource() {
    return new ResolvedApp(classPath, className, factory, true, problem);
  }

  /** Its class path, with colons. */
  public String classPathText() {
    return classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }
}
