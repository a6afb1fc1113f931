package dev.arbiter.release;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * Finds what {@code MODULE:CLASS} names, as Python finds {@code module:attr}, without loading a
 * class. Off the loop: it reads files and may wait for the compiler.
 *
 * <p>MODULE is a jar, a folder of classes, a {@code .java} file, or a package: of compiled classes,
 * of sources, or in a jar, under the app directory, its {@code target/classes} or {@code
 * build/classes/java/main}, or the class path.
 */
public final class AppResolver {
  private final Path directory;
  private final List<Path> classPath;
  private final SourceCompiler compiler;

  /**
   * @param directory where the app is looked for
   * @param classPath more jars and folders, absolute; a last part {@code *} stands for all jars of
   *     a folder
   */
  public AppResolver(Path directory, List<Path> classPath, SourceCompiler compiler)
      throws AppProblem {
    this.directory = directory;
    this.compiler = compiler;
    if (!Files.isDirectory(directory)) {
      throw new AppProblem(
          AppProblem.APP,
          "The app directory " + directory + " does not exist",
          "",
          "--app-dir and --chdir say where the app is");
    }
    this.classPath = expand(classPath, directory);
  }

  /** Where Maven, and Gradle, put the classes and resources of a project. */
  public static List<Path> built(Path project) {
    return Stream.of("target/classes", "build/classes/java/main", "build/resources/main")
        .map(project::resolve)
        .toList();
  }

  /** What is named, split. */
  private record Reference(String text, String module, String className, String factory) {

    static Reference parse(String text) throws AppProblem {
      int factoryAt = text.indexOf("::");
      String factory = factoryAt < 0 ? "" : text.substring(factoryAt + 2);
      String rest = factoryAt < 0 ? text : text.substring(0, factoryAt);
      int colon = rest.lastIndexOf(':');
      String className = colon < 0 ? "" : rest.substring(colon + 1);
      if (colon <= 0 || className.isEmpty() || (factoryAt >= 0 && factory.isEmpty())) {
        throw new AppProblem(
            AppProblem.USAGE,
            "'" + text + "' does not name an app",
            "",
            "expected MODULE:CLASS, such as app:App, shop.jar:com.acme.Shop or App.java:App");
      }
      return new Reference(text, rest.substring(0, colon), className, factory);
    }

    Path modulePath() {
      return Path.of(module.replace('.', '/'));
    }

    String qualified() {
      return module.replace('/', '.') + "." + className;
    }
  }

  /** Finds the app, and compiles it if it is a source. */
  public ResolvedApp resolve(String text) throws AppProblem {
    Reference reference = Reference.parse(text);
    try {
      ResolvedApp found = find(reference);
      List<Path> real = new ArrayList<>();
      for (Path path : found.classPath()) {
        real.add(path.toRealPath());
      }
      return new ResolvedApp(
          List.copyOf(real), found.className(), found.factory(), found.compiled(), "");
    } catch (IOException e) {
      throw new AppProblem(
          AppProblem.APP, "The app " + text + " cannot be read: " + e.getMessage(), "", "");
    }
  }

  private ResolvedApp find(Reference reference) throws AppProblem, IOException {
    Path module = directory.resolve(reference.module());
    if (reference.module().endsWith(".jar")) {
      return inJar(reference, module);
    }
    if (reference.module().endsWith(".java")) {
      return compiled(reference, existing(reference, module));
    }
    String classFile = reference.className().replace('.', '/') + ".class";
    if (Files.isRegularFile(module.resolve(classFile)) && hasNoPackageOf(reference, module)) {
      return app(reference, module, reference.className());
    }
    Path inPackage = reference.modulePath().resolve(reference.className() + ".class");
    Path source =
        directory.resolve(reference.modulePath()).resolve(reference.className() + ".java");
    for (Path root : roots()) {
      Path candidate = root.resolve(inPackage);
      if (Files.isRegularFile(candidate) && !isNewer(source, candidate)) {
        return app(reference, root, reference.qualified());
      }
    }
    if (Files.isRegularFile(source)) {
      return compiled(reference, source);
    }
    Path single = directory.resolve(reference.module() + ".java");
    if (Files.isRegularFile(single)) {
      return compiled(reference, single);
    }
    for (Path jar : classPath) {
      if (Files.isRegularFile(jar) && holds(jar, reference.qualified())) {
        return app(reference, jar, reference.qualified());
      }
    }
    throw notFound(reference);
  }

  /** A class in its package's folder would be loaded under the wrong name from there. */
  private boolean hasNoPackageOf(Reference reference, Path module) {
    return reference.className().contains(".")
        || !Files.isDirectory(directory.resolve(reference.modulePath()))
        || !classIsIn(module.resolve(reference.className() + ".class"), reference);
  }

  private static boolean classIsIn(Path classFile, Reference reference) {
    try {
      // The qualified name stands in the constant pool of a class that is in the package.
      String bytes = Files.readString(classFile, java.nio.charset.StandardCharsets.ISO_8859_1);
      return bytes.contains(reference.qualified().replace('.', '/'));
    } catch (IOException e) {
      return false;
    }
  }

