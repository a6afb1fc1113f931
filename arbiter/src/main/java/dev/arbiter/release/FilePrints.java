package dev.arbiter.release;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What a generation's jars looked like when it was resolved. A JVM reads a jar's directory once and
 * its classes when they are first used: one that is overwritten in place gives a running worker
 * ZipException or NoClassDefFoundError at its next lazy load, or classes of two releases. A file
 * that was replaced by renaming another onto it has a new inode, and the workers keep the old one.
 */
public final class FilePrints {
  private record Print(Object key, long modified, long size) {}

  private final Map<Path, Print> prints = new LinkedHashMap<>();
  private final Map<Path, Print> first = new LinkedHashMap<>();

  private FilePrints() {}

  /** Takes the prints of those that are files; folders of classes change file by file. */
  public static FilePrints of(List<Path> classPath) {
    FilePrints taken = new FilePrints();
    for (Path path : classPath) {
      try {
        BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
        if (now.isRegularFile()) {
          taken.prints.put(path, print(now));
        }
      } catch (IOException _) {
        // It is gone already: whoever needs it will say so better than we could.
      }
    }
    taken.first.putAll(taken.prints);
    return taken;
  }

  /** Files that are not what they were: overwritten, replaced or gone. A worker would boot so. */
  public List<Path> changed() {
    return first.entrySet().stream()
        .filter(entry -> !isSame(entry.getKey(), entry.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  /**
   * Whether one below {@code roots} was changed at that time or later, as far as its file system
   * tells: many count in ticks of the kernel (up to 10 ms), some in seconds.
   *
   * @param millis since 1970
   */
  boolean isAnySince(long millis, Set<Path> roots) {
    return first.entrySet().stream()
        .filter(entry -> roots.stream().anyMatch(entry.getKey()::startsWith))
        .mapToLong(entry -> entry.getValue().modified())
        .anyMatch(modified -> modified + (modified % 1000 == 0 ? 1000 : 10) >= millis);
  }

  /** Whether they are of the same files, and each was the same when they were taken. */
  @Override
  public boolean equals(Object other) {
    return other instanceof FilePrints prints && prints.first.equals(first);
  }

  @Override
  public int hashCode() {
    return first.hashCode();
  }

  private static boolean isSame(Path path, Print then) {
    try {
      return then.equals(print(Files.readAttributes(path, BasicFileAttributes.class)));
    } catch (IOException gone) {
      return false;
    }
  }

  /** Files whose content was changed in place since, each told once. */
  public List<Path> overwritten() {
    List<Path> changed = new ArrayList<>();
    prints
        .entrySet()
        .removeIf(
            entry -> {
              try {
                Print now = print(Files.readAttributes(entry.getKey(), BasicFileAttributes.class));
                Print then = entry.getValue();
                boolean same = Objects.equals(now.key(), then.key());
                if (same && !now.equals(then)) {
                  changed.add(entry.getKey());
                }
                return !now.equals(then);
              } catch (IOException e) {
                return true; // removed: open files keep what they had
              }
            });
    return changed;
  }

  private static Print print(BasicFileAttributes attributes) {
    return new Print(
        Objects.requireNonNullElse(attributes.fileKey(), ""),
        attributes.lastModifiedTime().toMillis(),
        attributes.size());
  }
}
