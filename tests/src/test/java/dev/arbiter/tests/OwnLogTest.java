package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The arbiter's own log: its form, its colours, and what a configuration of Log4j makes of it. */
@Tag("slow")
final class OwnLogTest {
  private static final String COLOUR = "\u001b[";

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void theArbitersLogHasTheFormThatIsAskedFor() throws Exception {
    arbiters.expectError(".");
    Path own = arbiters.folder().resolve("own.log");
    String tree =
        ("{\"Configuration\": {\"Appenders\": {\"File\": {\"name\": \"f\", \"fileName\": \"%s\","
                + " \"PatternLayout\": {\"pattern\": \"<%%p> %%m%%n\"}}},"
                + " \"Loggers\": {\"Root\": {\"level\": \"error\", \"AppenderRef\": {\"ref\": \"f\"}}}}}")
            .formatted(own);
    Path file = Files.writeString(arbiters.folder().resolve("log.json"), tree);

    JsonNode line = new ObjectMapper().readTree(lastLine(failing("--log-format", "json")));
    assertThat(line.get("level").asText()).isEqualTo("error");
    assertThat(line.get("message").asText()).contains("gone");

    assertThat(failing("--use-colors")).contains("\u001b[").contains("ERROR");

    assertThat(failing("--log-config-json", file.toString())).isEmpty();
    assertThat(Files.readString(own)).startsWith("<ERROR> ").contains("gone");
    Files.delete(own);

    Files.writeString(
        arbiters.folder().resolve("arbiter.toml"),
        """
        [logconfig-dict.Configuration.Appenders.File]
        name = "f"
        fileName = "%s"
        PatternLayout.pattern = "dict: %%m%%n"
        [logconfig-dict.Configuration.Loggers.Root]
        level = "error"
        AppenderRef.ref = "f"
        """
            .formatted(own));
    assertThat(failing()).isEmpty();
    assertThat(Files.readString(own)).startsWith("dict: ").contains("gone");
    Files.delete(own);
    Files.delete(arbiters.folder().resolve("arbiter.toml"));

    Path elsewhere = Files.createDirectories(arbiters.run().resolve("etc"));
    Path xml =
        Files.writeString(
            elsewhere.resolve("log.xml"),
            """
            <Configuration>
              <Appenders>
                <File name="f" fileName="%s"><PatternLayout pattern="xml: %%m%%n"/></File>
              </Appenders>
              <Loggers><Root level="error"><AppenderRef ref="f"/></Root></Loggers>
            </Configuration>
            """
                .formatted(own));
    assertThat(failing("--log-config", xml.toString())).isEmpty();
    assertThat(Files.readString(own)).startsWith("xml: ").contains("gone");
    Files.delete(own);

    Path properties =
        Files.writeString(
            elsewhere.resolve("log.properties"),
            """
            appender.f.type = File
            appender.f.name = f
            appender.f.fileName = %s
            appender.f.layout.type = PatternLayout
            appender.f.layout.pattern = properties: %%m%%n
            rootLogger.level = error
            rootLogger.appenderRef.f.ref = f
            """
                .formatted(own));
    assertThat(failing("--log-config", properties.toString())).isEmpty();
    assertThat(Files.readString(own)).startsWith("properties: ").contains("gone");

    String broken = failing("--log-config", "nowhere.xml");
    assertThat(broken).contains("--log-config nowhere.xml: no such file");
  }

  /** What it says when its app is not there. */
  private String failing(String... args) throws Exception {
    Command.Finished finished =
        arbiters.command().args(args).args("-k", "netty").app("gone:App").runBare(Limits.START);
    assertThat(finished.exitCode()).isIn(2, 4);
    return finished.log().text().strip();
  }

  private static String lastLine(String text) {
    return text.lines()
        .filter(line -> line.contains("\"level\":\"error\""))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no error in " + text));
  }

  /** As script(1) gives it one; without, no test here sees a colour but where it asks for one. */
  @Test
  void aTerminalIsColouredUnlessItOrTheUserWantsNone() throws Exception {
    arbiters.expectError(".");
    assertThat(onTerminal("xterm", "")).contains(COLOUR);
    assertThat(onTerminal("xterm", "1")).as("NO_COLOR").doesNotContain(COLOUR);
    assertThat(onTerminal("dumb", "")).as("TERM=dumb").doesNotContain(COLOUR);
    assertThat(failing()).as("no terminal").doesNotContain(COLOUR);
  }

  private String onTerminal(String term, String noColour) throws Exception {
    Command.Finished finished =
        arbiters
            .command()
            .under("sh", "-c", "exec script -qec \"$*\" /dev/null", "sh")
            .env("TERM", term)
            .env("NO_COLOR", noColour)
            .args("-k", "netty")
            .app("gone:App")
            .runBare(Limits.START);
    assertThat(finished.log().text()).contains("ERROR", "gone");
    return finished.log().text();
  }
}
