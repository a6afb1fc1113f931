package dev.arbiter.http.develop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is shown of a problem, and that nothing in it is taken for markup. */
class ProblemTest {
  @TempDir Path folder;

  @Test
  void whatTheCompilerSaysIsShownWithItsSource() throws IOException {
    Path source = write("app/App.java", "package app;\n\nclass App {\n  int a = \"<b>\";\n}\n");
    Path told = folder.resolve("problem.txt");
    Files.writeString(
        told,
        """
        The app does not compile: %1$s
        %1$s:4: error: incompatible types: String cannot be converted to int
          int a = "<b>";
                  ^
        1 error
        hint: look <here>
        """
            .formatted(source));

    Problem problem = Problem.read(told, List.of());

    assertThat(problem.title()).isEqualTo("The app does not compile: " + source);
    assertThat(problem.hint()).isEqualTo("look <here>");
    assertThat(problem.places()).hasSize(1);
    assertThat(problem.text())
        .contains(
            ":4: error: incompatible types", "> " + "    4 |   int a = \"<b>\";", "hint: look");
    assertThat(ProblemPage.html(problem))
        .contains(
            "incompatible types: String cannot be converted to int",
            "<b><i>    4 </i>  int a = &quot;&lt;b&gt;&quot;;</b>",
            "look &lt;here&gt;")
        .doesNotContain("\"<b>\"", "<here>");
  }

  @Test
  void aStackIsShownWithTheSourcesOfTheAppAndWithoutWhatCalledIt() throws IOException {
    write("src/main/java/app/App.java", "package app;\nclass App {\n  App() { fail(); }\n}\n");
    String stack =
        """
        java.lang.IllegalStateException: <script>alert(1)</script>
        \tat app.App.<init>(App.java:3)
        \tat java.base/jdk.internal.reflect.DirectConstructorHandleAccessor.newInstance(X.java:6)
        \tat dev.arbiter.http.AppLoader.construct(AppLoader.java:129)
        """;

    Problem problem =
        Problem.of("it threw", stack, "", List.of(folder, folder.resolve("src/main/java")));

    assertThat(problem.detail()).contains("App.java:3").doesNotContain("AppLoader", "reflect");
    assertThat(problem.places()).extracting(Excerpt::line).containsExactly(3);
    assertThat(ProblemPage.html(problem)).contains("&lt;script&gt;").doesNotContain("<script");
  }

  @Test
  void placesThatAreNotThereAreLeftOut() {
    Problem problem =
        Problem.of(
            "it failed",
            "/nowhere/App.java:1: error: gone\n\tat app.Gone.run(Gone.java:99999999999)",
            "",
            List.of(folder));

    assertThat(problem.places()).isEmpty();
    assertThat(problem.text()).contains("/nowhere/App.java:1: error: gone");
  }

  @Test
  void controlCharactersCannotBeSeenAndAreReplaced() {
    assertThat(ProblemPage.escaped("a\u0000b\u001b[31m\t\n'\""))
        .isEqualTo("a\ufffdb\ufffd[31m\t\n&#39;&quot;");
  }

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }
}
