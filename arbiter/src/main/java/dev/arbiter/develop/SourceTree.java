package dev.arbiter.develop;

import dev.arbiter.develop.CompilerServer.Order;
import dev.arbiter.develop.CompilerServer.Outcome;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * The sources of an app and the classes they were compiled to. Compiles what has changed since the
 * last time that worked, and whatever depends on it; everything, where that is not known. In the
 * compiler's process, on its one thread.
 */
final class SourceTree {
  private String key = "";
  private final Map<Path, SourceFile> compiled = new HashMap<>();
  private final Map<Path, Set<Path>> classes = new HashMap<>();

  /** Sources whose classes were deleted for a compilation that then failed. */
  private final Set<Path> missing = new HashSet<>();

  /**
   * Compiles what is to be compiled, and copies all classes to the output if that went well.
   *
   * @throws IOException something cannot be read or written
   */
  Outcome compile(Order order) throws IOException {
    String wanted = key(order);
    if (!wanted.equals(key)) {
      forget(order.work());
      key = wanted;
    }
    Map<Path, SourceFile> now = new HashMap<>();
    for (Path file : compiled.keySet()) {
      if (Files.isRegularFile(file)) {
        now.put(file, SourceFile.read(file));
      }
    }
    Set<Path> todo = outdated(now);
    Path source = order.source().normalize();
    if (!compiled.containsKey(source)) { // the first time, or it had no class in it
      todo.add(source);
    }
    for (Path file : todo) {
      deleteClassesOf(file);
    }
    todo.removeIf(file -> !Files.isRegularFile(file));
    StringWriter printed = new StringWriter();
    Map<Path, Set<Path>> made = new HashMap<>();
    long began = System.currentTimeMillis();
    boolean fine = todo.isEmpty() || run(order, todo, printed, made);
    made.forEach(
        (file, outputs) -> classes.computeIfAbsent(file, _ -> new HashSet<>()).addAll(outputs));
    if (!fine) {
      missing.addAll(todo);
      missing.addAll(made.keySet());
      return new Outcome(false, printed.toString(), made.size());
    }
    missing.clear();
    compiled.keySet().retainAll(classes.keySet());
    for (Path file : made.keySet()) {
      compiled.put(file, now.containsKey(file) ? now.get(file) : read(file, began));
    }
    copy(order.work(), order.output());
    return new Outcome(true, printed.toString(), made.size());
  }

  /** A source that was first met while it was compiled: what was written since is not in it. */
  private static SourceFile read(Path file, long began) throws IOException {
    SourceFile source = SourceFile.read(file);
    // File systems keep time in ticks, so one that was written a moment before is in doubt, too.
    boolean since = Files.getLastModifiedTime(file).toMillis() >= began - 100;
    return since ? source.inDoubt() : source;
  }

  /** All that must be the same for the classes that are there to be of use. */
  private static String key(Order order) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append(order.source()).append('\n').append(order.folder()).append('\n');
    for (Path entry : order.classPath()) {
      text.append(entry);
      if (Files.isRegularFile(entry)) {
        text.append(' ')
            .append(Files.getLastModifiedTime(entry))
            .append(' ')
            .append(Files.size(entry));
      } else if (!entry.normalize().equals(order.folder().normalize())) {
        describe(entry, text);
      }
      text.append('\n');
    }
    return text.toString();
  }

  /** The classes in a folder, which others make. */
  private static void describe(Path folder, StringBuilder text) throws IOException {
    Set<String> classes = new TreeSet<>();
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".class")) {
              classes.add(
                  " %s %s %d".formatted(file, attributes.lastModifiedTime(), attributes.size()));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException gone) {
            return FileVisitResult.CONTINUE; // javac finds nothing there either
          }
        });
    classes.forEach(line -> text.append('\n').append(line));
  }

  private void forget(Path work) throws IOException {
    compiled.clear();
    classes.clear();
    missing.clear();
    if (Files.isDirectory(work)) {
      try (Stream<Path> files = Files.walk(work)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    Files.createDirectories(work);
  }

  private Set<Path> outdated(Map<Path, SourceFile> now) throws IOException {
    Set<Path> todo = new TreeSet<>(missing);
    Set<String> names = new HashSet<>();
    compiled.forEach(
        (file, before) -> {
          SourceFile after = now.get(file);
          if (after == null || !after.digest().equals(before.digest())) {
            todo.add(file);
          }
        });
    for (Path file : todo) {
      for (Map<Path, SourceFile> time : List.of(compiled, now)) {
        if (time.containsKey(file)) {
          names.addAll(time.get(file).declares());
        }
      }
    }
    // A new class may be what an old one's words mean from now on.
    for (Path file : beside(compiled.keySet())) {
      names.addAll(SourceFile.read(file).declares());
    }
    boolean more = !names.isEmpty();
    while (more) {
      more = false;
      for (Map.Entry<Path, SourceFile> entry : now.entrySet()) {
        if (!todo.contains(entry.getKey()) && entry.getValue().says(names)) {
          todo.add(entry.getKey());
          names.addAll(entry.getValue().declares());
          more = true;
        }
      }
    }
    return todo;
  }

  /** Sources in the same packages that were not there before, or that nobody needed. */
  private static List<Path> beside(Set<Path> known) throws IOException {
    List<Path> others = new ArrayList<>();
    for (Path folder : known.stream().map(Path::getParent).collect(Collectors.toSet())) {
      if (Files.isDirectory(folder)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.java")) {
          for (Path file : files) {
            if (!known.contains(file) && Files.isRegularFile(file)) {
              others.add(file);
            }
          }
        }
      }
    }
    return others;
  }

  private void deleteClassesOf(Path source) throws IOException {
    Set<Path> outputs = classes.remove(source);
    if (outputs != null) {
      for (Path file : outputs) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static boolean run(
      Order order, Set<Path> todo, StringWriter printed, Map<Path, Set<Path>> made)
      throws IOException {
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    List<String> classPath = new ArrayList<>(List.of(order.work().toString()));
    order.classPath().forEach(entry -> classPath.add(entry.toString()));
    List<String> options =
        List.of(
            "-d",
            order.work().toString(),
            "-encoding",
            "UTF-8",
            "-g",
            "-parameters",
            "-sourcepath",
            order.folder().toString(),
            "-cp",
            String.join(File.pathSeparator, classPath));
    try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null);
        Recorder recorder = new Recorder(files, made)) {
      return javac
          .getTask(
              printed,
              recorder,
              null,
              options,
              null,
              files.getJavaFileObjects(todo.toArray(Path[]::new)))
          .call();
    }
  }

  /** Notes which class file comes of which source. */
  private static final class Recorder extends ForwardingJavaFileManager<JavaFileManager> {
    private final StandardJavaFileManager files;
    private final Map<Path, Set<Path>> made;

    Recorder(StandardJavaFileManager files, Map<Path, Set<Path>> made) {
      super(files);
      this.files = files;
      this.made = made;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling)
        throws IOException {
      JavaFileObject output = super.getJavaFileForOutput(location, className, kind, sibling);
      if (sibling instanceof JavaFileObject) {
        made.computeIfAbsent(files.asPath(sibling).normalize(), _ -> new HashSet<>())
            .add(files.asPath(output));
      }
      return output;
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }
}
