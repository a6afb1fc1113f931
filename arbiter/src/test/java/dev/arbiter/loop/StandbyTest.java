package dev.arbiter.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.process.Os;
import dev.arbiter.process.PosixOs;
import dev.arbiter.process.WorkerProcess;
import dev.arbiter.wire.Message;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The JVM that waits, on the real kernel; here a process that sleeps. */
class StandbyTest {
  private static final int SIGKILL = 9;
  private static final Path HERE = Path.of("").toAbsolutePath();
  private static final Os.Child SLEEPER = child("600");

  private final Os os = new PosixOs();
  private final WorkerProcess.Gate gate = new WorkerProcess.Gate();
  private final Standby standby = new Standby(os, new Deaf(), gate);

  private static Os.Child child(String seconds) {
    return new Os.Child(List.of("/bin/sleep", seconds), Map.of(), List.of());
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    standby.dismiss();
    awaitReaped();
    assertThat(sleepers()).isEmpty();
  }

  @Test
  void oneThatFitsBecomesTheWorker() throws Exception {
    standby.prepare(SLEEPER, List.of(), HERE);
    long waiting = sleepers().getFirst();
    assertThat(standby.owns(waiting)).isTrue();
    standby.prepare(SLEEPER, List.of(), HERE);
    assertThat(sleepers()).as("one waits at most").containsExactly(waiting);

    WorkerProcess taken = standby.take(7, SLEEPER, List.of(), HERE).orElseThrow();
    assertThat(taken.pid()).isEqualTo(waiting);
    assertThat(standby.owns(waiting)).isFalse();
    standby.dismiss();
    assertThat(ProcessHandle.of(waiting)).as("it is no longer the standby's").isPresent();

    os.signal(waiting, SIGKILL);
    awaitGone(waiting);
    taken.forget();
    os.close(taken.ends().fromWorker());
    os.close(taken.ends().output());
  }

  @Test
  void oneThatWasStartedInAnotherWayIsEnded() throws Exception {
    standby.prepare(SLEEPER, List.of(), HERE);
    long waiting = sleepers().getFirst();

    assertThat(standby.take(7, child("599"), List.of(), HERE)).isEmpty();

    assertThat(standby.owns(waiting)).as("until it is reaped").isTrue();
    awaitReaped();
    assertThat(standby.owns(waiting)).isFalse();
  }

  @Test
  void oneThatDiedIsReapedAndAnotherTakesItsPlace() throws Exception {
    long before = descriptors();
    standby.prepare(SLEEPER, List.of(), HERE);
    long dead = sleepers().getFirst();
    os.signal(dead, SIGKILL);
    awaitZombie(dead);

    assertThat(standby.reap()).isTrue();
    assertThat(standby.owns(dead)).isFalse();
    assertThat(Files.exists(Path.of("/proc/" + dead))).as("no zombie").isFalse();
    assertThat(descriptors()).isEqualTo(before);

    standby.prepare(SLEEPER, List.of(), HERE);
    assertThat(sleepers()).hasSize(1).doesNotContain(dead);
  }

  @Test
  void oneThatDiedUnnoticedIsNotTaken() throws Exception {
    standby.prepare(SLEEPER, List.of(), HERE);
    long dead = sleepers().getFirst();
    os.signal(dead, SIGKILL);
    awaitZombie(dead);

    assertThat(standby.take(7, SLEEPER, List.of(), HERE)).isEmpty();
    assertThat(standby.owns(dead)).isFalse();
  }

  @Test
  void theEndWaitsForOneThatWasDismissed() throws Exception {
    standby.prepare(SLEEPER, List.of(), HERE);
    long waiting = sleepers().getFirst();
    standby.dismiss();
    assertThat(standby.owns(waiting)).isTrue();
    awaitReaped();
    assertThat(Files.exists(Path.of("/proc/" + waiting))).isFalse();
  }

  private void awaitReaped() throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!standby.reap()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private void awaitGone(long pid) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (os.reap(pid).isEmpty()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static void awaitZombie(long pid) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") Z ")) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static List<Long> sleepers() {
    return ProcessHandle.current()
        .children()
        .filter(child -> child.info().command().filter(name -> name.endsWith("sleep")).isPresent())
        .map(ProcessHandle::pid)
        .toList();
  }

  private static long descriptors() throws Exception {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  /** Nobody is to hear anything of one that waits. */
  private static final class Deaf implements WorkerProcess.Ear {
    @Override
    public void said(int worker, Message.FromWorker message) {
      throw new AssertionError(message);
    }

    @Override
    public void garbled(int worker, String why) {
      throw new AssertionError(why);
    }

    @Override
    public void printed(int worker, String line) {
      throw new AssertionError(line);
    }

    @Override
    public void silent(int worker) {
      throw new AssertionError();
    }

    @Override
    public void closed(int worker) {
      throw new AssertionError();
    }
  }
}
