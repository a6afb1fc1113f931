package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** As process 1 of a container. */
@Tag("slow")
final class FirstProcessTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void orphansOfTheAppAreReaped() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root makes namespaces");
    // Leaves an orphan that ends at once, and counts the dead whom nobody has reaped.
    SourceApp.write(
        arbiters.folder(),
        SourceApp.blocking(
            "look(request.path())",
            """
            static String look(String path) throws Exception {
              if (path.equals("/orphan")) {
                return "ended " + new ProcessBuilder("sh", "-c", "sleep 0 & exec true").start().waitFor();
              }
              int dead = 0;
              try (var processes =
                  java.nio.file.Files.newDirectoryStream(java.nio.file.Path.of("/proc"), "[0-9]*")) {
                for (java.nio.file.Path process : processes) {
                  String stat;
                  try {
                    stat = java.nio.file.Files.readString(process.resolve("stat"));
                  } catch (java.io.IOException gone) {
                    continue;
                  }
                  dead += stat.substring(stat.lastIndexOf(')')).startsWith(") Z 1 ") ? 1 : 0;
                }
              }
              return dead + " dead";
            }
            """));
    Path socket = arbiters.run().resolve("first.sock");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under("unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc")
            .kind("sync")
            .args("--control-socket", socket.toString())
            .app("--chdir", arbiters.folder().toString(), "app:App")
            .start();

    try (RawClient client = arbiter.connect()) {
      for (int i = 0; i < 5; i++) {
        assertThat(client.get("/orphan").body()).isEqualTo("ended 0");
      }
      Await.until(
          "all are reaped", Limits.CHANGE, () -> client.get("/count").body().equals("0 dead"));
    }

    // TERM would end the program that made the namespace, which passes nothing on.
    Ctl stop = Ctl.run(arbiters, List.of(ctl(), "-s", socket.toString(), "stop"));
    assertThat(stop.exitCode()).as(stop.err()).isZero();
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
  }

  private static String ctl() {
    return Command.HOME.resolve("bin/arbiterctl").toAbsolutePath().toString();
  }
}
