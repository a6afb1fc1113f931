package dev.arbiter.release;

import dev.arbiter.settings.Config;
import dev.arbiter.settings.Machine;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a generation was made of, to tell whether the next one would differ from it in nothing but
 * what is in the files of TLS: then the workers that run can read those again. Reads the disk, off
 * the loop; immutable.
 *
 * <p>Wherever this is in doubt the answer is that more has changed, for a reload makes everything
 * new. So every file counts that is found in the app's folder, but for the logs of the settings and
 * what is hidden; an app that writes into its own folder is always reloaded.
 */
public final class Origins {
  /** Looking at so many files takes a moment; more than these are not looked at. */
  private static final int MOST_FILES = 20_000;

  private static final List<String> KEYS = List.of("certfile", "keyfile", "ca-certs", "ssl-crl");
  private static final List<String> WRITTEN =
      List.of("error-logfile", "access-logfile", "pid", "incident-dir");
  private static final String IN_FILE = "file:";

  private final Release release;
  private final FilePrints keys;
  private final Optional<FilePrints> others;

  private Origins(Release release, FilePrints keys, Optional<FilePrints> others) {
    this.release = release;
    this.keys = keys;
    this.others = others;
  }

  /**
   * As they are now.
   *
   * @param begun when the making of the release began, in milliseconds since 1970: what was saved
   *     since may be in it or not
   */
  public static Origins of(Release release, long begun) {
    Set<Path> named = named(release);
    return new Origins(
        release,
        FilePrints.of(keys(release.config())),
        others(release).filter(prints -> !prints.isAnySince(begun, named)));
  }

  /** The same, with the files of TLS as they are now: workers have read them again. */
  public Origins reread() {
    return new Origins(release, FilePrints.of(keys(release.config())), others);
  }

  /**
   * The files of TLS that are not what they were, if nothing else is.
   *
   * @param now the settings as a reload would have them
   */
  public List<Path> renewed(Config now) {
    List<Path> changed = keys.changed();
    return changed.isEmpty() || !isSame(now) || others.isEmpty() || !others(release).equals(others)
        ? List.of()
        : changed;
  }

  private boolean isSame(Config now) {
    Config then = release.config();
    try {
      return now.sameAs(then)
          && Machine.here().equals(release.machine())
          && now.directory().toRealPath().equals(release.directory());
    } catch (IOException gone) {
      return false; // a reload says what is wrong
    }
  }

  private static List<Path> keys(Config config) {
    List<Path> files = new ArrayList<>();
    for (String name : KEYS) {
      if (config.has(name)) {
        files.add(config.path(name));
      }
    }
    for (String named : config.list("sni")) {
      for (String file : named.substring(named.indexOf('=') + 1).split(",", -1)) {
        files.add(config.directory().resolve(file).normalize());
      }
    }
    String password = config.text("ssl-keyfile-password");
    if (password.startsWith(IN_FILE)) {
      files.add(config.directory().resolve(password.substring(IN_FILE.length())).normalize());
    }
    return files;
  }

  /** Where the settings say that something is; what a compiler has written is elsewhere. */
  private static Set<Path> named(Release release) {
    Config config = release.config();
    Set<Path> roots = new LinkedHashSet<>(ReleaseResolver.places(config));
    roots.addAll(release.kind().classPath());
    config.list("worker-path").stream().map(config.directory()::resolve).forEach(roots::add);
    config.files().filter(file -> Files.isRegularFile(file)).forEach(roots::add);
    return roots;
  }

  /** Everything else; empty if it is too much to look at, or cannot be. */
  private static Optional<FilePrints> others(Release release) {
    Set<Path> left = left(release.config());
    Set<Path> roots = named(release);
    roots.addAll(release.app().classPath());
    roots.addAll(release.hooks().classPath());
    roots.add(release.jdk().resolve("release"));
    roots.removeIf(root -> left.contains(root) && Files.isRegularFile(root));
    if (roots.stream().anyMatch(root -> left.stream().anyMatch(root::startsWith))) {
      return Optional.empty(); // what is written all the time, and what must not change, are one
    }
    Walk walk = new Walk(left);
    try {
      for (Path root : roots) {
        walk.root = root;
        Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, walk);
      }
    } catch (IOException unreadable) {
      return Optional.empty();
    }
    return walk.files.size() > MOST_FILES
        ? Optional.empty()
        : Optional.of(FilePrints.of(List.copyOf(walk.files)));
  }

  /** What is not looked at, by every name it may be found under. */
  private static Set<Path> left(Config config) {
    List<Path> named = new ArrayList<>(keys(config));
    for (String name : WRITTEN) {
      if (config.has(name)) {
        named.add(config.path(name));
      }
    }
    Set<Path> left = new HashSet<>(named);
    for (Path path : named) {
      try {
        left.add(path.toRealPath());
        left.add(path.resolveSibling(".").toRealPath().resolve(path.getFileName()));
      } catch (IOException gone) {
        // Then it is not found under another name either.
      }
    }
    return left;
  }

  private static final class Walk extends SimpleFileVisitor<Path> {
    private final Set<Path> left;
    private final Set<Path> files = new LinkedHashSet<>();
    private Path root = Path.of("");

    Walk(Set<Path> left) {
      this.left = left;
    }

    private boolean isLeft(Path path) {
      return left.contains(path)
          || !path.equals(root) && String.valueOf(path.getFileName()).startsWith(".");
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      return isLeft(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (!isLeft(file)) {
        files.add(file);
      }
      return files.size() > MOST_FILES ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException why) throws IOException {
      if (isLeft(file) || !Files.exists(file)) {
        return FileVisitResult.CONTINUE;
      }
      throw why;
    }
  }
}
