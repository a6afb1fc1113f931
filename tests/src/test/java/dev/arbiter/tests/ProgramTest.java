package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An arbiter that a program starts, with a class of its own and settings from its code. */
@Tag("slow")
final class ProgramTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void aProgramServesItsOwnClassUntilItIsTold() throws Exception {
    Path folder = arbiters.folder();
    Path classes = SourceApp.compile(folder, SourceApp.blocking("\"from a program\""));
    Path program =
        Files.writeString(
            folder.resolve("Program.java"),
            """
            import dev.arbiter.embedded.Arbiter;
            import dev.arbiter.embedded.Config;

            class Program {
              public static void main(String[] args) throws Exception {
                Config config =
                    Config.create()
                        .set("bind", "127.0.0.1:0")
                        .set("worker-class", "netty")
                        .set("name", "embedded one")
                        .set("graceful-timeout", "5");
                int code = Arbiter.run(app.App.class, config);
                System.out.println("ended with " + code);
              }
            }
            """);
    String classPath =
        String.join(
            ":",
            classes.toString(),
            Command.REPO.resolve("embedded/target/classes").toString(),
            Command.HOME.resolve("lib/worker-api").toAbsolutePath() + "/*");
    ProcessBuilder builder =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-Darbiter.home=" + Command.HOME.toAbsolutePath(),
            "-cp",
            classPath,
            program.toString());
    builder.directory(folder.toFile()).redirectInput(new File("/dev/null"));
    builder.environment().keySet().removeIf(name -> name.startsWith("ARBITER_"));
    arbiters.mark(builder.environment());
    ArbiterProcess running =
        arbiters.adopt(new ArbiterProcess(builder.start(), "java Program.java"));

    running.awaitReady(1);
    assertThat(running.log().text()).contains("embedded one");
    try (RawClient client = running.connect()) {
      assertThat(client.get("/").body()).isEqualTo("from a program");
    }
    running.signal(Os.Signal.TERM);
    arbiters.released(running);
    // A JVM that ends by TERM says so, and not before its hooks are through.
    assertThat(running.exitCode(Limits.CHANGE)).isEqualTo(143);
    running.awaitOutputEnd(Limits.ANSWER);
    assertThat(running.log().text()).contains("Shutting down: arbiter");
  }
}
