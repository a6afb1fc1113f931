package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * A running arbiter, as an operator sees it: a pid, what it writes, what it listens on, its
 * children. Made by {@link Command}; stopped by {@link Arbiters} if the test did not do it.
 */
final class ArbiterProcess {
  private final Process process;
  private final String command;
  private final Journal journal = new Journal();
  private final Pump out;
  private final Pump err;
  private volatile boolean killed;

  ArbiterProcess(Process process, String command) {
    this.process = process;
    this.command = command;
    this.out = Pump.start(process.getInputStream(), Journal.Source.OUT, journal);
    this.err = Pump.start(process.getErrorStream(), Journal.Source.ERR, journal);
  }

  long pid() {
    return process.pid();
  }

  /** The command line it was started with. */
  String command() {
    return command;
  }

  Journal log() {
    return journal;
  }

  /** The port of its first TCP listener. */
  int port() throws InterruptedException {
    return Integer.parseInt(journal.await(Says.LISTENING_TCP, Limits.START).group(1));
  }

  /** The port of its first listener inside TLS. */
  int tlsPort() throws InterruptedException {
    return Integer.parseInt(journal.await(Says.LISTENING_TLS, Limits.START).group(1));
  }

  /** The port of {@code --status-bind}. */
  int statusPort() throws InterruptedException {
    return Integer.parseInt(journal.await(Says.STATUS_AT, Limits.START).group(1));
  }

  /** What {@code --status-bind} answers. */
  Answer probe(String path) throws IOException, InterruptedException {
    try (RawClient client = RawClient.tcp(statusPort())) {
      return client.get(path);
    }
  }

  /** Waits until it listens and this many workers have reported ready. */
  ArbiterProcess awaitReady(int workers) throws InterruptedException {
    journal.await(Says.LISTENING, Limits.START);
    journal.await(0, Says.READY, workers, Limits.START);
    return this;
  }

  void signal(Os.Signal signal) {
    assertThat(Os.kill(pid(), signal)).as("%s reaches the arbiter", signal).isTrue();
  }

  /** Ends it with SIGKILL: what no program can prepare for. */
  void kill9() throws InterruptedException {
    killed = true;
    signal(Os.Signal.KILL);
    assertThat(process.waitFor(5, TimeUnit.SECONDS)).as("killed").isTrue();
  }

  /** Whether the test ended it with {@link #kill9}. */
  boolean killed() {
    return killed;
  }

  boolean alive() {
    return process.isAlive();
  }

  /** Waits for its end. */
  int exitCode(Duration limit) throws InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("Still running after " + limit.toMillis() + " ms: " + command);
    }
    return process.exitValue();
  }

  /** TERM, and wait for the end. */
  int stop() throws InterruptedException {
    signal(Os.Signal.TERM);
    return exitCode(Limits.CHANGE);
  }

  /** Stops reading what it writes, so that both its pipes can be filled. */
  void stopReading() {
    out.pause();
    err.pause();
  }

  void readAgain() {
    out.resume();
    err.resume();
  }

  /** Its worker processes, booting, serving and draining. A compiler JVM is none. */
  Set<Long> workers() {
    Set<Long> workers = new TreeSet<>();
    for (long child : Proc.children(pid())) {
      // Neither the compiler nor a child that has yet to become a worker has this flag.
      if (Proc.commandLine(child).contains("-XX:ActiveProcessorCount=")) {
        workers.add(child);
      }
    }
    return workers;
  }

  /** Waits until it has exactly this many workers. */
  Set<Long> awaitWorkers(int count) throws InterruptedException {
    Await.until(count + " workers", Limits.CHANGE, () -> workers().size() == count);
    return workers();
  }

  /** Waits until none of {@code old} is left and {@code count} others serve. */
  Set<Long> awaitReplaced(Set<Long> old, int count) throws InterruptedException {
    Await.until(
        "workers " + old + " are gone", Limits.CHANGE, () -> old.stream().noneMatch(Proc::alive));
    Set<Long> serving = awaitServing(count);
    assertThat(serving).doesNotContainAnyElementsOf(old);
    return serving;
  }

  /** Opens connections until this many different workers have answered on one. */
  Set<Long> awaitServing(int count) throws InterruptedException {
    int port = port();
    Set<Long> pids = new HashSet<>();
    Await.until(
        count + " workers answer",
        Limits.CHANGE,
        () -> {
          pids.removeIf(pid -> !Proc.alive(pid));
          try (RawClient client = RawClient.tcp(port)) {
            pids.add(client.pid());
          }
          return pids.size() >= count;
        });
    assertThat(workers()).containsAll(pids);
    return new TreeSet<>(pids);
  }

  RawClient connect() throws IOException, InterruptedException {
    return RawClient.tcp(port());
  }

  InetSocketAddress address() throws InterruptedException {
    return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port());
  }

  /** A connection that this worker holds. */
  RawClient connectTo(long worker) throws IOException, InterruptedException {
    for (int attempt = 0; attempt < 200; attempt++) {
      RawClient client = connect();
      if (client.pid() == worker) {
        return client;
      }
      client.close();
    }
    throw new AssertionError("200 connections, and none reached worker " + worker);
  }

  /** The pipe behind its standard error, which {@link #stopReading} leaves to fill up. */
  List<Path> outputs() {
    return List.of(Path.of("/proc/" + pid() + "/fd/1"), Path.of("/proc/" + pid() + "/fd/2"));
  }

  /** Waits until everything it wrote has been read. */
  void awaitOutputEnd(Duration limit) throws InterruptedException {
    Await.until("the output ends", limit, journal::over);
  }
}
