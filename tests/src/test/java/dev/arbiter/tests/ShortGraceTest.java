package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.HexFormat;
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

    boolean http2 = kind.equals("netty");
    try (Guests guests = new Guests(arbiter, http2)) {
      arbiter.signal(Os.Signal.HUP);
      arbiter.log().await(Says.RELOADED, Limits.CHANGE);
      guests.awaitCut();
    }
    Await.until("the old one has gone", Limits.CHANGE, () -> !Proc.alive(old));
    long next = arbiter.awaitServing(1).iterator().next();
    assertThat(next).isNotEqualTo(old);

    try (Guests guests = new Guests(arbiter, http2)) {
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

  /** An HTTP/2 client without a request that asks all the time whether the other side is there. */
  private static final class Pinger implements AutoCloseable {
    private static final byte[] PREFACE =
        HexFormat.of()
            .parseHex(
                "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a" // PRI * HTTP/2.0 ... SM
                    + "000000040000000000"); // SETTINGS
    private static final byte[] PING =
        HexFormat.of().parseHex("000008060000000000" + "0102030405060708");

    private final Socket socket;

    Pinger(int port) throws IOException {
      socket = new Socket("127.0.0.1", port);
      socket.setSoTimeout(Math.toIntExact(Limits.ANSWER.toMillis()));
      socket.getOutputStream().write(PREFACE);
      ping();
    }

    private int ping() throws IOException {
      socket.getOutputStream().write(PING);
      return socket.getInputStream().read(new byte[1024]);
    }

    void awaitEnd() throws IOException {
      try {
        while (ping() >= 0) {
          // An answer, or a GOAWAY.
        }
      } catch (SocketTimeoutException open) {
        throw new AssertionError("the HTTP/2 connection stays open", open);
      } catch (SocketException closed) {
        // A ping that crossed the close.
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /** A client of each sort that a stop has to wait for. */
  private static final class Guests implements AutoCloseable, WebSocket.Listener {
    private final RawClient idle;
    private final RawClient slow;
    private final RawClient stream;
    private final Optional<Pinger> pinger;
    private final HttpClient http = HttpClient.newHttpClient();
    private final WebSocket socket;
    private final CountDownLatch closed = new CountDownLatch(1);

    Guests(ArbiterProcess arbiter, boolean http2) throws Exception {
      pinger = http2 ? Optional.of(new Pinger(arbiter.port())) : Optional.empty();
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
      if (pinger.isPresent()) {
        pinger.get().awaitEnd();
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
      if (pinger.isPresent()) {
        pinger.get().close();
      }
      idle.close();
      slow.close();
      stream.close();
      socket.abort();
      http.shutdownNow();
      http.close();
    }
  }
}
