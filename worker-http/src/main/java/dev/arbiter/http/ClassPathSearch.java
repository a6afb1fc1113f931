package dev.arbiter.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/** Looks for the class an operator may have meant, once a boot has failed. */
final class ClassPathSearch {
  /** A class path larger than this is not worth the wait before an error message. */
  private static final int MOST_ENTRIES = 50_000;

  private ClassPathSearch() {}

  /**
   * A class whose name differs only in case, else one of the same simple name in another package.
   */
  static Optional<String> nearest(List<Path> classPath, String className) {
    String simple = className.substring(className.lastIndexOf('.') + 1);
    String other = null;
    for (Path entry : classPath) {
      for (String found : classesIn(entry)) {
        if (found.equalsIgnoreCase(className)) {
          return Optional.of(found);
        }
        if (other == null && found.substring(found.lastIndexOf('.') + 1).equalsIgnoreCase(simple)) {
          other = found;
        }
      }
    }
    return Optional.ofNullable(other);
  }

  private static List<String> classesIn(Path entry) {
    try {
      if (Files.isDirectory(entry)) {
        try (Stream<Path> files = Files.walk(entry)) {
          return names(files.map(file -> entry.relativize(file).toString()));
        }
      }
      if (Files.isRegularFile(entry)) {
        try (JarFile jar = new JarFile(entry.toFile())) {
          return names(jar.stream().map(ZipEntry::getName));
        }
      }
    } catch (IOException | UncheckedIOException unreadable) {
      // An entry that cannot be read suggests nothing; that the class is missing is said anyway.
      return List.of();
    }
    return List.of();
  }

  private static List<String> names(Stream<String> files) {
    return files
        .limit(MOST_ENTRIES)
        .filter(name -> name.endsWith(".class"))
        .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
        .toList();
  }
}
