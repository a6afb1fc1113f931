package dev.arbiter.upgrade;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.process.WorkerKind;
import dev.arbiter.process.WorkerProcess;
import dev.arbiter.release.Release;
import dev.arbiter.release.ReleaseResolver;
import dev.arbiter.release.ResolvedApp;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.Machine;
import dev.arbiter.settings.Source;
import dev.arbiter.settings.Source.Kind;
import dev.arbiter.socket.Listener;
import dev.arbiter.supervise.Snapshot;
import dev.arbiter.supervise.Tally;
import dev.arbiter.supervise.WorkerState;
import dev.arbiter.wire.Vitals;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What an arbiter leaves to the next, and how arbiters of different age read each other. */
final class HandoverTest {
  private static final Path HERE = Path.of("/srv/a folder, with=signs%20");

  private static final Vitals VITALS =
      new Vitals(
          3,
          List.of(40L),
          50,
          1000,
          2,
          5,
          6,
          7,
          1L << 20,
          1L << 30,
          8,
          1L << 29,
          9,
          10,
          List.of(1L, 2L),
          List.of(),
          0,
          11,
          12,
          13,
          14,
          0,
          0);

  private static final List<Listener> LISTENERS =
      List.of(
          listener("http://127.0.0.1:8000", List.of(7, 9), "", true),
          listener("unix:/run/a b.sock", List.of(8), "/run/a b.sock", true),
          listener("http://127.0.0.1:9000", List.of(12), "", false));

  private static Listener listener(String name, List<Integer> fds, String file, boolean open) {
    return Listener.takeOver(
        new Listener.Handover(name, fds, name, !file.isEmpty(), false, file, "5:6", open));
  }

  private static Config.Value value(String... texts) {
    return new Config.Value(List.of(texts), Source.flag(Kind.COMMAND_LINE, "--some"));
  }

  private static Handover handover() {
    return handover(Optional.empty());
  }

  private static Handover handover(Optional<Heritage.Tickets> tickets) {
    Config config =
        Config.carried(
            Map.of(
                "workers", value("2"),
                "bind", new Config.Value(List.of("fd://web"), Source.flag(Kind.FILE, "--bind")),
                "java-opts", value("-Da=b c", "", "-Dx=\n")),
            Map.of("SECRET", "two words"),
            HERE);
    WorkerKind kind =
        new WorkerKind("some", "a.Main", List.of(Path.of("/opt/x.jar")), List.of("--flag"), true);
    Machine machine = new Machine(2, 1L << 34, true);
    Release release =
        new Release(
            3,
            config,
            kind,
            new ResolvedApp(List.of(Path.of("/srv/app")), "app.App", ""),
            HERE,
            Path.of("/jdk"),
            machine,
            2,
            ReleaseResolver.divide(config, kind, machine),
            ResolvedApp.NONE,
            dev.arbiter.process.Privileges.SAME,
            LISTENERS);
    Snapshot fleet =
        new Snapshot(
            123_456_789,
            3,
            2,
            5,
            Map.of(3L, 2),
            false,
            true,
            9,
            Map.of("died", 1),
            List.of(new Tally.Death(50, 1, 4710, Tally.Cause.DIED, "it died, and 3 more")),
            true,
            List.of(
                new Snapshot.Worker(
                    7,
                    0,
                    false,
                    3,
                    4711,
                    1,
                    WorkerState.SERVING,
                    true,
                    "warming up",
                    100,
                    200,
                    true,
                    12,
                    true,
                    false,
                    true,
                    false,
                    "STAYS",
                    "",
                    0,
                    Long.MAX_VALUE,
                    "served 53 requests (max-requests 50)",
                    Optional.of(VITALS))),
            List.of(new Snapshot.Waiting(1, 3, 999)));
    return new Handover(
        "0.1.0",
        "/opt/arbiter-0.1.0",
        42,
        Optional.of(Path.of("/run/a.pid")),
        Optional.empty(),
        LISTENERS.subList(0, 2),
        List.of(
            Listener.takeOver(
                new Listener.Handover(
                    "", List.of(), "unix:/run/c.sock", true, false, "/run/c.sock", "7:8", true))),
        new Heritage(
            fleet,
            List.of(release),
            Map.of(
                7,
                new Heritage.Crewman(
                    new WorkerProcess.Ends(4711, 10, 11, -1, "0000", "68616c66"),
                    List.of("loading, still", ""),
                    150)),
            tickets));
  }

