package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.tests.Load.Door;
import dev.arbiter.tests.WebSocketLine.Message;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every planned change closes each WebSocket with 1012, behind what the app has sent; who does not
 * answer that is cut, and only who does not. So it is on every way to a WebSocket: in the clear and
 * inside TLS, on a connection of its own and in a stream.
 */
@Tag("slow")
final class WebSocketChangeTest {
  private static final Duration DRAIN = Duration.ofSeconds(1);

  /** What {@code --stream-drain-timeout} is when it is not set. */
  private static final Duration DEFAULT_DRAIN = Duration.ofSeconds(5);

  /** Nobody is ended for this one. */
  private static final Duration GRACEFUL = Duration.ofSeconds(30);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Timeout(180) // seven workers that speak TLS, most of them one after the other
  @EachKind
  void recycleReloadUpgradeAndStopCloseEach(String kind) throws Exception {
    Path certificate = Certificates.make(arbiters.folder(), "server");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args("--stream-drain-timeout", DRAIN.toSeconds() + "s")
            .args("--certfile", certificate.toString(), "--insecure-bind", "127.0.0.1:0")
            .args(KeptConnections.arguments(kind))
            .gracefulTimeout(GRACEFUL.toSeconds() + "s")
            .faulty()
            .start();
    List<Door<WebSocketLine>> doors = doors(kind, arbiter, Certificates.trusting(certificate));

    try (Clients clients = new Clients(doors)) {
      Set<Long> workers = arbiter.awaitServing(2);
      clients.openTo(workers);
      assertThat(Ctl.run(arbiters, "recycle", "0").exitCode()).isZero();
      clients.of(recycled(workers)).areClosed();
      workers = arbiter.awaitServing(2);
      clients.areOpen(); // those of the other

      for (Os.Signal signal : new Os.Signal[] {Os.Signal.HUP, Os.Signal.USR2}) {
        clients.openTo(workers);
        int mark = arbiter.log().mark();
        arbiter.signal(signal);
        clients.areClosed(workers);
        workers = arbiter.awaitReplaced(workers, 2);
        arbiter.log().awaitAfter(mark, Says.RELOADED, Limits.CHANGE);
      }

      clients.openTo(workers);
      arbiter.signal(Os.Signal.TERM);
      clients.areClosed(workers);
    }
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
  }

  /** Which of them has left, and not before it has. */
  private static long recycled(Set<Long> workers) throws InterruptedException {
    return Await.value(
        "one has left",
        Limits.CHANGE,
        () -> workers.stream().filter(pid -> !Proc.alive(pid)).findFirst());
  }

  /** All ways to a WebSocket. */
  private static List<Door<WebSocketLine>> doors(
      String kind, ArbiterProcess arbiter, SSLContext context) throws InterruptedException {
    int port = arbiter.port();
    int tls = arbiter.tlsPort();
    List<Door<WebSocketLine>> doors = new ArrayList<>();
    doors.add(() -> WebSocketLine.upgrading(RawClient.tcp(port)));
    doors.add(() -> WebSocketLine.upgrading(RawClient.tls(tls, context)));
    if (kind.equals("netty")) {
      doors.add(() -> WebSocketLine.stream(FrameClient.clear(port)));
      doors.add(() -> WebSocketLine.stream(FrameClient.tls(tls, context)));
    }
    return doors;
  }

  /**
   * Two of each worker by each door, of which one leaves the Close unanswered. Each has its
   * messages echoed, several under way at once, until the Close comes.
   */
  private static final class Clients implements AutoCloseable {
    private final List<Door<WebSocketLine>> doors;
    private final Map<Long, OfWorker> open = new HashMap<>();
    private final ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor();

    Clients(List<Door<WebSocketLine>> doors) {
      this.doors = doors;
    }

    /** Of these workers, to each that has none. */
    void openTo(Set<Long> workers) throws Exception {
      Set<Long> more = new HashSet<>(workers);
      more.removeAll(open.keySet());
      CountDownLatch echoing = new CountDownLatch(more.size() * doors.size() * 2);
      for (long worker : more) {
        OfWorker clients = new OfWorker(new ArrayList<>(), new ArrayList<>());
        open.put(worker, clients);
        for (Door<WebSocketLine> door : doors) {
          clients.polite.add(pool.submit(client(connect(door, worker), true, echoing)));
          clients.mute.add(pool.submit(client(connect(door, worker), false, echoing)));
        }
      }
      assertThat(echoing.await(Limits.ANSWER.toSeconds(), TimeUnit.SECONDS)).as("echoes").isTrue();
    }

    /** Those of this worker, which is to have no more. */
    OfWorker of(long worker) {
      return Objects.requireNonNull(open.remove(worker));
    }

    void areOpen() {
      assertThat(open.values()).isNotEmpty().allSatisfy(OfWorker::areOpen);
    }

    void areClosed(Set<Long> workers) throws Exception {
      for (long worker : workers) {
        of(worker).areClosed();
      }
    }

    @Override
    public void close() {
      pool.shutdownNow();
    }
  }

  private record OfWorker(List<Future<End>> polite, List<Future<End>> mute) {
    void areOpen() {
      assertThat(polite).noneMatch(Future::isDone);
      assertThat(mute).noneMatch(Future::isDone);
    }

    void areClosed() throws Exception {
      for (Future<End> client : polite) {
        End end = client.get(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS);
        assertThat(end.code()).isEqualTo(WebSocketLine.SERVICE_RESTART);
        assertThat(end.cut()).as("its own Close was read").isFalse();
      }
      for (Future<End> client : mute) {
        End end = client.get(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS);
        assertThat(end.code()).isEqualTo(WebSocketLine.SERVICE_RESTART);
        assertThat(end.after()).isBetween(DRAIN.dividedBy(2), DEFAULT_DRAIN);
      }
    }
  }

  /**
   * How a WebSocket ended.
   *
   * @param code of the Close
   * @param after the Close
   * @param cut with RST, or RST_STREAM
   */
  private record End(int code, Duration after, boolean cut) {}

  /** A WebSocket that this worker has. */
  private static WebSocketLine connect(Door<WebSocketLine> door, long worker) throws IOException {
    for (int attempt = 0; attempt < 200; attempt++) {
      WebSocketLine line = door.open();
      line.open();
      line.send(WebSocketLine.TEXT, "whose");
      if (line.next().worker() == worker) {
        return line;
      }
      line.close();
    }
    throw new AssertionError("200 connections, and none reached worker " + worker);
  }

  private static Callable<End> client(
      WebSocketLine opened, boolean answers, CountDownLatch echoing) {
    return () -> {
      try (WebSocketLine line = opened) {
        int sent = 0;
        int answered = 0;
        while (true) {
          while (sent < answered + 3) {
            line.send(WebSocketLine.TEXT, Integer.toString(sent++));
          }
          Message message = line.next();
          if (message.opcode() == WebSocketLine.CLOSE) {
            return ended(line, message, answers);
          }
          assertThat(message.payload()).as("in order").endsWith(" " + answered++);
          if (answered == 20) {
            echoing.countDown();
          }
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
      }
    };
  }

  private static End ended(WebSocketLine line, Message close, boolean answers) throws IOException {
    long closed = System.nanoTime();
    if (answers) {
      line.send(WebSocketLine.CLOSE, close.payload());
    }
    boolean ended = line.ends();
    return new End(close.code(), Duration.ofNanos(System.nanoTime() - closed), !ended);
  }
}
