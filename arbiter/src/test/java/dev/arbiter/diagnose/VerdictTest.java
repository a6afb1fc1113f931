package dev.arbiter.diagnose;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.diagnose.ProcSample.Task;
import dev.arbiter.diagnose.ProcSample.Throttle;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Each cause from what real workers said, cut to what matters. */
final class VerdictTest {
  private static final long SECOND = 1_000_000_000;

  private static final String IDLE_LOOP =
      """
      #31 "loop-1-1" RUNNABLE 2026-11-24T17:50:37.030092895Z
          at java.base/java.lang.Object.hashCode(Native Method)
          at java.base/java.lang.Thread.run(Thread.java:1474)
      """;

  private static final String SLEEPING_LOOP =
      """
      #31 "loop-1-1" TIMED_WAITING 2026-11-24T17:50:37.030092895Z
          at java.base/java.lang.Thread.sleepNanos0(Native Method)
          at java.base/java.lang.Thread.sleep(Thread.java:509)
          at app//app.App.blockTheLoop(App.java:99)
          at app//app.App.answer(App.java:70)
      """;

  private static final String COMPUTING_LOOP =
      """
      #31 "loop-1-1" RUNNABLE 2026-11-24T17:50:37.030092895Z
          at app//app.App.price(App.java:12)
          at app//app.App.answer(App.java:70)
      """;

  private static final String LATE = "== loops ==\nloop 4012 ms #31 loop-1-1\nscheduler 3 ms #0 \n";
  private static final String TURNING = "== loops ==\nloop 1 ms #31 loop-1-1\nscheduler 0 ms #0 \n";

  private char state = 'S';
  private String frozen = "";
  private Load load = load(1 * SECOND, 0, 0, 0);
  private Optional<Findings.SinceBeat> beat = Optional.empty();

  @Test
  void aLoopThatWaitsInTheAppIsNamed() {
    Verdict verdict = judge(LATE, SLEEPING_LOOP);
    assertThat(verdict.cause()).isEqualTo(Cause.EVENT_LOOP_BLOCKED);
    assertThat(verdict.figure())
        .contains("\"loop-1-1\"", "app.App.blockTheLoop(App.java:99)", "4.0 s");
    assertThat(verdict.stack()).anyMatch(line -> line.contains("at app.App.answer"));
  }

  @Test
  void aLoopThatMovesBetweenDumpsIsNotBlocked() {
    Verdict verdict =
        of(findings(LATE, SLEEPING_LOOP, SLEEPING_LOOP.replace("blockTheLoop", "other")));
    assertThat(verdict.cause()).isEqualTo(Cause.UNKNOWN);
  }

  @Test
  void aLoopThatComputesIsBlockedToo() {
    assertThat(judge(LATE, COMPUTING_LOOP).line())
        .startsWith(
            "event-loop-blocked: thread \"loop-1-1\" computes in app.App.price(App.java:12)");
  }

  @Test
  void computingWithoutCoresIsStarvation() {
    load =
        new Load(1 * SECOND, SECOND / 50, SECOND, 0, 10, 10, "/sys/fs/cgroup/cpu/shop", Map.of());
    assertThat(judge(LATE, COMPUTING_LOOP).line())
        .startsWith("cpu-starved: throttled in 10 of 10 periods (100 %)")
        .contains("/sys/fs/cgroup/cpu/shop");
  }

  @Test
  void waitingOnABusyMachineIsStillWaiting() {
    load = load(1 * SECOND, SECOND / 10, SECOND, 0);
    assertThat(judge(LATE, SLEEPING_LOOP).cause()).isEqualTo(Cause.EVENT_LOOP_BLOCKED);
  }

  @Test
  void threadsThatWaitForACoreAreStarved() {
    load = load(4 * SECOND, SECOND / 10, 3 * SECOND, 0);
    assertThat(of(findings("")).line())
        .isEqualTo(
            "cpu-starved: its threads ran for 2 % of the time and waited for a core for 75 %");
  }

  @Test
  void fewThrottledPeriodsProveNothing() {
    load = new Load(1 * SECOND, 0, 0, 0, 2, 2, "/group", Map.of());
    assertThat(of(findings("")).cause()).isEqualTo(Cause.UNKNOWN);
  }

  @Test
  void collectorThreadsThatRunAllTheTimeAreAPause() {
    load = load(4 * SECOND, 4 * SECOND, 0, 39 * SECOND / 10);
    assertThat(of(findings("")).line())
        .isEqualTo("gc-pause: the collector's threads ran for 97 % of the last 4.0 s");
  }

