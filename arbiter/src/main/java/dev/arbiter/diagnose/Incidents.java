package dev.arbiter.diagnose;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.process.FileTree;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The folders of evidence, one for each incident: {@code 20261124-180322-slot2-pid4711-deadlock}.
 * They are for the arbiter's user alone, because dumps hold what requests hold; the oldest go when
 * there are too many or they take too much room. A folder is made under a name with a dot in front
 * and gets its own when it is whole.
 *
 * <p>Reads and writes files: off the loop. A disk that takes nothing costs evidence, never more,
 * and is said once.
 */
public final class Incidents {
  private static final Pattern NAME =
      Pattern.compile("(\\d{8}-\\d{6})-slot(\\d+)-pid(\\d+)-([a-z-]+?)(?:-\\d+)?");
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");
  private static final String UNFINISHED = ".unfinished-";
  private static final String SUMMARY = "summary.md";

  /** An incident. */
  public record Entry(String name, Instant time, int slot, long pid, String cause, Path path) {}

  private static final String FROM_WORKERS = "from-workers";

  private final Optional<Path> root;

  /** Where a dying JVM leaves what it writes itself: in the root, or a folder of its user's. */
  private final Optional<Path> left;

  private final int keep;
  private final long size;
  private final Consumer<String> warn;
  private boolean warned;

  /**
   * @param root where they are kept; empty: nowhere
   * @param keep how many; 0 keeps none
   * @param size bytes of all together; the newest is kept whatever its size
   */
  Incidents(Optional<Path> root, int keep, long size, Consumer<String> warn) {
    this(
        keep <= 0 ? Optional.empty() : root, keep <= 0 ? Optional.empty() : root, keep, size, warn);
  }

  private Incidents(
      Optional<Path> root, Optional<Path> left, int keep, long size, Consumer<String> warn) {
    this.root = root;
    this.left = left;
    this.keep = keep;
    this.size = size;
    this.warn = warn;
  }

  /**
   * Opens the first of {@code candidates} that can be made, or is there and belongs to this user.
   *
   * @param warn told what does not work
   */
  public static Incidents open(List<Path> candidates, int keep, long size, Consumer<String> warn) {
    List<String> problems = new ArrayList<>();
    for (Path candidate : keep <= 0 ? List.<Path>of() : candidates) {
      try {
        makePrivate(candidate);
        return new Incidents(Optional.of(candidate), keep, size, warn);
      } catch (IOException e) {
        problems.add(e.toString());
      }
    }
    if (!problems.isEmpty()) {
      warn.accept(
          "Incidents are not kept: there is no folder for them (--incident-dir): "
              + String.join("; ", problems));
    }
    return none(warn);
  }

