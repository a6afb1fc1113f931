package dev.arbiter.develop;

import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which files matter. Immutable but for {@link #compiled}; any thread.
 *
 * <p>A pattern without a slash is held against the name of a file and, to exclude, of each folder
 * it is in; one with a slash against the path from the watched folder on.
 */
public final class WatchPlan {
  private static final List<String> INCLUDED =
      List.of("*.java", "*.class", "*.jar", "*.properties");

  /** Hidden files, among them what editors write before they rename it; backups; other worlds. */
  private static final List<String> EXCLUDED = List.of(".*", "*~", "#*#", "node_modules");

  /** What is built is watched where the classes are; the rest of it is nobody's source. */
  private static final Set<String> BUILD_FOLDERS = Set.of("target", "build");

  private static final List<String> BUILD_FILES =
      List.of("pom.xml", "build.gradle", "build.gradle.kts");

  private final List<Path> sources;
  private final List<Path> classFolders;
  private final Set<Path> files;
  private final List<Pattern> includes;
  private final List<Pattern> wanted;
  private final List<Pattern> excludes;
  private final List<Path> extras;
  private volatile boolean compiled = true;

  private record Pattern(PathMatcher matcher, boolean whole) {
    static List<Pattern> of(List<String> globs) {
      return globs.stream()
          .map(
              glob ->
                  new Pattern(
                      FileSystems.getDefault().getPathMatcher("glob:" + glob), glob.contains("/")))
          .toList();
    }

    /** Of a name, or of a path from the watched folder on. */
    boolean matches(Path relative) {
      return matcher.matches(whole ? relative : relative.getFileName());
    }
  }

  /**
   * @param sources folders of sources, watched with the folders in them
   * @param classPath folders of classes, in which every file matters, and jars; they may not be
   *     there yet
   * @param includes patterns beside the usual ones
   * @param excludes patterns beside the usual ones
   * @param extras more files; the last part of each may be a pattern
   */
  public WatchPlan(
      List<Path> sources,
      List<Path> classPath,
      List<String> includes,
      List<String> excludes,
      List<Path> extras) {
    this.sources = List.copyOf(sources);
    this.files = new LinkedHashSet<>();
    this.classFolders = new ArrayList<>();
    for (Path entry : classPath) {
      if (Files.isRegularFile(entry)) {
        files.add(entry);
      } else if (entry.endsWith("*")) {
        classFolders.add(entry.resolveSibling(".").normalize());
      } else if (!sources.contains(entry)) {
        classFolders.add(entry);
      }
    }
    this.wanted = Pattern.of(includes);
    this.includes = Pattern.of(Stream.concat(INCLUDED.stream(), includes.stream()).toList());
    this.excludes = Pattern.of(Stream.concat(EXCLUDED.stream(), excludes.stream()).toList());
    this.extras = List.copyOf(extras);
  }

  /**
   * Whether the arbiter compiles the app: a source that others compile matters only by its classes.
   */
  public void compiled(boolean byArbiter) {
    compiled = byArbiter;
  }

  /** The folders of which all that is in them is to be watched. */
  List<Path> roots() {
    return Stream.concat(sources.stream(), classFolders.stream()).distinct().toList();
  }

  /** Folders that are watched for single files in them, or for a folder that is yet to be made. */
  List<Path> neighbours() {
    return Stream.of(files.stream(), extras.stream(), roots().stream())
        .flatMap(all -> all)
        .map(Path::getParent)
        .filter(folder -> folder != null && Files.isDirectory(folder))
        .distinct()
        .toList();
  }

  /** What is said of it at the start. */
  public String summary() {
    List<String> names = new ArrayList<>();
    Stream.of(roots().stream(), files.stream(), extras.stream())
        .flatMap(all -> all)
        .filter(path -> Files.exists(path) || extras.contains(path))
        .forEach(path -> names.add(path.toString()));
    return String.join(", ", names);
  }

  /** Whether to look into a folder. */
  boolean descends(Path folder) {
    return root(folder).filter(root -> isReachable(root, folder)).isPresent();
  }

  /** Whether it matters that this file was written, made or removed. */
  boolean matters(Path file) {
    if (files.contains(file) || extras.stream().anyMatch(extra -> isExtra(extra, file))) {
      return true;
    }
    Optional<Path> found = root(file);
    if (found.isEmpty() || found.get().equals(file)) {
      return false;
    }
    Path root = found.get();
    Path relative = root.relativize(file);
    Path folder = relative.getParent();
    if (matches(excludes, relative)
        || !isReachable(root, folder == null ? root : root.resolve(folder))) {
      return false;
    }
    if (classFolders.contains(root) || matches(wanted, relative)) {
      return true;
    }
    return matches(includes, relative) && (compiled || !file.toString().endsWith(".java"));
  }

  private static boolean isExtra(Path extra, Path file) {
    return extra.equals(file)
        || (extra.getParent() != null
            && extra.getParent().equals(file.getParent())
            && FileSystems.getDefault()
                .getPathMatcher("glob:" + extra.getFileName())
                .matches(file.getFileName()));
  }

  /** The innermost watched folder that holds it. */
  private Optional<Path> root(Path path) {
    return roots().stream()
        .filter(path::startsWith)
        .max(java.util.Comparator.comparingInt(Path::getNameCount));
  }

  private boolean isReachable(Path root, Path folder) {
    if (folder.equals(root)) {
      return true;
    }
    Path relative = root.relativize(folder);
    for (int i = 1; i <= relative.getNameCount(); i++) {
      if (matches(excludes, relative.subpath(0, i))) {
        return false;
      }
    }
    return !isBuilt(root, relative)
        || classFolders.stream().anyMatch(classes -> classes.startsWith(folder));
  }

  private static boolean isBuilt(Path root, Path relative) {
    return BUILD_FOLDERS.contains(relative.getName(0).toString())
        && BUILD_FILES.stream().anyMatch(name -> Files.exists(root.resolve(name)));
  }

  private static boolean matches(List<Pattern> patterns, Path relative) {
    return patterns.stream().anyMatch(pattern -> pattern.matches(relative));
  }
}
