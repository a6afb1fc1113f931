package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a worker is born with: descriptors, signal mask and dispositions, process group. */
final class DescriptorsTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void workerHoldsItsDescriptorsInOrder(String kind) throws Exception {
    Path path = arbiters.folder().resolve("app.sock");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .bind("127.0.0.1:0", "unix:" + path)
            .faulty()
            .start();
    Map<Integer, String> arbiters = Proc.descriptors(arbiter.pid());

    for (long worker : arbiter.workers()) {
      Map<Integer, String> fds = Proc.descriptors(worker);
      assertThat(fds.get(0)).isEqualTo("/dev/null");
      for (int pipe = 1; pipe <= 4; pipe++) {
        assertThat(fds.get(pipe)).as("descriptor %s", pipe).startsWith("pipe:[");
        assertThat(arbiters.values()).as("the other end of %s", pipe).contains(fds.get(pipe));
      }
      assertThat(fds.get(3)).as("one pipe for each direction").isNotEqualTo(fds.get(4));
      assertThat(fds.get(5)).as("inherited standard output").isEqualTo(arbiters.get(1));
      for (int listener = 6; listener <= 7; listener++) {
        assertThat(fds.get(listener)).as("listener %s", listener).startsWith("socket:[");
        assertThat(arbiters.values()).contains(fds.get(listener));
      }
      assertThat(fds.get(6)).isNotEqualTo(fds.get(7));
    }
  }

  @EachKind
  void nothingElseOfTheArbitersLeaksIntoAWorker(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).workers(3).args("--worker-heap", "64M").faulty().start();
    // A fourth is born while the others are connected.
    arbiter.signal(Os.Signal.TTIN);
    Set<Long> workers = arbiter.awaitServing(4);
    Set<String> parent = pipesAndSockets(Proc.descriptors(arbiter.pid()), 0);

    for (long worker : workers) {
      Set<String> extra = pipesAndSockets(Proc.descriptors(worker), 7);
      extra.removeIf(inherited -> !parent.contains(inherited));
      // A saved duplicate of the one listener is the worker's own doing.
      extra.remove(Proc.descriptors(worker).get(6));
      assertThat(extra).as("worker %s", worker).isEmpty();
    }
  }

  @Test
  void workerIsBornWithACleanSlate() throws Exception {
    Path jdk = witnessJdk();
    ArbiterProcess arbiter =
        arbiters
            .command()
            // Born itself with signals blocked and ignored, as under a careless supervisor.
            .under(
                "perl",
                "-e",
                "use POSIX; $SIG{$_} = 'IGNORE' for qw(HUP INT USR1 USR2 PIPE TERM);"
                    + "my $s = POSIX::SigSet->new(SIGQUIT, SIGUSR1, SIGTTIN, SIGCHLD);"
                    + "sigprocmask(SIG_BLOCK, $s) or die $!; exec @ARGV or die $!;")
            .kind("netty")
            .args("--java", jdk.toString())
            .faulty()
            .start();

    long worker = arbiter.workers().iterator().next();
    List<String> born = Files.readAllLines(arbiters.folder().resolve("born-" + worker));
    Map<Integer, String> fds = new TreeMap<>();
    List<String> rest = new ArrayList<>();
    for (String line : born) {
      Matcher fd = Pattern.compile("fd (\\d+) (.*)").matcher(line);
      if (fd.matches()) {
        fds.put(Integer.valueOf(fd.group(1)), fd.group(2));
      } else {
        rest.add(line.replaceAll("\\s+", " "));
      }
    }
    assertThat(fds.keySet()).containsExactly(0, 1, 2, 3, 4, 5, 6);
    assertThat(fds.get(0)).isEqualTo("/dev/null");
    assertThat(fds.get(6)).startsWith("socket:[");
    assertThat(rest)
        .containsExactlyInAnyOrder(
            "SigBlk: 0000000000000000",
            "SigIgn: 0000000000000000",
            "pgrp " + worker + " pid " + worker);
  }

  @EachKind
  void workerBlocksNoSignalAndLeadsItsOwnGroup(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(2).faulty().start();

    for (long worker : arbiter.workers()) {
      assertThat(Proc.group(worker)).isEqualTo(worker);
      assertThat(Proc.signalMask(worker, "SigBlk")).isZero();
      long ignored = Proc.signalMask(worker, "SigIgn");
      assertThat(Os.Signal.TERM.in(ignored)).as("TERM ignored").isFalse();
      assertThat(Os.Signal.QUIT.in(ignored)).as("QUIT ignored").isFalse();
    }
  }

  private Path witnessJdk() throws Exception {
    Path real = Path.of(System.getProperty("java.home"));
    Path fake = Files.createDirectories(arbiters.folder().resolve("jdk"));
    try (var entries = Files.list(real)) {
      for (Path entry : entries.toList()) {
        if (!entry.endsWith("bin")) {
          Files.createSymbolicLink(fake.resolve(entry.getFileName()), entry);
        }
      }
    }
    Path bin = Files.createDirectory(fake.resolve("bin"));
    try (var entries = Files.list(real.resolve("bin"))) {
      for (Path entry : entries.filter(e -> !e.endsWith("java")).toList()) {
        Files.createSymbolicLink(bin.resolve(entry.getFileName()), entry);
      }
    }
    Path java = bin.resolve("java");
    Files.writeString(java, witness(arbiters.folder(), real.resolve("bin/java")));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
    return fake;
  }

  private static Set<String> pipesAndSockets(Map<Integer, String> fds, int from) {
    return fds.entrySet().stream()
        .filter(fd -> fd.getKey() >= from)
        .map(Map.Entry::getValue)
        .filter(target -> target.startsWith("pipe:[") || target.startsWith("socket:["))
        .collect(Collectors.toCollection(HashSet::new));
  }

  /** Stands in for {@code java}: notes what it was born with, then becomes the real one. */
  private static String witness(Path notes, Path java) {
    return """
      #!/usr/bin/perl
      opendir(my $d, "/proc/self/fd") or die $!;
      my @fds = sort { $a <=> $b } grep { /^\\d+$/ } readdir($d);
      my $out = "";
      for my $fd (@fds) {
        my $to = readlink("/proc/self/fd/$fd");
        next if !defined($to) || $to eq $0 || $to =~ m{^/proc/\\d+/fd$};
        $out .= "fd $fd $to\\n";
      }
      open(my $s, "<", "/proc/self/status") or die $!;
      # Perl ignores FPE for itself: not a thing it was born with.
      while (<$s>) {
        $out .= sprintf("%%s %%016x\\n", $1, hex($2) & ~0x80) if /^(Sig(?:Blk|Ign):)\\s+(\\w+)/;
      }
      $out .= "pgrp " . getpgrp() . " pid $$\\n";
      open(my $o, ">", "%s/born-$$") or die $!;
      print $o $out;
      close($o);
      exec("%s", @ARGV) or die $!;
      """
        .formatted(notes, java);
  }
}