  @Test
  void what_is_read_is_what_was_written() {
    Handover before =
        handover(Optional.of(new Heritage.Tickets(List.of("0a", "0b", "0c"), 1_234_567_890_123L)));
    Handover after = HandoverText.decode(HandoverText.encode(before));

    assertThat(after)
        .usingRecursiveComparison()
        .ignoringFields("heritage.releases")
        .isEqualTo(before);
    Release release = after.heritage().releases().getFirst();
    assertThat(release.kind()).isEqualTo(before.heritage().releases().getFirst().kind());
    assertThat(release.app()).isEqualTo(before.heritage().releases().getFirst().app());
    assertThat(release.directory()).isEqualTo(HERE);
    assertThat(release.command(Path.of("/tmp"), 1))
        .isEqualTo(before.heritage().releases().getFirst().command(Path.of("/tmp"), 1));
    assertThat(release.config().list("java-opts")).containsExactly("-Da=b c", "", "-Dx=\n");
    assertThat(release.config().envFile()).containsEntry("SECRET", "two words");
    assertThat(release.config().isGiven("bind")).isTrue();
    assertThat(release.config().isGiven("backlog")).isFalse();
    assertThat(release.listeners())
        .as("with those that were closed, so that a rollback knows that they are to be bound again")
        .extracting(Listener::isOpen)
        .containsExactly(true, true, false);
    assertThat(release.isListening()).isFalse();
    assertThat(after.listeners()).isEqualTo(release.listeners().subList(0, 2));
    assertThat(release.policy()).isEqualTo(before.heritage().releases().getFirst().policy());
  }

  @Test
  void descriptors_of_pipes_that_have_ended_do_not_go_along() {
    assertThat(handover().descriptors()).containsExactly(7, 8, 9, 10, 11);
  }

  @Test
  void what_a_newer_arbiter_says_beyond_is_skipped_and_what_an_older_does_not_say_is_nothing() {
    String newer =
        HandoverText.encode(handover()).replace("worker id=", "worker mood=good%20enough id=")
            + "weather sky=blue\n"
            + "setting generation=3 name=setting-of-next-year values=,1\n";
    assertThat(HandoverText.decode(newer).heritage())
        .usingRecursiveComparison()
        .ignoringFields("releases")
        .isEqualTo(handover().heritage());

    String older = HandoverText.encode(handover()).replace(" recycle=served", " was=served");
    assertThat(HandoverText.decode(older).heritage().fleet().workers().getFirst().recycle())
        .isEmpty();
  }

  /** The file is of that version and stays as it is; whoever must change it breaks upgrades. */
  @Test
  void what_version_0_1_0_left_is_read() throws Exception {
    String text;
    try (InputStream file =
        Objects.requireNonNull(HandoverTest.class.getResourceAsStream("state-0.1.0.txt"))) {
      text = new String(file.readAllBytes(), UTF_8);
    }
    assertThat(HandoverText.decode(text))
        .usingRecursiveComparison()
        .ignoringFields("heritage.releases")
        .isEqualTo(handover());
    assertThat(HandoverText.decode(text).heritage().good().policy())
        .isEqualTo(handover().heritage().good().policy());
  }

  @Test
  void another_format_is_refused() {
    String later = HandoverText.encode(handover()).replace("format=1", "format=2");
    assertThatThrownBy(() -> HandoverText.decode(later)).hasMessageContaining("format=2");
    assertThatThrownBy(() -> HandoverText.decode("")).hasMessageContaining("unknown format");
  }

  @Test
  void an_arbiter_takes_over_only_what_it_understands() {
    Candidate candidate = new Candidate("0.2.0", "25.0.4+1", "/opt/arbiter 0.2.0", 1, 1, 1, 2);
    Candidate read =
        Candidate.find("WARNING: something\n" + candidate.print() + "\nmore").orElseThrow();

    assertThat(read).isEqualTo(candidate);
    assertThat(read.objection(1, Set.of(1, 2))).isEmpty();
    assertThat(read.objection(2, Set.of())).isPresent();
    assertThat(read.objection(1, Set.of(3)).orElseThrow())
        .contains("worker protocol", "workers that run speak 3");
  }

  @Test
  void what_an_arbiter_left_is_not_inherited_by_what_it_starts() throws Exception {
    assertThat(Handover.take(Map.of())).isEmpty();
    assertThat(Handover.take(Map.of(Handover.VARIABLE, "0"))).isEmpty();
    assertThat(Handover.take(Map.of(Handover.VARIABLE, "987654"))).isEmpty();
  }
}
