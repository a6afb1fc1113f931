package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A graceful timeout in which nothing can be finished: all ends at once, and for a known reason.
 */
@Tag("slow")
final class ShortGraceTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void whatIsIdleOrStreamsIsCutAtTheLimitAndNobodyIsFoundDead(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).gracefulTimeout("10ms").faulty().start();
    long old = arbiter.awaitServing(1).iterator().next();

    try (Guests guests = new Guests(arbiter)) {
      arbiter.signal(Os.Signal.HUP);
      arbiter.log().await(Says.RELOADED, Limits.CHANGE);
      guests.awaitCut();
    }
    Await.until("the old one has gone", Limits.CHANGE, () -> !Proc.alive(old));
    long next = arbiter.awaitServing(1).iterator().next();
    assertThat(next).isNotEqualTo(old);

    try (Guests guests = new Guests(arbiter)) {
      assertThat(arbiter.stop()).isZero();
      guests.awaitCut();
    }
    try (RawClient late = arbiter.connect()) {
      throw new AssertionError("connected from port " + late.localPort());
    } catch (ConnectException refused) {
      arbiter.awaitOutputEnd(Limits.ANSWER);
    }
    for (long worker : new long[] {old, next}) {
      assertThat(arbiter.log().text()).containsPattern("\\(pid " + worker + "\\) left: ");
      // One that a busy machine kept for so long that it was killed has told nobody why.
      assertThat(Incident.find(arbiters.incidents(), worker))
          .map(folder -> new Incident(folder).cause())
          .isIn(Optional.empty(), Optional.of("overstayed"));
    }
  }

  /** A client of each sort that a stop has to wait for. */
  private static final class Guests implements AutoCloseable, WebSocket.Listener {
    private final RawClient idle;
    private final RawClient slow;
    private final RawClient stream;
    private final HttpClient http = HttpClient.newHttpClient();
    private final WebSocket socket;
    private final CountDownLatch closed = new CountDownLatch(1);

    Guests(ArbiterProcess arbiter) throws Exception {
      idle = arbiter.connect();
      idle.pid();
      slow = arbiter.connect();
      slow.pid();
      slow.request("/sleep?ms=600000");
      stream = arbiter.connect();
      stream.request("/big?bytes=1000000000000");
      assertThat(stream.line()).isEqualTo("HTTP/1.1 200 OK");
      socket =
          http.newWebSocketBuilder()
              .buildAsync(URI.create("ws://127.0.0.1:" + arbiter.port() + "/ws"), this)
              .get(Limits.ANSWER.toSeconds(), TimeUnit.SECONDS);
    }

    void awaitCut() throws Exception {
      assertThat(idle.closedWithin(Limits.ANSWER)).isTrue();
      assertThat(slow.closedWithin(Limits.ANSWER)).isTrue();
      try {
        stream.readLimit(Limits.ANSWER);
        assertThat(stream.countBody()).isLessThan(1_000_000_000_000L);
      } catch (SocketException reset) {
        assertThat(reset).hasMessageContaining("reset");
      }
      assertThat(closed.await(Limits.ANSWER.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int status, String reason) {
      closed.countDown();
      return CompletableFuture.completedFuture(status);
    }

    @Override
    public void onError(WebSocket webSocket, Throwable cut) {
      closed.countDown();
    }

    @Override
    public void close() throws IOException {
      idle.close();
      slow.close();
      stream.close();
      socket.abort();
      http.shutdownNow();
      http.close();
    }
  }
}
