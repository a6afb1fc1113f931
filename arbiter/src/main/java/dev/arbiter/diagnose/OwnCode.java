package dev.arbiter.diagnose;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.ZipFile;

/**
 * Tells the app's code in a stack from that of the worker which runs it: by the packages in the
 * jars of the worker kind, so that no library needs to be known by name. Reads files: off the loop.
 */
final class OwnCode {
  private final Set<String> packages = new HashSet<>();

  OwnCode(List<Path> classPath) {
    for (Path entry : classPath) {
      if (Files.isRegularFile(entry)) {
        read(entry);
      }
    }
  }

  private void read(Path jar) {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      zip.stream()
          .map(java.util.zip.ZipEntry::getName)
          .filter(name -> name.endsWith(".class") && name.contains("/"))
          .forEach(
              name -> packages.add(name.substring(0, name.lastIndexOf('/')).replace('/', '.')));
    } catch (IOException e) {
      packages.add("dev.arbiter"); // replaced under a running arbiter: better a frame too many
    }
  }

  /** The innermost frame that belongs to the app. */
  Optional<Frame> appFrame(ThreadDump.Entry thread) {
    return thread.frames.stream()
        .filter(frame -> !frame.isJdk() && !packages.contains(frame.packageName()))
        .findFirst();
  }
}
