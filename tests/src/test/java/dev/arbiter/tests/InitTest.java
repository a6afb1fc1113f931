package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The project that {@code arbiter init} writes builds with Maven, passes its test, and serves. */
@Tag("slow")
final class InitTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void whatInitWritesBuildsAndServes() throws Exception {
    Command.Finished made = arbiters.command().args("init", "My shop").runBare(Limits.START);
    assertThat(made.exitCode()).as(made.log().text()).isZero();
    Path project = arbiters.folder().resolve("My shop");
    assertThat(project.resolve("my-shop.service")).isRegularFile();
    assertThat(Files.readString(project.resolve("Dockerfile"))).doesNotContain("@");

    Path log = arbiters.folder().resolve("maven.txt");
    ProcessBuilder builder =
        new ProcessBuilder("mvn", "-o", "-q", "-B", "-ntp", "package")
            .directory(project.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process maven = builder.start();
    try {
      assertThat(maven.waitFor(300, TimeUnit.SECONDS)).isTrue();
    } finally {
      maven.destroyForcibly();
    }
    assertThat(maven.exitValue()).as(Files.readString(log)).isZero();
    assertThat(project.resolve("target/surefire-reports/app.AppTest.txt"))
        .content()
        .contains("Tests run: 1, Failures: 0");

    ArbiterProcess arbiter =
        arbiters
            .command()
            .in(project)
            .args("-w", "1", "-b", "127.0.0.1:0")
            .launchBare()
            .awaitReady(1);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/you").body()).isEqualTo("Hello from /you\n");
    }

    Command.Finished again = arbiters.command().args("init", "My shop").runBare(Limits.START);
    assertThat(again.exitCode()).isEqualTo(2);
    assertThat(again.log().text()).contains("App.java exists already, and nothing was written");
  }
}
