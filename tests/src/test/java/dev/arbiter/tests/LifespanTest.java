package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Start-up, shutdown, state and {@code callbackNotify} of an app. */
@Tag("slow")
final class LifespanTest {
  /** Notes what it is told in a file, a line for each call. */
  private static final String MEMBERS =
      """
      static volatile int nr;

      static void note(String line) {
        try {
          java.nio.file.Files.writeString(
              java.nio.file.Path.of(System.getenv("NOTES")),
              line + "\\n",
              java.nio.file.StandardOpenOption.CREATE,
              java.nio.file.StandardOpenOption.APPEND);
        } catch (java.io.IOException e) {
          throw new java.io.UncheckedIOException(e);
        }
      }

      @Override
      public void startup(Lifespan l) {
        nr = l.workerNr();
        l.state().put("greeting", "from the state");
        note("startup " + l.workerNr() + "/" + l.workerCount() + " " + l.generation() + " " + l.kind());
      }

      @Override
      public void shutdown() {
        note("shutdown");
      }

      @Override
      public void callbackNotify(Notice notice) {
        note("notify " + nr + " " + notice.draining() + " " + notice.timeLeft().isPresent());
        if (!notice.draining()) {
          try {
            Thread.sleep(Long.getLong("slow", 0));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        }
      }
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void appIsStartedNotifiedAndShutDownInEachGeneration(String kind) throws Exception {
    ArbiterProcess arbiter = app(kind).workers(2).args("--timeout-notify", "1").start();
    Set<Long> old = arbiter.awaitServing(2);
    assertThat(notes())
        .contains("startup 0/2 1 " + kind, "startup 1/2 1 " + kind)
        .doesNotContain("shutdown");
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("from the state");
    }
    Await.until(
        "three notices of each of the two",
        Limits.CHANGE,
        () -> count("notify 0 false false") >= 3 && count("notify 1 false false") >= 3);

    arbiter.signal(Os.Signal.HUP);
    arbiter.awaitReplaced(old, 2);
    assertThat(notes())
        .as("the number goes to the replacement")
        .contains("startup 0/2 2 " + kind, "startup 1/2 2 " + kind);
    assertThat(arbiter.stop()).isZero();

    assertThat(notes()).filteredOn("shutdown"::equals).hasSize(4);
    assertThat(count("notify 0 true true")).isEqualTo(2);
    assertThat(count("notify 1 true true")).isEqualTo(2);
  }

  @Test
  void slowNotificationDelaysNoBeat() throws Exception {
    ArbiterProcess arbiter =
        app("netty")
            .args("--timeout-notify", "1", "--timeout", "4", "--java-opts", "-Dslow=7000")
            .start();
    var workers = arbiter.awaitServing(1);

    Await.until("it is called", Limits.CHANGE, () -> notes().contains("notify 0 false false"));
    Await.throughout(
        "the worker is left alone", Duration.ofSeconds(6), () -> arbiter.workers().equals(workers));
    assertThat(arbiter.log().contains(Says.SILENT)).isFalse();
  }

  private long count(String note) throws Exception {
    return notes().stream().filter(note::equals).count();
  }

  @Test
  void whatAnAppPrintsIsSeen() throws Exception {
    SourceApp.write(
        arbiters.folder(),
        SourceApp.blocking(
            "print(request)",
            "static String print(Request r) { System.out.println(\"printed by \" + r.path()); return \"done\"; }"));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("sync")
            .app("--chdir", arbiters.folder().toString(), "app:App")
            .start();

    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/here").body()).isEqualTo("done");
    }

    arbiter.log().await(Pattern.compile("printed by /here"), Limits.ANSWER);

    var before = arbiter.awaitServing(1);
    arbiter.signal(Os.Signal.USR1);
    arbiter.signal(Os.Signal.HUP);
    arbiter.awaitReplaced(before, 1);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/after").body()).isEqualTo("done");
    }
    arbiter.log().await(Pattern.compile("printed by /after"), Limits.ANSWER);
  }

  private Command app(String kind) throws Exception {
    Path folder = arbiters.folder();
    SourceApp.write(
        folder, SourceApp.blocking("request.state().get(\"greeting\").toString()", MEMBERS));
    return arbiters
        .command()
        .kind(kind)
        .env("NOTES", folder.resolve("notes").toString())
        .app("--chdir", folder.toString(), "app:App");
  }

  private List<String> notes() throws Exception {
    Path file = arbiters.folder().resolve("notes");
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }
}
