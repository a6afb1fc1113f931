package dev.arbiter.develop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.develop.CompilerServer.Order;
import dev.arbiter.develop.CompilerServer.Outcome;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is compiled again, and that it is enough: the classes that come out are run. */
class SourceTreeTest {
  @TempDir Path folder;

  private final SourceTree tree = new SourceTree();
  private List<Path> classPath = List.of();
  private int outputs;

  @Test
  void onlyWhatChangedAndWhatDependsOnItIsCompiled() throws Exception {
    write("Part", "static String text() { return \"one\"; }");
    write("Other", "static String text() { return \"two\"; }");
    app("Part.text() + Other.text()");
    assertThat(compile().compiled()).isEqualTo(3);
    assertThat(compile().compiled()).isZero();

    write("Part", "static String text() { return \"three\"; }");

    assertThat(compile().compiled()).isEqualTo(2);
    assertThat(run()).isEqualTo("threetwo");
  }

  @Test
  void aConstantIsFollowedIntoTheClassesThatCopiedIt() throws Exception {
    write("Part", "static final String TEXT = \"one\";");
    write("Middle", "static final String TEXT = Part.TEXT + \"!\";");
    app("Middle.TEXT");
    compile();

    write("Part", "static final String TEXT = \"two\";");
    compile();

    assertThat(run()).isEqualTo("two!");
  }

  @Test
  void whatDidNotCompileIsCompiledAgainEvenIfItIsAsItWasBefore() throws Exception {
    write("Part", "static String text() { return \"one\"; }");
    app("Part.text()");
    compile();
    write("Part", "static int text() { return oops; }");

    Outcome failed = compile();
    assertThat(failed.fine()).isFalse();
    assertThat(failed.printed()).contains("Part.java:2: error: cannot find symbol", "2 errors");

    write("Part", "static String text() { return \"one\"; }");
    assertThat(compile().fine()).isTrue();
    assertThat(run()).isEqualTo("one");
  }

  @Test
  void aFileThatIsRemovedTakesItsClassesAlong() throws Exception {
    write("Part", "static String text() { return \"one\"; }");
    app("Part.text()");
    compile();

    Files.delete(folder.resolve("src/app/Part.java"));

    assertThat(compile().printed()).contains("cannot find symbol");
    app("\"alone\"");
    assertThat(compile().fine()).isTrue();
    assertThat(run()).isEqualTo("alone");
    assertThat(folder.resolve("out" + outputs + "/app/Part.class")).doesNotExist();
  }

  @Test
  void aNewClassOfThePackageTakesAnImportedNameOver() throws Exception {
    Files.createDirectories(folder.resolve("src/app"));
    Files.writeString(
        folder.resolve("src/app/App.java"),
        "package app; import java.util.*; public class App implements"
            + " java.util.concurrent.Callable<String> { public String call() {"
            + " return new Random().getClass().getName(); } }");
    compile();
    assertThat(run()).isEqualTo("java.util.Random");

    write("Random", "");
    compile();

    assertThat(run()).isEqualTo("app.Random");
  }

  @Test
  void anAppWhoseFileWasEmptyOnceIsCompiledAgain() throws Exception {
    write("Part", "static String text() { return \"one\"; }");
    app("Part.text()");
    compile();
    save("App", "");
    compile();

    app("Part.text()");

    assertThat(compile().compiled()).isPositive();
    assertThat(run()).isEqualTo("one");
  }

  @Test
  void aClassOfTheClassPathThatChangedIsFollowed() throws Exception {
    Path library = Files.createDirectories(folder.resolve("lib/deep"));
    classPath = List.of(folder.resolve("src"), folder.resolve("lib"), folder.resolve("none"));
    app("\"same\"");
    assertThat(compile().compiled()).isEqualTo(1);
    Files.write(folder.resolve("src/app/App.class"), new byte[1]); // of no concern: its own folder
    assertThat(compile().compiled()).isZero();

    Files.write(library.resolve("Other.class"), new byte[1]);
    assertThat(compile().compiled()).isEqualTo(1);
    assertThat(compile().compiled()).isZero();

    Files.write(library.resolve("Other.class"), new byte[2]);
    assertThat(compile().compiled()).isEqualTo(1);
  }

  @Test
  void aServerAnswersUntilItsInputEnds() throws Exception {
    app("\"served\"");
    Process server =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                CompilerServer.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      order().write(server.getOutputStream());
      Outcome outcome = Outcome.read(server.getInputStream());
      assertThat(outcome).isEqualTo(new Outcome(true, "", 1));
      assertThat(run()).isEqualTo("served");
      server.getOutputStream().close();
      assertThat(server.waitFor()).isZero();
    } finally {
      server.destroyForcibly();
    }
  }

  private Order order() {
    return new Order(
        folder.resolve("src/app/App.java"),
        folder.resolve("src"),
        classPath,
        folder.resolve("work"),
        folder.resolve("out" + ++outputs));
  }

  private Outcome compile() throws IOException {
    return tree.compile(order());
  }

  private String run() throws Exception {
    URL classes = folder.resolve("out" + outputs).toUri().toURL();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {classes}, null)) {
      Callable<?> app =
          (Callable<?>) loader.loadClass("app.App").getDeclaredConstructor().newInstance();
      return String.valueOf(app.call());
    }
  }

  private void app(String expression) throws IOException {
    save(
        "App",
        """
        package app;

        public class App implements java.util.concurrent.Callable<String> {
          public String call() {
            return %s;
          }
        }
        """
            .formatted(expression));
  }

  private void write(String name, String members) throws IOException {
    save(name, "package app;\nclass %s { %s }\n".formatted(name, members));
  }

  /** As if it had been written a while ago: what was written just now is in doubt. */
  private void save(String name, String text) throws IOException {
    Path file = folder.resolve("src/app/" + name + ".java");
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(10)));
  }
}
