package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Each signal, sent with {@code kill}. Reloads and stops have tests of their own. */
final class SignalsTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void ttinAddsAWorkerAndTtouTakesOneAway(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).args("--worker-heap", "64M").faulty().start();
    Set<Long> two = arbiter.awaitServing(2);

    arbiter.signal(Os.Signal.TTIN);
    Set<Long> three = arbiter.awaitServing(3);
    assertThat(three).containsAll(two);

    try (LoadClients load = LoadClients.start(arbiter.port(), 4, 4, "/pid", Duration.ofMillis(5))) {
      load.awaitMore(50, Limits.ANSWER);
      arbiter.signal(Os.Signal.TTOU);
      arbiter.awaitWorkers(2);
      load.awaitMore(50, Limits.ANSWER);
      assertThat(load.stop()).isEmpty();
    }
  }

  @Test
  void ttouKeepsTheLastWorker() throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind("netty").faulty().start();
    Set<Long> workers = arbiter.awaitServing(1);

    arbiter.signal(Os.Signal.TTOU);
    arbiter.signal(Os.Signal.TTOU);

    Await.throughout("one worker", Duration.ofSeconds(1), () -> arbiter.workers().equals(workers));
    assertThat(arbiter.awaitServing(1)).isEqualTo(workers);
  }

  @EachKind
  void usr1OpensRenamedLogFilesAgain(String kind) throws Exception {
    Path error = arbiters.folder().resolve("error.log");
    Path access = arbiters.folder().resolve("access.log");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .args("--error-logfile", error.toString(), "--access-logfile", access.toString())
            .faulty()
            .launch();
    int port = portFrom(error);
    awaitAnswer(port);
    awaitLine(access, "\"GET /pid HTTP/1.1\" 200");
    Path oldError = Files.move(error, arbiters.folder().resolve("error.1"));
    Path oldAccess =
        Files.move(access, arbiters.folder().resolve("access.1"), StandardCopyOption.ATOMIC_MOVE);

    arbiter.signal(Os.Signal.USR1);
    Await.until(
        "both are there again", Limits.CHANGE, () -> Files.exists(error) && Files.exists(access));
    try (RawClient client = RawClient.tcp(port)) {
      assertThat(client.get("/?again").status()).isEqualTo(200);
    }
    awaitLine(access, "/?again");
    assertThat(oldAccess).content().doesNotContain("/?again");
    long size = Files.size(oldError);
    arbiter.signal(Os.Signal.TTOU);
    awaitLine(error, "TTOU");
    assertThat(oldError).hasSize(size);
  }

  @Test
  void quitPrintsTheArbitersThreadsAndItLives() throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind("netty").faulty().start();

    arbiter.signal(Os.Signal.QUIT);

    arbiter.log().await(Pattern.compile("Full thread dump"), Limits.CHANGE);
    assertThat(arbiter.awaitServing(1)).hasSize(1);
  }

  @Test
  void winchWithoutATerminalStopsTheWorkersUntilHup() throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().under("setsid").kind("sync").workers(2).faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);

    arbiter.signal(Os.Signal.WINCH);
    Await.until(
        "no worker is left",
        Limits.CHANGE,
        () -> arbiter.workers().isEmpty() && workers.stream().noneMatch(Proc::alive));
    assertThat(arbiter.alive()).isTrue();
    try (RawClient waiting = RawClient.tcp(arbiter.address(), Limits.CHANGE)) {
      waiting.request("/pid");
      arbiter.signal(Os.Signal.HUP);

      assertThat(waiting.answer().number()).isNotIn(workers);
    }
    arbiter.awaitServing(2);
  }

  /** A terminal that is resized sends it, to all that run there. */
  @Tag("slow")
  @Test
  void winchOnATerminalIsIgnored() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            // Leads a session, whose terminal is the first one it opens: a new one of its own.
            .under(
                "perl",
                "-e",
                "use POSIX; $^F = 9; setsid() > 0 or die $!;"
                    + " open(my $m, '+<', '/dev/ptmx') or die $!;"
                    + " ioctl($m, 0x40045431, my $unlock = pack('i', 0)) or die $!;"
                    + " my $nr = pack('i', 0); ioctl($m, 0x80045430, $nr) or die $!;"
                    + " open(my $s, '+<', '/dev/pts/' . unpack('i', $nr)) or die $!;"
                    + " exec @ARGV or die $!;")
            .kind("netty")
            .faulty()
            .start();
    Set<Long> workers = arbiter.awaitServing(1);
    assertThat(Proc.hasTerminal(arbiter.pid())).isTrue();

    arbiter.signal(Os.Signal.WINCH);
    arbiter.signal(Os.Signal.TTIN); // taken after it
    arbiter.log().await(Pattern.compile("TTIN: 2 workers, not 1"), Limits.CHANGE);

    assertThat(arbiter.awaitServing(2)).containsAll(workers);
    assertThat(arbiter.log().text()).doesNotContain("WINCH");
  }

  @EachKind
  void workerIgnoresWhatIsMeantForTheArbiter(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(2).faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);

    for (long worker : workers) {
      for (Os.Signal signal :
          new Os.Signal[] {Os.Signal.INT, Os.Signal.HUP, Os.Signal.USR2, Os.Signal.WINCH}) {
        assertThat(Os.kill(worker, signal)).isTrue();
      }
    }

    Await.throughout(
        "the same workers", Duration.ofSeconds(2), () -> arbiter.workers().equals(workers));
    assertThat(arbiter.awaitServing(2)).isEqualTo(workers);
  }

  @EachKind
  void aThousandSignalsToAWorkerThatSendsAndReceivesCostNoByte(String kind) throws Exception {
    int size = 100_000_000;
    ArbiterProcess arbiter = arbiters.command().kind(kind).faulty().start();
    long worker = arbiter.awaitServing(1).iterator().next();
    String half = "x".repeat(size / 200);

    try (RawClient reader = arbiter.connect();
        RawClient writer = arbiter.connect()) {
      reader.head("GET /big?bytes=" + size + " HTTP/1.1", "Host: test", "Connection: close");
      writer.head(
          "POST /echo HTTP/1.1",
          "Host: test",
          "Connection: close",
          "Content-Length: " + half.length() * 100L);
      FutureTask<Long> read = new FutureTask<>(reader::countBody);
      FutureTask<Long> back = new FutureTask<>(writer::countBody);
      Thread.ofVirtual().start(read);
      Thread.ofVirtual().start(back);
      for (int i = 0; i < 100; i++) {
        for (int j = 0; j < 10; j++) {
          Os.kill(worker, j % 2 == 0 ? Os.Signal.HUP : Os.Signal.WINCH);
        }
        writer.send(half);
      }

      assertThat(read.get(60, TimeUnit.SECONDS)).isEqualTo(size);
      assertThat(back.get(60, TimeUnit.SECONDS)).isEqualTo(half.length() * 100L);
    }
    assertThat(arbiter.workers()).containsExactly(worker);
  }

  @EachKind
  void workerDrainsOnTermAndIsReplaced(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(2).faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);

    long leaving;
    try (RawClient busy = arbiter.connect()) {
      leaving = busy.pid();
      busy.request("/sleep?ms=1500");
      Os.kill(leaving, Os.Signal.TERM);
      assertThat(busy.answer().status()).isEqualTo(200);
    }
    Await.until("it has left", Limits.CHANGE, () -> !Proc.alive(leaving));
    assertThat(arbiter.awaitServing(2)).doesNotContain(leaving).containsAnyElementsOf(workers);
  }

  @Test
  void workerPrintsItsThreadsOnQuitAndLives() throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind("netty").faulty().start();
    Set<Long> workers = arbiter.awaitServing(1);

    Os.kill(workers.iterator().next(), Os.Signal.QUIT);

    arbiter.log().await(Pattern.compile("Full thread dump"), Limits.CHANGE);
    assertThat(arbiter.awaitServing(1)).isEqualTo(workers);
  }

  @Test
  void signalsIgnoredAtTheLaunchAreObeyedAllTheSame() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under("sh", "-c", "trap '' HUP INT TERM; exec \"$@\"", "sh")
            .kind("netty")
            .faulty()
            .start();
    Set<Long> old = arbiter.awaitServing(1);

    arbiter.signal(Os.Signal.HUP);
    arbiter.awaitReplaced(old, 1);

    assertThat(arbiter.stop()).isZero();
  }

  @Tag("slow")
  @Test
  void deathsAreNoticedEvenIfTheLauncherBlockedTheSignalForThem() throws Exception {
    arbiters.expectError("Worker ");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under(
                "perl",
                "-e",
                "use POSIX; sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGCHLD)) or die $!;"
                    + " exec @ARGV or die $!;")
            .kind("netty")
            .workers(2)
            .faulty()
            .start();

    for (int i = 0; i < 3; i++) {
      long killed = arbiter.awaitServing(2).iterator().next();
      Os.kill(killed, Os.Signal.KILL);
      assertThat(arbiter.awaitReplaced(Set.of(killed), 2)).doesNotContain(killed);
    }
    assertThat(arbiter.stop()).isZero();
  }

  private static int portFrom(Path log) throws InterruptedException {
    return Await.value(
        "the port in " + log,
        Limits.START,
        () ->
            Says.LISTENING_TCP
                .matcher(Files.readString(log))
                .results()
                .map(match -> Integer.valueOf(match.group(1)))
                .findFirst());
  }

  private static void awaitAnswer(int port) throws Exception {
    try (RawClient client = RawClient.tcp(port)) {
      client.readLimit(Limits.START);
      client.pid();
    }
  }

  private static void awaitLine(Path file, String part) throws InterruptedException {
    Await.until(
        "\"" + part + "\" in " + file, Limits.CHANGE, () -> Files.readString(file).contains(part));
  }
}