  /**
   * The same, where workers have another user. What their JVMs write when they die goes to a folder
   * of their own, below the one of the incidents, which they may pass through and not read. What is
   * found there is theirs: a link in it is not followed.
   *
   * @throws IOException the folder cannot be made
   */
  public Incidents writtenBy(long uid, long gid) throws IOException {
    if (root.isEmpty()) {
      return this;
    }
    if (Files.isSymbolicLink(root.get())) {
      throw new IOException(root.get() + " is a link, and would be followed as root");
    }
    Path own = root.get().resolve(FROM_WORKERS);
    if (!Files.isDirectory(own, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(
          own, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    Files.setAttribute(own, "unix:gid", (int) gid, LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(own, "unix:uid", (int) uid, LinkOption.NOFOLLOW_LINKS);
    // A folder that was there may be meant for others as well: nothing is taken from it.
    Set<PosixFilePermission> mode =
        Files.getPosixFilePermissions(root.get(), LinkOption.NOFOLLOW_LINKS);
    if (mode.addAll(
        List.of(PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_EXECUTE))) {
      Files.setPosixFilePermissions(root.get(), mode);
    }
    return new Incidents(root, Optional.of(own), keep, size, warn);
  }

  /** Keeps nothing. */
  public static Incidents none(Consumer<String> warn) {
    return new Incidents(Optional.empty(), 0, 0, warn);
  }

  /** What the JVM of a worker is told about them; before its user's own flags. */
  public List<String> jvmFlags(boolean heapDump) {
    if (left.isEmpty()) {
      return List.of();
    }
    List<String> flags = new ArrayList<>();
    flags.add("-XX:ErrorFile=" + left.get().resolve("hs_err_pid%p.log"));
    if (heapDump) {
      flags.add("-XX:+HeapDumpOnOutOfMemoryError");
      flags.add("-XX:HeapDumpPath=" + left.get()); // a folder: HotSpot names the file by pid
    }
    return List.copyOf(flags);
  }

  /** All incidents, the oldest first. */
  public List<Entry> list() {
    if (root.isEmpty()) {
      return List.of();
    }
    List<Entry> entries = new ArrayList<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(root.get())) {
      for (Path folder : folders) {
        entry(folder).ifPresent(entries::add);
      }
    } catch (IOException e) {
      failed("read", e);
    }
    entries.sort(Comparator.comparing(Entry::time).thenComparing(Entry::name));
    return entries;
  }

  private static Optional<Entry> entry(Path folder) {
    String name = String.valueOf(folder.getFileName());
    Matcher parts = NAME.matcher(name);
    if (!parts.matches() || !Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try {
      Instant time =
          LocalDateTime.parse(parts.group(1), TIME).atZone(ZoneId.systemDefault()).toInstant();
      return Optional.of(
          new Entry(
              name,
              time,
              Integer.parseInt(parts.group(2)),
              Long.parseLong(parts.group(3)),
              parts.group(4),
              folder));
    } catch (DateTimeException | NumberFormatException e) {
      return Optional.empty(); // not one of ours
    }
  }

  /** An unfinished folder, if there is room for one. */
  Optional<Path> begin(int slot, long pid) {
    if (root.isEmpty()) {
      return Optional.empty();
    }
    try {
      makePrivate(root.get());
      Path folder = Files.createTempDirectory(root.get(), UNFINISHED + slot + "-" + pid + "-");
      return Optional.of(folder); // mode 0700
    } catch (IOException e) {
      failed("write", e);
      return Optional.empty();
    }
  }

  /**
   * Fills a folder and gives it its name.
   *
   * @param files texts by file name
   * @return where it is; empty if it could not be written
   */
  Optional<Path> finish(
      Path folder, Instant time, int slot, long pid, Cause cause, Map<String, String> files) {
    try {
      for (Map.Entry<String, String> file : files.entrySet()) {
        write(folder.resolve(file.getKey()), file.getValue());
      }
      String name =
          "%s-slot%d-pid%d-%s"
              .formatted(TIME.format(time.atZone(ZoneId.systemDefault())), slot, pid, cause.word());
      Path parent = folder.resolveSibling(name);
      for (int i = 2; Files.exists(parent); i++) {
        parent = folder.resolveSibling(name + "-" + i);
      }
      Files.move(folder, parent);
      prune();
      return Optional.of(parent);
    } catch (IOException e) {
      failed("write", e);
      discard(folder);
      return Optional.empty();
    }
  }

  /** Moves what a dying JVM has written into the folder; the error file's text, if there is one. */
  String claim(Path folder, long pid) {
    Path parent = left.orElseGet(() -> folder.resolveSibling(""));
    String text = "";
    try {
      Path error = parent.resolve("hs_err_pid" + pid + ".log");
      Path moved = folder.resolve("hs_err.log");
      if (take(error, moved)) {
        text = new String(Files.readAllBytes(moved), UTF_8);
      }
      Path dump = parent.resolve("java_pid" + pid + ".hprof");
      take(dump, folder.resolve("heap.hprof"));
    } catch (IOException e) {
      failed("write", e);
    }
    return text;
  }

  /** Moves a file of a worker's, and makes it the arbiter's; a link or a name of another's, not. */
  private static boolean take(Path from, Path to) throws IOException {
    if (!Files.isRegularFile(from, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    Files.move(from, to);
    // Looked at again here, where nobody else can change it.
    if (!Files.isRegularFile(to, LinkOption.NOFOLLOW_LINKS)
        || (int) Files.getAttribute(to, "unix:nlink", LinkOption.NOFOLLOW_LINKS) != 1) {
      Files.delete(to);
      return false;
    }
    UserPrincipal own = Files.getOwner(Path.of("/proc/self"));
    if (!Files.getOwner(to).equals(own)) {
      Files.setOwner(to, own);
    }
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rw-------"));
    return true;
  }

  /** Adds a line to a summary: how it went on. */
  void append(Path folder, String line) {
    try {
      Files.writeString(folder.resolve(SUMMARY), line + "\n", StandardOpenOption.APPEND);
    } catch (IOException e) {
      failed("write", e);
    }
  }

  void discard(Path folder) {
    try {
      FileTree.delete(folder);
    } catch (IOException e) {
      failed("delete", e);
    }
  }

  /** The arbiter leaves: an empty folder need not stay. */
  public void close() {
    try {
      if (left.isPresent() && !left.equals(root)) {
        Files.deleteIfExists(left.get());
      }
      if (root.isPresent()) {
        Files.deleteIfExists(root.get());
      }
    } catch (IOException e) {
      // Not empty, as it should be where there are incidents.
      warned = true;
    }
  }

  private synchronized void prune() throws IOException {
    List<Entry> entries = list();
    List<Path> oldestFirst = new ArrayList<>(entries.stream().map(Entry::path).toList());
    long total = 0;
    for (Path folder : oldestFirst) {
      total += sizeOf(folder);
    }
    while (oldestFirst.size() > 1 && (oldestFirst.size() > keep || total > size)) {
      Path oldest = oldestFirst.removeFirst();
      total -= sizeOf(oldest);
      FileTree.delete(oldest);
    }
    pruneLeftovers(root.orElseThrow(), "{.unfinished-*,hs_err_pid*.log,java_pid*.hprof}");
    if (!left.equals(root)) {
      pruneLeftovers(left.orElseThrow(), "{hs_err_pid*.log,java_pid*.hprof}");
    }
  }

  /** What arbiters that were killed, and JVMs nobody asked for, have left behind. */
  private static void pruneLeftovers(Path folder, String names) throws IOException {
    Instant old = Instant.now().minusSeconds(600);
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, names)) {
      for (Path path : left) {
        if (Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant().isBefore(old)) {
          // A folder of that name where workers write is none of ours, and not gone through as
          // root.
          if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            Files.deleteIfExists(path);
          } else if (String.valueOf(path.getFileName()).startsWith(UNFINISHED)) {
            FileTree.delete(path);
          }
        }
      }
    }
  }

  private static long sizeOf(Path folder) throws IOException {
    long total = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        total += Files.size(file);
      }
    }
    return total;
  }

  private static void write(Path file, String text) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, text);
  }

  private static void makePrivate(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Path parent = folder.resolveSibling("");
      Files.createDirectories(parent);
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    if (!Files.getOwner(folder).equals(Files.getOwner(Path.of("/proc/self")))) {
      throw new IOException(folder + " belongs to " + Files.getOwner(folder));
    }
    if (!Files.isWritable(folder)) {
      throw new IOException(folder + " cannot be written to");
    }
  }

  synchronized void failed(String doing, @Nullable Throwable e) {
    if (!warned) {
      warned = true;
      warn.accept(
          "An incident could not be %s: %s. The log has the summary; this is not said again."
              .formatted(
                  switch (doing) {
                    case "read" -> "read";
                    case "delete" -> "deleted";
                    default -> "written";
                  },
                  e));
    }
  }
}
