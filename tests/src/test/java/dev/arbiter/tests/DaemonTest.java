package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code --daemon}: the command, and the arbiter it leaves in the background. */
@Tag("slow")
final class DaemonTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void theCommandEndsWhenTheFleetIsReady() throws Exception {
    Path gate = arbiters.folder().resolve("gate");
    SourceApp.write(
        arbiters.folder(),
        SourceApp.blocking(
            "\"hello\"",
            """
            public App() throws Exception {
              while (!java.nio.file.Files.exists(java.nio.file.Path.of("%s"))) {
                Thread.sleep(20);
              }
            }
            """
                .formatted(gate)));
    Path log = arbiters.folder().resolve("arbiter.log");
    Path pidFile = arbiters.folder().resolve("arbiter.pid");
    Files.writeString(pidFile, "2147483646\n"); // of an arbiter that was killed
    ArbiterProcess command =
        daemon(log, pidFile).app("--chdir", arbiters.folder().toString(), "app:App").launch();

    Await.until("it listens", Limits.START, () -> says(log, "Listening at: "));
    assertThat(pidFile).hasContent("2147483646");
    assertThat(command.alive()).isTrue();
    Files.createFile(gate);
    assertThat(command.exitCode(Limits.START)).isZero();

    long pid = Long.parseLong(Files.readString(pidFile).strip());
    try {
      assertThat(pid).isNotEqualTo(command.pid());
      assertThat(Files.readString(Path.of("/proc/" + pid + "/comm")).strip()).isEqualTo("shop");
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      assertThat(fields[3]).as("session, which it does not lead").isNotEqualTo("" + pid);
      assertThat(fields[4]).as("terminal").isEqualTo("0");
      assertThat(Proc.commandLine(Long.parseLong(fields[1]))).doesNotContain("arbiter");
      assertThat(Proc.descriptors(pid))
          .containsEntry(0, "/dev/null")
          .containsEntry(1, log.toString())
          .containsEntry(2, log.toString());
      long worker = Proc.children(pid).getFirst();
      assertThat(Files.readString(Path.of("/proc/" + worker + "/comm")).strip())
          .isEqualTo("shop:w0");
      assertThat(Proc.environment(worker)).noneMatch(text -> text.startsWith("ARBITER_DETACHED"));

      Command.Finished second =
          daemon(log, pidFile)
              .app("--chdir", arbiters.folder().toString(), "app:App")
              .run(Limits.START);
      assertThat(second.exitCode()).isEqualTo(2);
      second.log().await(Pattern.compile("names a process that runs: " + pid), Limits.ANSWER);

      // Logs are rotated, then another arbiter takes over: still in the background, still logging.
      Path rotated = arbiters.folder().resolve("arbiter.log.1");
      Files.move(log, rotated);
      Os.kill(pid, Os.Signal.USR1);
      Await.until(
          "its output leads to the new file",
          Limits.ANSWER,
          () -> log.toString().equals(Proc.descriptors(pid).get(2)));
      Os.kill(pid, Os.Signal.USR2);
      Await.until("it is upgraded", Limits.CHANGE, () -> says(log, "generation 2 took over"));
      assertThat(pidFile).hasContent(Long.toString(pid));
      assertThat(Proc.descriptors(pid)).containsEntry(2, log.toString());
    } finally {
      Os.kill(pid, Os.Signal.TERM);
    }
    Await.until("it has left", Limits.CHANGE, () -> !Proc.alive(pid));
    assertThat(pidFile).doesNotExist();
  }

  @Test
  void theCommandFailsAsTheStartDoes() throws Exception {
    Path log = arbiters.folder().resolve("arbiter.log");
    Path pidFile = arbiters.folder().resolve("arbiter.pid");
    SourceApp.write(arbiters.folder(), "no Java");
    Command.Finished failed =
        daemon(log, pidFile)
            .app("--chdir", arbiters.folder().toString(), "app:App")
            .run(Limits.START);
    assertThat(failed.exitCode()).isEqualTo(4);
    failed.log().await(Pattern.compile("The app does not compile"), Limits.ANSWER);
    assertThat(pidFile).doesNotExist();
    assertThat(says(log, "The app does not compile")).as("in the log as well").isTrue();
  }

  private Command daemon(Path log, Path pidFile) {
    return arbiters
        .command()
        .kind("netty")
        .args("--daemon", "--name", "shop", "--pid", pidFile.toString())
        .args("--error-logfile", log.toString());
  }

  private static boolean says(Path log, String text) throws Exception {
    return Files.exists(log) && Files.readString(log).contains(text);
  }
}
