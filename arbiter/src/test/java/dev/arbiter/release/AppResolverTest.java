package dev.arbiter.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the real compiler. */
class AppResolverTest {
  private static final String APP = "package app; public class App {}";

  @TempDir Path temporary;
  private Path directory = Path.of("");

  @BeforeEach
  void makeDirectory() throws IOException {
    directory = Files.createDirectory(temporary.resolve("project")).toRealPath();
  }

  @Test
  void aSourceInItsPackageIsCompiled() throws Exception {
    write("app/App.java", APP);
    ResolvedApp app = resolve("app:App");
    assertThat(app.className()).isEqualTo("app.App");
    assertThat(app.classPath().getFirst().resolve("app/App.class")).exists();
    assertThat(directory.resolve("app/App.class")).doesNotExist();
  }

  @Test
  void aSourceIsCompiledWithItsNeighbours() throws Exception {
    write("app/App.java", "package app; public class App { Other other; }");
    write("app/Other.java", "package app; class Other {}");
    assertThat(resolve("app:App").classPath().getFirst().resolve("app/Other.class")).exists();
  }

  @Test
  void aPlainFileIsCompiled() throws Exception {
    write("Shop.java", "public class Shop {}");
    assertThat(resolve("Shop.java:Shop").className()).isEqualTo("Shop");
  }

  @Test
  void aClassInItsPackageIsFound() throws Exception {
    write("app/App.java", APP);
    javac("app/App.java", directory);
    Files.delete(directory.resolve("app/App.java"));
    ResolvedApp app = resolve("app:App");
    assertThat(app.className()).isEqualTo("app.App");
    assertThat(app.classPath()).contains(directory);
  }

  @Test
  void aSourceThatIsNewerThanItsClassIsCompiledAgain() throws Exception {
    write("app/App.java", APP);
    javac("app/App.java", directory);
    Files.setLastModifiedTime(
        directory.resolve("app/App.java"),
        java.nio.file.attribute.FileTime.from(java.time.Instant.now().plusSeconds(60)));
    assertThat(resolve("app:App").classPath().getFirst()).isNotEqualTo(directory);
  }

  @Test
  void aClassFolderIsFound() throws Exception {
    write("src/App.java", "package com.acme; public class App {}");
    javac("src/App.java", directory.resolve("classes"));
    ResolvedApp app = resolve("classes:com.acme.App");
    assertThat(app.className()).isEqualTo("com.acme.App");
    assertThat(app.classPath()).contains(directory.resolve("classes"));
  }

  @Test
  void theOutputOfMavenIsFound() throws Exception {
    write("src/App.java", "package com.acme; public class App {}");
    javac("src/App.java", directory.resolve("target/classes"));
    assertThat(resolve("com.acme:App").classPath()).contains(directory.resolve("target/classes"));
  }

  @Test
  void aJarIsFoundWithTheJarsBesideIt() throws Exception {
    jar("shop.jar");
    Files.createDirectory(directory.resolve("lib"));
    Files.copy(directory.resolve("shop.jar"), directory.resolve("lib/other.jar"));
    ResolvedApp app = resolve("shop.jar:com.acme.App");
    assertThat(app.classPath())
        .startsWith(directory.resolve("shop.jar"))
        .contains(directory.resolve("lib/other.jar"));
  }

  @Test
  void aPackageInAJarOfTheClassPathIsFound() throws Exception {
    jar("shop.jar");
    Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
    ResolvedApp app = resolver(elsewhere, List.of(directory.resolve("*"))).resolve("com.acme:App");
    assertThat(app.className()).isEqualTo("com.acme.App");
  }

  @Test
  void aFactoryIsSplitOff() throws Exception {
    write("app/App.java", APP);
    assertThat(resolve("app:App::create").factory()).isEqualTo("create");
  }

  @Test
  void aSymlinkIsResolvedOnce() throws Exception {
    write("release-1/app/App.java", APP);
    javac("release-1/app/App.java", directory.resolve("release-1"));
    Path current = directory.resolve("current");
    Files.createSymbolicLink(current, directory.resolve("release-1"));
    Files.delete(directory.resolve("release-1/app/App.java"));
    assertThat(resolver(current, List.of()).resolve("app:App").classPath())
        .contains(directory.resolve("release-1"));
  }

  @Test
  void whatTheCompilerSaysIsShownAsItSaysIt() throws Exception {
    write("app/App.java", "package app; public class App { int x = \"no\"; }");
    AppProblem problem = problem("app:App");
    assertThat(problem.exitCode()).isEqualTo(4);
    assertThat(problem.detail())
        .contains("App.java:1: error: incompatible types")
        .contains("1 error");
  }

  @Test
  void aModuleThatIsNotThereIsSaidWithThePlacesLookedAt() {
    AppProblem problem = problem("nosuch:App");
    assertThat(problem.exitCode()).isEqualTo(4);
    assertThat(problem).hasMessageContaining("nosuch:App").hasMessageContaining(directory + "");
  }

  @Test
  void aClassThatIsNotThereIsSaidWithTheNearest() throws Exception {
    write("app/App.java", APP);
    AppProblem problem = problem("app:Ap");
    assertThat(problem.exitCode()).isEqualTo(4);
    assertThat(problem.hint()).contains("did you mean app:App?");
  }

  @Test
  void aReferenceWithoutAClassIsAUsageError() {
    for (String text : List.of("app", ":App", "app:", "app:App::")) {
      assertThat(problem(text).exitCode()).as(text).isEqualTo(2);
    }
  }

  private ResolvedApp resolve(String reference) throws AppProblem {
    return resolver(directory, List.of()).resolve(reference);
  }

  private AppProblem problem(String reference) {
    return catchThrowableOfType(AppProblem.class, () -> resolve(reference));
  }

  private AppResolver resolver(Path where, List<Path> classPath) throws AppProblem {
    Compiler compiler =
        new Compiler(Path.of(System.getProperty("java.home")), List.of(), temporary.resolve("out"));
    return new AppResolver(where, classPath, compiler);
  }

  private void write(String file, String text) throws IOException {
    Path path = directory.resolve(file);
    Files.createDirectories(path.resolveSibling("."));
    Files.writeString(path, text);
  }

  private void javac(String file, Path output) {
    int code =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(System.out, System.err, "-d", output + "", directory.resolve(file) + "");
    assertThat(code).isZero();
  }

  private void jar(String name) throws IOException {
    write("src/App.java", "package com.acme; public class App {}");
    javac("src/App.java", temporary.resolve("jar"));
    int code =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "-cf",
                directory.resolve(name) + "",
                "-C",
                temporary.resolve("jar") + "",
                ".");
    assertThat(code).isZero();
  }
}