  @Test
  void theDumpItselfKeepsTheVmThreadBusyForAMomentAndIsNoPause() {
    load = load(SECOND / 20, SECOND / 20, SECOND / 20, SECOND / 20);
    assertThat(of(findings("")).cause()).isEqualTo(Cause.UNKNOWN);
  }

  @Test
  void collectionsSinceTheLastBeatAreAPause() {
    beat = Optional.of(new Findings.SinceBeat(5000, 1000));
    String said = LATE + "== figures ==\ngc-millis 5500\nheap-used 500000000\nheap-max 536870912\n";
    assertThat(judge(said, COMPUTING_LOOP).line())
        .isEqualTo(
            "gc-pause: the collector took 90 % of the 5.0 s since the last beat; heap 476 MB in"
                + " use of 512 MB");
  }

  @Test
  void aSignalHasStoppedIt() {
    state = 'T';
    assertThat(of(findings("")).line()).startsWith("stopped: state T");
  }

  @Test
  void aFreezerHoldsIt() {
    frozen = "/sys/fs/cgroup/shop";
    for (char asleep : new char[] {'S', 'D'}) {
      state = asleep;
      assertThat(of(findings("")).line())
          .isEqualTo("stopped: frozen with all of its cgroup /sys/fs/cgroup/shop");
    }
  }

  @Test
  void aProcessThatHasGoneIsDead() {
    state = ' ';
    assertThat(of(findings("")).cause()).isEqualTo(Cause.DEAD);
  }

  @Test
  void aCircleOfMonitorsIsADeadlockAlsoOfVirtualThreads() {
    String dump =
        """
        #17 "buy" virtual BLOCKED 2026-11-24T17:50:37.107653732Z
            at app//app.App.lock(App.java:4)
            - locked <java.lang.Object@55536d9e>
            - waiting to lock <java.lang.Object@747edf66>
            at java.base/java.lang.VirtualThread.run(VirtualThread.java:460)

        #20 "sell" virtual BLOCKED 2026-11-24T17:50:37.107853131Z
            at app//app.App.lock(App.java:4)
            - locked <java.lang.Object@747edf66>
            - waiting to lock <java.lang.Object@55536d9e>
            at java.base/java.lang.VirtualThread.run(VirtualThread.java:460)

        #21 "waits" WAITING 2026-11-24T17:50:37.107853131Z
            at java.base/java.lang.Object.wait0(Native Method)
            - waiting on <java.lang.Object@1>
            - locked <java.lang.Object@1>

        """;
    assertThat(judge(TURNING, dump).line())
        .isEqualTo(
            "deadlock: virtual thread \"buy\" #17 waits in app.App.lock(App.java:4) for what"
                + " virtual thread \"sell\" #20 holds; virtual thread \"sell\" #20 waits in"
                + " app.App.lock(App.java:4) for what virtual thread \"buy\" #17 holds");
  }

  @Test
  void hotspotsOwnFindingIsUsedWhereOnlyQuitWasAnswered() {
    String dump =
        """
        Full thread dump OpenJDK 64-Bit Server VM (25.0.3+9-LTS mixed mode, sharing):

        "p-one" #22 [22732] daemon prio=5 os_prio=0 cpu=0.56ms elapsed=2.77s tid=0x1 nid=22732 waiting
           java.lang.Thread.State: WAITING (parking)
        \tat jdk.internal.misc.Unsafe.park(java.base@25.0.3/Native Method)
        \tat app.App.lock(App.java:4)

        JNI global refs: 7, weak refs: 0


        Found one Java-level deadlock:
        =============================
        "p-one":
          waiting for ownable synchronizer 0x1, (a java.util.concurrent.locks.ReentrantLock$NonfairSync),
          which is held by "p-two"

        "p-two":
          waiting for ownable synchronizer 0x2, (a java.util.concurrent.locks.ReentrantLock$NonfairSync),
          which is held by "p-one"

        Java stack information for the threads listed above:
        ===================================================
        "p-one":
        \tat app.App.lock(App.java:4)
        """;
    Verdict verdict = of(findings("", dump));
    assertThat(verdict.line())
        .isEqualTo(
            "deadlock: \"p-one\" waits for a lock that \"p-two\" holds; \"p-two\" waits for a lock"
                + " that \"p-one\" holds");
    assertThat(verdict.stack()).anyMatch(line -> line.contains("app.App.lock"));
  }

  private static final String FULL_POOL =
      """
      #31 "loop-1-1" WAITING 2026-11-24T17:50:37.030092895Z
          at java.base/jdk.internal.misc.Unsafe.park(Native Method)
          at java.base/java.util.concurrent.FutureTask.get(FutureTask.java:168)
          at app//app.App.load(App.java:33)

      #41 "database-1" WAITING 2026-11-24T17:50:37.030092895Z
          at java.base/jdk.internal.misc.Unsafe.park(Native Method)
          at app//app.Store.query(Store.java:8)

      #42 "database-2" WAITING 2026-11-24T17:50:37.030092895Z
          at java.base/jdk.internal.misc.Unsafe.park(Native Method)
          at app//app.Store.query(Store.java:8)

      """;

