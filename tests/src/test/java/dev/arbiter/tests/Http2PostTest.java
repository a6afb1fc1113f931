package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.tests.FrameClient.Frame;
import dev.arbiter.tests.FrameClient.Response;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Streams of a client that never tries again, through every planned change: each is answered, and
 * each connection is told twice that it ends; in the clear as inside TLS.
 */
@Tag("slow")
final class Http2PostTest {
  private static final int CLIENTS = 4;
  private static final Duration PACE = Duration.ofMillis(5);
  private static final Duration DRAIN = Duration.ofSeconds(1);

  /** What {@code --stream-drain-timeout} is when it is not set. */
  private static final Duration DEFAULT_DRAIN = Duration.ofSeconds(5);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  private Path certificate;
  private SSLContext trusting;

  @BeforeEach
  void makeCertificate() throws Exception {
    certificate = Certificates.make(arbiters.folder(), "server");
    trusting = Certificates.trusting(certificate);
  }

  @Test
  void aReloadAnUpgradeAndARecycleLoseNoPost() throws Exception {
    ArbiterProcess arbiter = start();
    Set<Long> workers = arbiter.awaitServing(2);
    try (Both load = load(arbiter)) {
      for (Os.Signal signal : new Os.Signal[] {Os.Signal.HUP, Os.Signal.USR2}) {
        load.awaitMore();
        int mark = arbiter.log().mark();
        arbiter.signal(signal);
        workers = arbiter.awaitReplaced(workers, 2);
        arbiter.log().awaitAfter(mark, Says.RELOADED, Limits.CHANGE);
      }
      load.awaitMore();
      for (String slot : List.of("0", "1")) {
        assertThat(Ctl.run(arbiters, "recycle", slot).exitCode()).isZero();
      }
      workers = arbiter.awaitReplaced(workers, 2);
      load.awaitMore();
      load.endsWithoutFailure(workers);
    }
  }

  @Test
  void workersThatHaveServedEnoughLeaveAndLoseNoPost() throws Exception {
    ArbiterProcess arbiter = start("--max-requests", "300", "--max-requests-jitter", "100");
    Set<Long> first = arbiter.awaitServing(2);
    try (Both load = load(arbiter)) {
      Await.until("five workers have taken part", Limits.CHANGE, () -> load.seen().size() >= 5);
      Await.until(
          "the first have left", Limits.CHANGE, () -> first.stream().noneMatch(Proc::alive));
      load.endsWithoutFailure(load.seen());
    }
  }

  @Test
  void whatIsUnderWayAndWhatCrossesTheFirstGoAwayIsAnswered() throws Exception {
    ArbiterProcess arbiter =
        command().args("--stream-drain-timeout", DRAIN.toSeconds() + "s").faulty().start();
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
  private long leaves(ArbiterProcess arbiter, Os.Signal signal) throws Exception {
    long worker = arbiter.awaitServing(1).iterator().next();
    try (FrameClient clear = FrameClient.clear(arbiter.port());
        FrameClient tls = FrameClient.tls(arbiter.tlsPort(), trusting);
        FrameClient mute = FrameClient.clear(arbiter.port())) {
      int inTheClear = begins(clear);
      int insideTls = begins(tls);
      int ofTheMute = begins(mute);
      arbiter.signal(signal);
      // Both at once: a worker that stops waits half a second for what may come late.
      try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
        Future<Boolean> other = pool.submit(() -> isToldTwice(tls, insideTls, worker));
        Future<Duration> told = pool.submit(() -> isToldAllTheSame(mute, ofTheMute));
        assertThat(isToldTwice(clear, inTheClear, worker)).isTrue();
        assertThat(other.get()).isTrue();
        // A worker that is to stop tells whoever it has left after half a second.
        Duration least = signal == Os.Signal.TERM ? Duration.ZERO : DRAIN.dividedBy(2);
        assertThat(told.get()).isBetween(least, DEFAULT_DRAIN);
      }
    }
    return worker;
  }

  /** How long after the first GOAWAY a client hears of the second that answers no PING. */
  private static Duration isToldAllTheSame(FrameClient client, int underWay) throws Exception {
    assertThat(client.next().type()).isEqualTo(FrameClient.GOAWAY);
    long first = System.nanoTime();
    assertThat(client.next().type()).isEqualTo(FrameClient.PING);
    Frame second = client.next();
    Duration told = Duration.ofNanos(System.nanoTime() - first);
    assertThat(second.type()).isEqualTo(FrameClient.GOAWAY);
    assertThat(second.number()).isEqualTo(underWay);
    client.finish(underWay, "still here");
    assertThat(client.response()).isEqualTo(new Response(underWay, "still here"));
    assertThat(client.untilEnd()).isEmpty();
    return told;
  }

  private static int begins(FrameClient client) throws Exception {
    int underWay = client.beginPost("/echo");
    client.sync();
    return underWay;
  }

  private static boolean isToldTwice(FrameClient client, int underWay, long worker)
      throws Exception {
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
    return client.untilEnd().isEmpty(); // both have been read above
  }

  /** With an address inside TLS and one in the clear. */
  private Command command() {
    return arbiters
        .command()
        .kind("netty")
        .args("--certfile", certificate.toString())
        .args("--insecure-bind", "127.0.0.1:0", "--h2c", "prior-knowledge");
  }

  private ArbiterProcess start(String... arguments) throws Exception {
    return command().workers(2).args(arguments).faulty().start();
  }

  private Both load(ArbiterProcess arbiter) throws Exception {
    int clear = arbiter.port();
    int tls = arbiter.tlsPort();
    return new Both(
        Http2Load.start(() -> FrameClient.clear(clear), CLIENTS, PACE),
        Http2Load.start(() -> FrameClient.tls(tls, trusting), CLIENTS, PACE));
  }

  private record Both(Http2Load clear, Http2Load tls) implements AutoCloseable {
    void awaitMore() throws InterruptedException {
      clear.awaitMore(500, Limits.CHANGE);
      tls.awaitMore(500, Limits.CHANGE);
    }

    Set<Long> seen() {
      Set<Long> seen = new HashSet<>(clear.byWorker().keySet());
      seen.addAll(tls.byWorker().keySet());
      return seen;
    }

    /**
     * @param last some of these must have answered
     */
    void endsWithoutFailure(Set<Long> last) throws InterruptedException {
      for (Http2Load load : List.of(clear, tls)) {
        assertThat(load.stop()).isEmpty();
        assertThat(load.byWorker().keySet()).containsAnyElementsOf(last);
        assertThat(load.told()).as("connections that were told to go").isPositive();
      }
    }

    @Override
    public void close() {
      clear.close();
      tls.close();
    }
  }
}
