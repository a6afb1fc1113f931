package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Binding, and the first answers. */
final class StartTest {
  /** Binds a TCP socket, passes it on as descriptor 3, says which port it got. */
  private static final String LISTEN_ON_3 =
      """
      use Socket; $^F = 3;
      socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
      bind($s, sockaddr_in(0, INADDR_LOOPBACK)) or die $!;
      listen($s, 128) or die $!;
      my ($port) = sockaddr_in(getsockname($s));
      fileno($s) == 3 or die "descriptor " . fileno($s);
      $| = 1; print "passed on: $port\\n";
      exec @ARGV or die $!;
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void fourWorkersAnswerOnOneSocket(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(4).faulty().start();

    assertThat(arbiter.awaitServing(4)).isEqualTo(arbiter.workers()).hasSize(4);
  }

  @Test
  void logLinesHaveTimePidAndLevel() throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind("netty").workers(2).faulty().start();

    assertThat(arbiter.log().lines())
        .filteredOn(line -> line.source() == Journal.Source.ERR)
        .isNotEmpty()
        .allSatisfy(line -> assertThat(line.text()).matches(Says.FORMAT));
    assertThat(arbiter.log().all(Says.BOOTING)).hasSize(2);
    MatchResult listening = arbiter.log().await(Says.LISTENING, Limits.START);
    assertThat(listening.group(2))
        .as("the launcher has become the arbiter")
        .isEqualTo(Long.toString(arbiter.pid()));
  }

  @Test
  void portZeroIsReplacedByTheOneTaken() throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind("netty").bind("127.0.0.1:0").faulty().start();

    assertThat(arbiter.port()).isPositive();
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @EachKind
  void everyListenerIsServed(String kind) throws Exception {
    Path path = arbiters.folder().resolve("app.sock");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .bind("127.0.0.1:0", "127.0.0.1:0", "unix:" + path)
            .faulty()
            .start();

    List<MatchResult> listeners = arbiter.log().all(Says.LISTENING_TCP);
    assertThat(listeners).hasSize(2);
    for (MatchResult listener : listeners) {
      try (RawClient client = RawClient.tcp(Integer.parseInt(listener.group(1)))) {
        assertThat(client.get("/").status()).isEqualTo(200);
      }
    }
    try (RawClient client = RawClient.unix(path)) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @EachKind
  void unixSocketFileIsUnlinkedAtStopAndNotBefore(String kind) throws Exception {
    Path path = arbiters.folder().resolve("app.sock");
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(2).bind("unix:" + path).faulty().start();
    long killed = arbiter.workers().iterator().next();
    Os.kill(killed, Os.Signal.TERM);
    Await.until("the worker leaves", Limits.CHANGE, () -> !Proc.alive(killed));

    assertThat(path).as("after one worker left").exists();
    try (RawClient client = RawClient.unix(path)) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }

    assertThat(arbiter.stop()).isZero();
    assertThat(path).doesNotExist();
  }

  @Test
  void staleUnixSocketFileIsTakenOver() throws Exception {
    Path path = arbiters.folder().resolve("app.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();

    arbiters.command().kind("netty").bind("unix:" + path).faulty().start();

    try (RawClient client = RawClient.unix(path)) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }
  }

  @Test
  void unixSocketSomebodyListensOnIsRefused() throws Exception {
    Path path = arbiters.folder().resolve("app.sock");
    arbiters.ownSocket(path);
    arbiters.expectError("app\\.sock");
    try (ServerSocketChannel alive = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      alive.bind(UnixDomainSocketAddress.of(path));

      Command.Finished finished =
          arbiters.command().kind("netty").bind("unix:" + path).faulty().run(Limits.START);

      assertThat(finished.exitCode()).isEqualTo(5);
      assertThat(finished.log().text()).contains(path.toString());
      assertThat(path).as("it belongs to somebody else").exists();
    }
  }

  @Test
  void fileThatIsNoSocketIsNeverReplaced() throws Exception {
    Path path = Files.writeString(arbiters.folder().resolve("precious"), "data");
    arbiters.expectError("precious");

    Command.Finished finished =
        arbiters.command().kind("netty").bind("unix:" + path).faulty().run(Limits.START);

    assertThat(finished.exitCode()).isIn(2, 5);
    assertThat(path).hasContent("data");
  }

  @EachKind
  void inheritedDescriptorIsServed(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under("perl", "-e", LISTEN_ON_3)
            .kind(kind)
            .workers(2)
            .bind()
            .args("--fd", "3")
            .faulty()
            .start();

    int port =
        Integer.parseInt(
            arbiter.log().await(Pattern.compile("passed on: (\\d+)"), Limits.START).group(1));
    try (RawClient client = RawClient.tcp(port)) {
      assertThat(arbiter.workers()).contains(client.pid());
    }
  }

  @Test
  void descriptorThatIsNoListenerIsRefused() throws Exception {
    arbiters.expectError("fd");

    Command.Finished finished =
        arbiters.command().kind("netty").bind("fd://0").faulty().run(Limits.START);

    assertThat(finished.exitCode()).isIn(2, 5);
    assertThat(finished.log().text()).contains("fd");
  }

  @EachKind
  void ipv6IsServed(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).bind("[::1]:0").faulty().start();

    assertThat(get(InetAddress.ofLiteral("::1"), arbiter.port())).isEqualTo(200);
    assertThatThrownBy(() -> get(InetAddress.ofLiteral("127.0.0.1"), arbiter.port()))
        .isInstanceOf(ConnectException.class);
  }

  @EachKind
  void unspecifiedIpv6AddressServesBothFamilies(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).bind("[::]:0").faulty().start();

    assertThat(get(InetAddress.ofLiteral("::1"), arbiter.port())).isEqualTo(200);
    assertThat(get(InetAddress.ofLiteral("127.0.0.1"), arbiter.port())).isEqualTo(200);
  }

  @Test
  void bothFamiliesCanBeBoundToOnePort() throws Exception {
    int port = Ports.free();

    arbiters.command().kind("netty").bind("0.0.0.0:" + port, "[::]:" + port).faulty().start();

    assertThat(get(InetAddress.ofLiteral("127.0.0.1"), port)).isEqualTo(200);
    assertThat(get(InetAddress.ofLiteral("::1"), port)).isEqualTo(200);
  }

  @Test
  void portWithoutHostIsBoundOnAllInterfaces() throws Exception {
    int port = Ports.free();

    arbiters.command().kind("netty").bind(":" + port).faulty().start();

    assertThat(get(InetAddress.ofLiteral("127.0.0.2"), port)).isEqualTo(200);
  }

  @Test
  void startsInAPoorEnvironment() throws Exception {
    Path path = arbiters.folder().resolve("app.sock");
    Path temporary = Files.createDirectory(arbiters.folder().resolve("temporary"));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under("sh", "-c", "ulimit -n 256; exec \"$@\" <&- >&- 2>&-", "sh")
            .env("TMPDIR", "temporary")
            .kind("netty")
            .bind("unix:" + path)
            .faulty()
            .launch();

    Await.until(
        "it answers",
        Limits.START,
        () -> {
          try (RawClient client = RawClient.unix(path)) {
            return client.get("/").status() == 200;
          }
        });
    assertThat(Proc.descriptors(arbiter.pid()))
        .as("not the first files it opened")
        .containsEntry(0, "/dev/null")
        .containsEntry(1, "/dev/null")
        .containsEntry(2, "/dev/null");
    assertThat(temporary).isNotEmptyDirectory();
    assertThat(arbiter.stop()).isZero();
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void connectionsMadeDuringTheBootAreAnswered() throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind("netty").faulty().launch();
    int port = arbiter.port();

    try (RawClient early =
        RawClient.tcp(
            new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port),
            Duration.ofSeconds(60))) {
      assertThat(early.get("/").status()).isEqualTo(200);
    }
  }

  private static int get(InetAddress host, int port) throws IOException {
    try (RawClient client = RawClient.tcp(new InetSocketAddress(host, port))) {
      return client.get("/").status();
    }
  }
}
