package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a service manager is told, as in sd_notify(3). */
@Tag("slow")
final class NotifyTest {
  /**
   * Stands in for the service manager: a child prints each datagram as a line, and ends with its
   * parent, which becomes the arbiter.
   */
  private static final String MANAGER =
      """
      use Socket; $| = 1; my $path = shift @ARGV; my $main = $$;
      socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die $!;
      bind($s, sockaddr_un($path)) or die $!;
      if (!fork) {
        $SIG{TERM} = 'IGNORE'; # the arbiter ends what it finds as its children
        my $bits = ''; vec($bits, fileno($s), 1) = 1;
        while (getppid == $main) {
          next unless select(my $ready = $bits, undef, undef, 0.1);
          defined recv($s, my $text, 65536, 0) or die $!;
          $text =~ s/\\n/|/g; print "notified: $text\\n";
        }
        unlink $path; exit 0;
      }
      $ENV{NOTIFY_SOCKET} = $path; $ENV{WATCHDOG_USEC} = 30000000; $ENV{WATCHDOG_PID} = $$;
      exec @ARGV or die $!;
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void theManagerIsToldOfStartReloadUpgradeAndStop() throws Exception {
    String socket = arbiters.folder().resolve("notify").toString();
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under("perl", "-e", MANAGER, socket)
            .kind("netty")
            .workers(2)
            .bind("127.0.0.1:0")
            .faulty()
            .start();
    Journal log = arbiter.log();
    log.await(told("MAINPID=" + arbiter.pid() + "\\|STATUS=Starting"), Limits.START);
    log.await(told("EXTEND_TIMEOUT_USEC=30000000"), Limits.START);
    log.await(told("WATCHDOG=1"), Limits.START);
    log.await(told("READY=1\\|STATUS=Serving: 2 of 2 workers, generation 1"), Limits.START);
    for (long worker : arbiter.workers()) {
      assertThat(Proc.environment(worker))
          .noneMatch(line -> line.startsWith("NOTIFY_SOCKET") || line.startsWith("WATCHDOG"));
    }

    int mark = log.mark();
    arbiter.signal(Os.Signal.HUP);
    log.awaitAfter(mark, told("RELOADING=1\\|MONOTONIC_USEC=\\d+\\|STATUS=.*"), Limits.CHANGE);
    log.awaitAfter(
        mark, told("READY=1\\|STATUS=Serving: 2 of 2 workers, generation 2"), Limits.CHANGE);

    mark = log.mark();
    arbiter.signal(Os.Signal.USR2);
    log.awaitAfter(
        mark, told("RELOADING=1\\|MONOTONIC_USEC=\\d+\\|STATUS=Upgrading.*"), Limits.CHANGE);
    log.awaitAfter(mark, told("MAINPID=" + arbiter.pid()), Limits.CHANGE);
    log.awaitAfter(
        mark, told("READY=1\\|STATUS=Serving: 2 of 2 workers, generation 3"), Limits.CHANGE);

    mark = log.mark();
    assertThat(arbiter.stop()).isZero();
    log.awaitAfter(mark, told("STOPPING=1\\|STATUS=Stopping: \\d workers left"), Limits.CHANGE);
  }

  @Test
  void aStartThatFailsSaysWhy() throws Exception {
    arbiters.expectError("nosuch");
    String socket = arbiters.folder().resolve("notify").toString();
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under("perl", "-e", MANAGER, socket)
            .kind("netty")
            .bind("127.0.0.1:0")
            .app("nosuch:App")
            .launch();
    assertThat(arbiter.exitCode(Limits.START)).isEqualTo(4);
    arbiter.log().await(told("STATUS=.*nosuch.*"), Limits.START);
  }

  private static Pattern told(String regex) {
    return Pattern.compile("^notified: " + regex + "$");
  }
}