  @Test
  void aPoolWhoseThreadsAreAllAtOnePlaceIsExhausted() {
    assertThat(judge(LATE, FULL_POOL).line())
        .isEqualTo(
            "pool-exhausted: all 2 threads of the pool \"database-*\" are in"
                + " app.Store.query(Store.java:8), and thread \"loop-1-1\" waits in"
                + " app.App.load(App.java:33)");
  }

  @Test
  void aPoolWithAThreadToSpareIsNot() {
    String spare =
        FULL_POOL
            + """
              #43 "database-3" WAITING 2026-11-24T17:50:37.030092895Z
                  at java.base/jdk.internal.misc.Unsafe.park(Native Method)
                  at java.base/java.util.concurrent.LinkedBlockingQueue.take(LinkedBlockingQueue.java:440)
              """;
    assertThat(judge(LATE, spare).cause()).isEqualTo(Cause.EVENT_LOOP_BLOCKED);
  }

  @Test
  void consumersThatWaitForWorkAreNoFullPool() {
    String consumers =
        FULL_POOL.replace(
            "    at app//app.Store.query(Store.java:8)",
            "    at java.base/java.util.concurrent.LinkedBlockingQueue.take(Queue.java:1)\n"
                + "    at app//app.Mailer.run(Mailer.java:5)");
    assertThat(judge(LATE, consumers).cause()).isEqualTo(Cause.EVENT_LOOP_BLOCKED);
  }

  @Test
  void aLoopInNativeCodeOfTheAppHangsThere() {
    String dump =
        """
        #31 "loop-1-1" RUNNABLE 2026-11-24T17:50:37.030092895Z
            at java.base/java.io.RandomAccessFile.read0(Native Method)
            at java.base/java.io.RandomAccessFile.read(RandomAccessFile.java:362)
            at app//app.App.readThePipe(App.java:12)
        """;
    assertThat(judge(LATE, dump).line())
        .startsWith(
            "native-hang: thread \"loop-1-1\" is in"
                + " java.base/java.io.RandomAccessFile.read0(Native Method), called by"
                + " app.App.readThePipe(App.java:12)");
  }

  @Test
  void virtualThreadsThatDoNotYieldHoldUpTheScheduler() {
    String dump =
        IDLE_LOOP
            + """

              #50 "spin-1" virtual RUNNABLE 2026-11-24T17:50:37.030092895Z
                  at app//app.App.spin(App.java:9)
              """;
    String said = "== loops ==\nloop 1 ms #31 loop-1-1\nscheduler 4100 ms #0 \n";
    assertThat(judge(said, dump).line())
        .startsWith("event-loop-blocked: virtual thread \"spin-1\" #50 computes in app.App.spin");
  }

  @Test
  void aRequestThatHangsWhileTheLoopsTurnIsStuck() {
    String dump =
        IDLE_LOOP
            + """

              #50 "request" virtual WAITING 2026-11-24T17:50:37.030092895Z
                  at java.base/java.lang.VirtualThread.park(VirtualThread.java:742)
                  at app//app.App.ask(App.java:9)
              """;
    String said = TURNING + "== in flight ==\n61.2s GET /report from 10.0.0.1:4711\n";
    assertThat(judge(said, dump).line())
        .isEqualTo(
            "request-stuck: the loops turn; oldest request: 61.2s GET /report from 10.0.0.1:4711;"
                + " virtual thread \"request\" #50 is in app.App.ask(App.java:9)");
  }

  @Test
  void withNothingToSeeNothingIsConcluded() {
    assertThat(judge(TURNING, IDLE_LOOP).cause()).isEqualTo(Cause.UNKNOWN);
  }

  private Verdict judge(String said, String dump) {
    return of(findings(said, dump, dump, dump));
  }

  private static Verdict of(Findings findings) {
    return Verdict.of(findings);
  }

  private Findings findings(String said, String... dumps) {
    ProcSample process =
        new ProcSample(
            0, 0, state, Map.of(1L, new Task("java", 'S', 0, 0)), new Throttle("", 0, 0), frozen);
    return new Findings(
        process,
        load,
        List.of(dumps).stream().map(ThreadDump::parse).toList(),
        Findings.sections(said),
        beat,
        new OwnCode(List.of()));
  }

  private static Load load(long wall, long cpu, long delay, long gc) {
    return new Load(wall, cpu, delay, gc, 0, 0, "", Map.of());
  }
}
