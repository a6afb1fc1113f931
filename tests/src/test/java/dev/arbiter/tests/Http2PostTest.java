package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.tests.FrameClient.Frame;
import dev.arbiter.tests.FrameClient.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Streams of a client that never tries again, through every planned change: each is answered, and
 * each connection is told twice that it ends.
 */
@Tag("slow")
final class Http2PostTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void aReloadAndAnUpgradeLoseNoPost() throws Exception {
    ArbiterProcess arbiter = start("--h2c", "prior-knowledge");
    Set<Long> workers = arbiter.awaitServing(2);
    int port = arbiter.port();
    try (Load load = new Load(() -> FrameClient.clear(port))) {
      for (Os.Signal signal : new Os.Signal[] {Os.Signal.HUP, Os.Signal.USR2}) {
        load.awaitMore(500);
        int mark = arbiter.log().mark();
        arbiter.signal(signal);
        workers = arbiter.awaitReplaced(workers, 2);
        arbiter.log().awaitAfter(mark, Says.RELOADED, Limits.CHANGE);
      }
      load.awaitMore(500);
      load.endsWithoutFailure(workers);
    }
  }

  @Test
  void aReloadLosesNoPostInsideTls() throws Exception {
    Path certificate = Certificates.make(arbiters.folder(), "server");
    ArbiterProcess arbiter =
        start("--certfile", certificate.toString(), "--insecure-bind", "127.0.0.1:0");
    int port = Integer.parseInt(arbiter.log().await(Says.LISTENING_TLS, Limits.START).group(1));
    SSLContext context = Certificates.trusting(certificate);
    Set<Long> workers = arbiter.awaitServing(2); // by the address beside it, in the clear
    try (Load load = new Load(() -> FrameClient.tls(port, context))) {
      load.awaitMore(500);
      arbiter.signal(Os.Signal.HUP);
      workers = arbiter.awaitReplaced(workers, 2);
      load.awaitMore(500);
      load.endsWithoutFailure(workers);
    }
  }

  @Test
  void recyclingLosesNoPost() throws Exception {
    ArbiterProcess arbiter =
        start("--h2c", "prior-knowledge", "--max-requests", "300", "--max-requests-jitter", "100");
    Set<Long> first = arbiter.awaitServing(2);
    int port = arbiter.port();
    try (Load load = new Load(() -> FrameClient.clear(port))) {
      Await.until("five workers have taken part", Limits.CHANGE, () -> load.seen.size() >= 5);
      Await.until(
          "the first have left", Limits.CHANGE, () -> first.stream().noneMatch(Proc::alive));
      load.endsWithoutFailure(load.seen);
    }
  }

  @Test
  void whatIsUnderWayAndWhatCrossesTheFirstGoAwayIsAnswered() throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").args("--h2c", "prior-knowledge").faulty().start();
    for (Os.Signal signal : new Os.Signal[] {Os.Signal.HUP, Os.Signal.USR2}) {
      int mark = arbiter.log().mark();
      long worker = leaves(arbiter, signal);
      arbiter.awaitReplaced(Set.of(worker), 1);
      arbiter.log().awaitAfter(mark, Says.RELOADED, Limits.CHANGE);
    }
    leaves(arbiter, Os.Signal.TERM);
    assertThat(arbiter.exitCode(Limits.CHANGE)).isZero();
  }

  /** Which worker that was. */
  private static long leaves(ArbiterProcess arbiter, Os.Signal signal) throws Exception {
    long worker = arbiter.awaitServing(1).iterator().next();
    try (FrameClient client = FrameClient.clear(arbiter.port())) {
      int underWay = client.beginPost("/echo");
      client.sync();
      arbiter.signal(signal);

      Frame goAway = client.next();
      assertThat(goAway.type()).isEqualTo(FrameClient.GOAWAY);
      assertThat(goAway.number()).isEqualTo(FrameClient.ALL_STREAMS);
      Frame ping = client.next();
      assertThat(ping.type()).isEqualTo(FrameClient.PING);
      int crossing = client.get("/pid"); // as if it had been on its way
      assertThat(client.response()).isEqualTo(new Response(crossing, worker + "\n"));

      client.answer(ping);
      Frame second = client.next();
      assertThat(second.type()).isEqualTo(FrameClient.GOAWAY);
      assertThat(second.number()).isEqualTo(crossing);
      int late = client.get("/pid");
      Frame refused = client.next();
      assertThat(refused.type()).isEqualTo(FrameClient.RST_STREAM);
      assertThat(refused.stream()).isEqualTo(late);
      assertThat(refused.number()).isEqualTo(FrameClient.REFUSED_STREAM);

      client.finish(underWay, "still here");
      assertThat(client.response()).isEqualTo(new Response(underWay, "still here"));
      assertThat(client.untilEnd()).isEmpty(); // both have been read above
    }
    return worker;
  }

  private ArbiterProcess start(String... arguments) throws Exception {
    return arbiters.command().kind("netty").workers(2).args(arguments).faulty().start();
  }

  /** Clients with a connection each, on which several POSTs are under way at once. */
  private static final class Load implements AutoCloseable {
    private static final int CLIENTS = 4;
    private static final int STREAMS = 4;
    private static final int BODY = 2000;
    private static final long PACE = TimeUnit.MILLISECONDS.toNanos(5);

    @FunctionalInterface
    interface Door {
      FrameClient open() throws IOException;
    }

    private final Door door;
    private final List<Thread> threads = new ArrayList<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Set<Long> seen = ConcurrentHashMap.newKeySet();
    private final AtomicLong successes = new AtomicLong();
    private final AtomicLong told = new AtomicLong();
    private volatile boolean stopping;

    Load(Door door) {
      this.door = door;
      for (int i = 0; i < CLIENTS; i++) {
        threads.add(Thread.ofVirtual().start(this::run));
      }
    }

    private void run() {
      while (!stopping) {
        try (FrameClient client = door.open()) {
          client.get("/pid");
          String pid = client.response().body().strip();
          seen.add(Long.valueOf(pid));
          while (!stopping && !client.leaving()) {
            LockSupport.parkNanos(PACE);
            post(client);
          }
          if (client.leaving()) {
            List<Integer> named = client.untilEnd();
            told.incrementAndGet();
            if (!named.equals(List.of(FrameClient.ALL_STREAMS, client.last()))) {
              failures.add("worker " + pid + " says " + named + ", last was " + client.last());
            }
          }
        } catch (IOException failed) {
          failures.add(failed + " after " + successes);
        }
      }
    }

    private void post(FrameClient client) throws IOException {
      Map<Integer, String> sent = new HashMap<>();
      for (int i = 0; i < STREAMS; i++) {
        String body = Character.toString('a' + i).repeat(BODY);
        sent.put(client.post("/echo", body), body);
      }
      while (!sent.isEmpty()) {
        Response answer = client.response();
        if (!answer.body().equals(sent.remove(answer.stream()))) {
          throw new IOException("not what was sent: " + answer);
        }
        successes.incrementAndGet();
      }
    }

    void awaitMore(long count) throws InterruptedException {
      long goal = successes.get() + count;
      Await.until(count + " more answers", Limits.CHANGE, () -> successes.get() >= goal);
    }

    /**
     * @param last some of these must have answered
     */
    void endsWithoutFailure(Set<Long> last) throws InterruptedException {
      stopping = true;
      for (Thread thread : threads) {
        assertThat(thread.join(Limits.ANSWER.multipliedBy(2))).as("a client ends").isTrue();
      }
      assertThat(failures).isEmpty();
      assertThat(seen).containsAnyElementsOf(last);
      assertThat(told).as("connections that were told to go").hasPositiveValue();
    }

    @Override
    public void close() {
      stopping = true;
    }
  }
}
