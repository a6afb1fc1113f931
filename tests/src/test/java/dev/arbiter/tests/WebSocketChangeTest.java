package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every planned change closes each WebSocket with 1012, behind what the app has sent; who does not
 * answer that is cut, and only who does not.
 */
@Tag("slow")
final class WebSocketChangeTest {
  private static final int CLIENTS = 8;
  private static final int SERVICE_RESTART = 1012;
  private static final Duration DRAIN = Duration.ofSeconds(1);

  /** What {@code --stream-drain-timeout} is when it is not set. */
  private static final Duration DEFAULT_DRAIN = Duration.ofSeconds(5);

  /** Nobody is ended for this one. */
  private static final Duration GRACEFUL = Duration.ofSeconds(30);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void recycleReloadUpgradeAndStopCloseEach(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .args("--stream-drain-timeout", DRAIN.toSeconds() + "s")
            .gracefulTimeout(GRACEFUL.toSeconds() + "s")
            .faulty()
            .start();
    changesCloseEach(arbiter, () -> WebSocketLine.upgraded(arbiter.port()));
  }

  @Test
  void theyCloseEachInAStreamToo() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .args("--stream-drain-timeout", DRAIN.toSeconds() + "s", "--h2c", "prior-knowledge")
            .gracefulTimeout(GRACEFUL.toSeconds() + "s")
            .faulty()
            .start();
    changesCloseEach(arbiter, () -> WebSocketLine.stream(arbiter.port()));
  }

  private void changesCloseEach(ArbiterProcess arbiter, Callable<WebSocketLine> opens)
      throws Exception {
    eachIsClosed(
        arbiter,
        opens,
        () -> assertThat(Ctl.run(arbiters, "recycle", "0").exitCode()).as("recycle").isZero());
    for (Os.Signal signal : new Os.Signal[] {Os.Signal.HUP, Os.Signal.USR2}) {
      int mark = arbiter.log().mark();
      eachIsClosed(arbiter, opens, () -> arbiter.signal(signal));
      arbiter.log().awaitAfter(mark, Says.RELOADED, Limits.CHANGE);
    }
    eachIsClosed(arbiter, opens, () -> arbiter.signal(Os.Signal.TERM));
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
  }

  @FunctionalInterface
  private interface Change {
    void begin() throws Exception;
  }

  private static void eachIsClosed(
      ArbiterProcess arbiter, Callable<WebSocketLine> opens, Change change) throws Exception {
    Set<Long> old = arbiter.awaitServing(1);
    CountDownLatch open = new CountDownLatch(CLIENTS + 1);
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<End>> polite = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        polite.add(pool.submit(client(opens, true, open)));
      }
      Future<End> mute = pool.submit(client(opens, false, open));
      assertThat(open.await(Limits.ANSWER.toSeconds(), TimeUnit.SECONDS)).as("all echo").isTrue();

      change.begin();

      for (Future<End> client : polite) {
        End end = client.get(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS);
        assertThat(end.code()).isEqualTo(SERVICE_RESTART);
        assertThat(end.cut()).as("its own Close was read").isFalse();
      }
      End end = mute.get(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS);
      assertThat(end.code()).isEqualTo(SERVICE_RESTART);
      assertThat(end.after()).isBetween(DRAIN.dividedBy(2), DEFAULT_DRAIN);
    }
    Await.until(
        "the old worker has left", Limits.CHANGE, () -> old.stream().noneMatch(Proc::alive));
  }

  /**
   * How a connection ended.
   *
   * @param code of the Close
   * @param after the Close
   * @param cut with RST, or RST_STREAM
   */
  private record End(int code, Duration after, boolean cut) {}

  /** Has its messages echoed, several under way at once, until a Close comes. */
  private static Callable<End> client(
      Callable<WebSocketLine> opens, boolean answers, CountDownLatch open) {
    return () -> {
      try (WebSocketLine client = opens.call()) {
        int sent = 0;
        int answered = 0;
        while (true) {
          while (sent < answered + 3) {
            client.send(WebSocketLine.TEXT, Integer.toString(sent++));
          }
          int opcode = client.bytes(1).charAt(0);
          String payload = client.bytes(client.bytes(1).charAt(0)); // of less than 126 bytes
          if (opcode == WebSocketLine.CLOSE) {
            return ended(client, payload, answers);
          }
          assertThat(payload).as("in order").endsWith(" " + answered++);
          if (answered == 20) {
            open.countDown();
          }
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
      }
    };
  }

  private static End ended(WebSocketLine client, String payload, boolean answers)
      throws IOException {
    int code = payload.charAt(0) << 8 | payload.charAt(1);
    long closed = System.nanoTime();
    if (answers) {
      client.send(WebSocketLine.CLOSE, payload.substring(0, 2));
    }
    boolean cut = false;
    try {
      client.bytes(1);
      throw new AssertionError("something after the Close");
    } catch (EOFException end) {
      // As it is to be.
    } catch (SocketException reset) {
      cut = true;
    }
    return new End(code, Duration.ofNanos(System.nanoTime() - closed), cut);
  }
}
