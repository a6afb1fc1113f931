package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sockets that a service manager passes, as in sd_listen_fds(3). */
@Tag("slow")
final class ActivationTest {
  /**
   * Stands in for the service manager: listens at two ports and a path, passes them on as 3, 4 and
   * 5 under names, and becomes the arbiter, which is told the first port as {@code PASSED}.
   */
  private static final String ACTIVATE =
      """
      use Socket; $^F = 5; my @ports;
      for my $fd (3, 4) {
        socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
        bind($s, sockaddr_in(0, INADDR_LOOPBACK)) or die $!;
        listen($s, 128) or die $!;
        fileno($s) == $fd or die "descriptor " . fileno($s);
        push @keep, $s; push @ports, (sockaddr_in(getsockname($s)))[0];
      }
      my $path = shift @ARGV;
      socket(my $u, PF_UNIX, SOCK_STREAM, 0) or die $!;
      bind($u, sockaddr_un($path)) or die $!;
      listen($u, 128) or die $!;
      $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 3; $ENV{LISTEN_FDNAMES} = "web:spare:local";
      $| = 1; print "passed on: @ports\\n";
      s/PASSED/$ports[0]/ for @ARGV;
      exec @ARGV or die $!;
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void passedSocketsAreServedByAddressAndByNameAndTheRestIsClosed() throws Exception {
    Path path = arbiters.folder().resolve("local.sock");
    arbiters.ownSocket(path);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under("perl", "-e", "our @keep;" + ACTIVATE, path.toString())
            .kind("netty")
            .workers(2)
            .bind("127.0.0.1:PASSED", "fd://local")
            .faulty()
            .start();
    MatchResult ports =
        arbiter.log().await(Pattern.compile("passed on: (\\d+) (\\d+)"), Limits.START);
    int served = Integer.parseInt(ports.group(1));
    int unused = Integer.parseInt(ports.group(2));

    try (RawClient client = RawClient.tcp(served)) {
      assertThat(arbiter.workers()).contains(client.pid());
    }
    SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
    arbiter.log().await(Pattern.compile("Closed the passed socket spare"), Limits.START);
    assertThat(Proc.tcp())
        .as("nobody listens at the one that was not asked for")
        .noneMatch(socket -> socket.listening() && socket.localPort() == unused);

    for (long worker : arbiter.workers()) {
      Map<Integer, String> fds = Proc.descriptors(worker);
      assertThat(fds.get(6)).startsWith("socket:[");
      assertThat(fds.get(7)).startsWith("socket:[");
      assertThat(Proc.environment(worker)).noneMatch(line -> line.startsWith("LISTEN_"));
    }

    // An arbiter that takes over knows the closed one for closed, and its number for another file.
    int mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.USR2);
    arbiter.log().awaitAfter(mark, Says.RELOADED, Limits.CHANGE);
    try (RawClient client = RawClient.tcp(served)) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }
    SocketChannel.open(UnixDomainSocketAddress.of(path)).close();

    assertThat(arbiter.stop()).isZero();
    assertThat(path).as("the service manager's file").exists();
  }

  @Test
  void whereNoBindIsGivenAllThatWerePassedAreServed() throws Exception {
    Path path = arbiters.folder().resolve("local.sock");
    arbiters.ownSocket(path);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under("perl", "-e", "our @keep;" + ACTIVATE, path.toString())
            .args("-k", "netty", "-w", "1", "--probation", "1")
            .faulty()
            .launchBare()
            .awaitReady(1);
    MatchResult ports =
        arbiter.log().await(Pattern.compile("passed on: (\\d+) (\\d+)"), Limits.START);

    for (int i = 1; i <= 2; i++) {
      try (RawClient client = RawClient.tcp(Integer.parseInt(ports.group(i)))) {
        assertThat(client.get("/").status()).isEqualTo(200);
      }
    }
    SocketChannel.open(UnixDomainSocketAddress.of(path)).close();

    // They stay over a reload, which reads the settings again.
    var old = arbiter.workers();
    arbiter.signal(Os.Signal.HUP);
    Await.until("replaced", Limits.CHANGE, () -> old.stream().noneMatch(Proc::alive));
    try (RawClient client = RawClient.tcp(Integer.parseInt(ports.group(2)))) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }

    // And over an upgrade, whose arbiter is announced the same sockets and has them already.
    var second = arbiter.workers();
    int mark = arbiter.log().mark();
    arbiter.signal(Os.Signal.USR2);
    arbiter.log().awaitAfter(mark, Says.RELOADED, Limits.CHANGE);
    Await.until("replaced", Limits.CHANGE, () -> second.stream().noneMatch(Proc::alive));
    try (RawClient client = RawClient.tcp(Integer.parseInt(ports.group(2)))) {
      assertThat(client.get("/").status()).isEqualTo(200);
    }
    SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
  }
}
