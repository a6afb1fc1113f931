package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A boot is told as its phases; one that fails, with its last output and what to do. */
final class BootReportTest {
  private static final Pattern PHASES =
      Pattern.compile(
          "Worker 0 \\(pid \\d+\\) booted in \\d+ ms: .*VM \\d+ ms.*class path \\d+ ms.*"
              + "warm-up \\d+ ms");

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void aBootIsToldAsItsPhasesAndAReloadThatCannotBootAsABlock() throws Exception {
    Path folder = arbiters.folder();
    SourceApp.write(folder, SourceApp.blocking("\"old\""));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(1)
            .args("--log-level", "debug")
            .app("--chdir", folder.toString(), "app:App")
            .start();
    arbiter.log().await(PHASES, Limits.ANSWER);

    arbiters.expectError("Reload failed");
    SourceApp.write(
        folder,
        SourceApp.blocking(
            "\"new\"",
            "@Override public void startup(Lifespan l) throws Exception {"
                + " System.out.println(\"reading prices\");"
                + " java.nio.file.Files.readString(java.nio.file.Path.of(\"prices.csv\")); }"));
    arbiter.signal(Os.Signal.HUP);

    arbiter.log().await(Pattern.compile("the boot failed in the phase 'start-up'"), Limits.CHANGE);
    arbiter.log().await(Pattern.compile("\\| reading prices"), Limits.ANSWER);
    arbiter.log().await(Pattern.compile("hint: The app needs the file prices.csv"), Limits.ANSWER);
  }

  @Test
  void anOptionTheJvmDoesNotTakeIsNamed() throws Exception {
    arbiters.expectError(".");

    Command.Finished finished =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("--java-opts", "-XX:+UseTurbo")
            .example("hello")
            .run(Limits.START);

    assertThat(finished.exitCode()).isEqualTo(3);
    assertThat(finished.log().text())
        .contains("the boot failed in the phase 'VM'")
        .contains("| Unrecognized VM option 'UseTurbo'")
        .contains("hint: The JVM does not take the option 'UseTurbo'");
  }

  @Test
  void aClassOfANewerJavaIsNamedWithBothVersions() throws Exception {
    arbiters.expectError(".");
    Path classes =
        SourceApp.compile(
            arbiters.folder(),
            SourceApp.blocking("\"x\"", "public App() { new Helper(); } static class Helper {}"));
    compiledForJava(classes.resolve("app/App$Helper.class"), 40);

    Command.Finished finished =
        arbiters
            .command()
            .kind("netty")
            .workers(1)
            .app("-cp", classes.toString(), "app:App")
            .run(Limits.START);

    assertThat(finished.exitCode()).isEqualTo(4);
    assertThat(finished.log().text())
        .contains("the boot failed in the phase 'constructor'")
        .contains("hint: app.App$Helper was compiled for Java 40, and the workers run Java 25");
  }

  /** The version stands in bytes 6 and 7 of a class file (JVMS 4.1). */
  private static void compiledForJava(Path file, int java) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[7] = (byte) (44 + java);
    Files.write(file, bytes);
  }
}
