package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The project that {@code arbiter init} writes builds with Maven, passes its test, and is served by
 * an arbiter that Maven starts.
 */
@Tag("slow")
final class InitTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void whatInitWritesBuildsAndServes() throws Exception {
    Command.Finished made = arbiters.command().args("init", "My shop").runBare(Limits.START);
    assertThat(made.exitCode()).as(made.log().text()).isZero();
    Path project = arbiters.folder().resolve("My shop");
    assertThat(made.log().text()).contains("  cd '" + project + "'\n");
    assertThat(project.resolve("my-shop.service")).isRegularFile();
    assertThat(Files.readString(project.resolve("Dockerfile"))).doesNotContain("@");

    Path log = arbiters.folder().resolve("maven.txt");
    Process maven =
        maven(project, "-o", "package")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertThat(maven.waitFor(300, TimeUnit.SECONDS)).isTrue();
    } finally {
      maven.destroyForcibly();
    }
    assertThat(maven.exitValue()).as(Files.readString(log)).isZero();
    assertThat(project.resolve("target/surefire-reports/app.AppTest.txt"))
        .content()
        .contains("Tests run: 1, Failures: 0");

    mavenStartsArbiter(project);

    Command.Finished again = arbiters.command().args("init", "My shop").runBare(Limits.START);
    assertThat(again.exitCode()).isEqualTo(2);
    assertThat(again.log().text()).contains("App.java exists already, and nothing was written");
  }

  /** The recipe of docs/embedding.md, which the project has. */
  private void mavenStartsArbiter(Path project) throws Exception {
    String document = Files.readString(Command.REPO.resolve("docs/embedding.md"));
    Matcher recipe = Pattern.compile("(?s)```xml\n(<plugin>.*?</plugin>)").matcher(document);
    assertThat(recipe.find()).isTrue();
    assertThat(Files.readString(project.resolve("pom.xml")))
        .containsIgnoringWhitespaces(recipe.group(1));
    Matcher command = Pattern.compile("(?m)^ {4}mvn (compile exec:exec)$").matcher(document);
    assertThat(command.find()).isTrue();

    // Not offline: the plugin is no part of this build.
    ProcessBuilder builder = maven(project, command.group(1).split(" "));
    builder.command().add("-Darbiter.home=" + Command.HOME.toAbsolutePath());
    builder.environment().put("ARBITER_ARGS", "-w 1 -b 127.0.0.1:0");
    ArbiterProcess maven =
        arbiters.adopt(new ArbiterProcess(builder.start(), "mvn compile exec:exec")).awaitReady(1);
    try (RawClient client = maven.connect()) {
      assertThat(client.get("/you").body()).isEqualTo("Hello from /you\n");
    }

    long arbiter = Long.parseLong(maven.log().await(Says.LISTENING, Limits.ANSWER).group(2));
    assertThat(arbiter).isNotEqualTo(maven.pid());
    assertThat(Os.kill(arbiter, Os.Signal.TERM)).isTrue();
    assertThat(maven.exitCode(Limits.CHANGE)).isZero();
  }

  private ProcessBuilder maven(Path project, String... goals) {
    List<String> line = new ArrayList<>(List.of("mvn", "-q", "-B", "-ntp"));
    line.addAll(List.of(goals));
    ProcessBuilder builder =
        new ProcessBuilder(line).directory(project.toFile()).redirectInput(new File("/dev/null"));
    builder.environment().keySet().removeIf(name -> name.startsWith("ARBITER_"));
    arbiters.mark(builder.environment());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder;
  }
}