  private ResolvedApp inJar(Reference reference, Path jar) throws AppProblem, IOException {
    existing(reference, jar);
    if (!holds(jar, reference.className())) {
      throw new AppProblem(
          AppProblem.APP,
          "There is no class %s in %s".formatted(reference.className(), jar),
          "",
          "give its full name with the package, such as com.acme.Shop");
    }
    List<Path> beside = expand(List.of(), jar.toAbsolutePath().resolveSibling("."));
    ResolvedApp found = app(reference, jar, reference.className());
    return new ResolvedApp(
        Stream.concat(found.classPath().stream(), beside.stream()).distinct().toList(),
        found.className(),
        found.factory());
  }

  private ResolvedApp compiled(Reference reference, Path source) throws AppProblem, IOException {
    Path classes = compiler.compile(source, directory, dependencies());
    String wanted = reference.className().replace('.', '/') + ".class";
    List<Path> matches;
    try (Stream<Path> files = Files.walk(classes)) {
      matches = files.filter(file -> file.endsWith(wanted)).toList();
    }
    if (matches.size() != 1) {
      throw new AppProblem(
          AppProblem.APP,
          "%s holds %s class %s"
              .formatted(source, matches.isEmpty() ? "no" : "more than one", reference.className()),
          "",
          "the part after the colon names a class of the file");
    }
    String name = classes.relativize(matches.getFirst()).toString();
    return app(
            reference,
            classes,
            name.substring(0, name.length() - ".class".length()).replace('/', '.'))
        .fromSource();
  }

  private ResolvedApp app(Reference reference, Path root, String className) {
    List<Path> all = new ArrayList<>();
    all.add(root);
    all.addAll(dependencies());
    return new ResolvedApp(all.stream().distinct().toList(), className, reference.factory());
  }

  private List<Path> dependencies() {
    List<Path> all = new ArrayList<>(classPath);
    Stream.concat(Stream.of(directory), built(directory).stream())
        .filter(Files::isDirectory)
        .forEach(all::add);
    return all;
  }

  private List<Path> roots() {
    List<Path> roots = new ArrayList<>(List.of(directory));
    roots.addAll(built(directory));
    classPath.stream().filter(Files::isDirectory).forEach(roots::add);
    return roots;
  }

  private static Path existing(Reference reference, Path file) throws AppProblem {
    if (!Files.isRegularFile(file)) {
      throw new AppProblem(
          AppProblem.APP,
          "The app %s was not found: there is no file %s".formatted(reference.text(), file),
          "",
          "--app-dir and --chdir say where the app is looked for");
    }
    return file;
  }

  private static boolean isNewer(Path source, Path classFile) throws IOException {
    return Files.isRegularFile(source)
        && Files.getLastModifiedTime(source).compareTo(Files.getLastModifiedTime(classFile)) > 0;
  }

  private static boolean holds(Path jar, String className) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.getEntry(className.replace('.', '/') + ".class") != null;
    }
  }

  private AppProblem notFound(Reference reference) {
    Path folder = directory.resolve(reference.modulePath());
    if (Files.isDirectory(folder)) {
      return new AppProblem(
          AppProblem.APP,
          "The app %s was not found: %s holds no %s.class and no %s.java"
              .formatted(reference.text(), folder, reference.className(), reference.className()),
          "",
          similar(folder, reference.className())
              .map(name -> "did you mean %s:%s?".formatted(reference.module(), name))
              .orElse("the part after the colon names a class"));
    }
    return new AppProblem(
        AppProblem.APP,
        "The app %s was not found: no %s.jar, .java file, class folder or package of that name in %s"
            .formatted(
                reference.text(),
                reference.module(),
                Stream.concat(roots().stream(), classPath.stream().filter(Files::isRegularFile))
                    .map(Path::toString)
                    .toList()),
        "",
        "--app-dir and --chdir say where the app is looked for, --classpath adds jars and folders");
  }

  private static Optional<String> similar(Path folder, String className) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith(".java") || name.endsWith(".class"))
          .map(name -> name.substring(0, name.lastIndexOf('.')))
          .sorted(java.util.Comparator.comparing(name -> !name.equalsIgnoreCase(className)))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Class path entries with {@code *} replaced by what it stands for, and the jars of {@code lib}.
   */
  private static List<Path> expand(List<Path> entries, Path directory) {
    List<Path> all = new ArrayList<>();
    for (Path entry : entries) {
      if (entry.endsWith("*")) {
        all.addAll(jars(entry.resolveSibling(".").normalize()));
      } else if (Files.exists(entry)) {
        all.add(entry);
      }
    }
    all.addAll(jars(directory.resolve("lib")));
    return all;
  }

  private static List<Path> jars(Path folder) {
    List<Path> jars = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.jar")) {
        found.forEach(jars::add);
      } catch (IOException e) {
        return List.of(); // not readable: the class that is missing from it will be named
      }
    }
    return jars.stream().sorted().toList();
  }
}
