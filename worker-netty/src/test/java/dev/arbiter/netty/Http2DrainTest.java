package dev.arbiter.netty;

import static dev.arbiter.netty.H2Client.ACK;
import static dev.arbiter.netty.H2Client.GOAWAY;
import static dev.arbiter.netty.H2Client.PING;
import static dev.arbiter.netty.H2Client.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.HttpScope;
import dev.arbiter.netty.H2Client.Frame;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** How HTTP/2 connections end when the worker leaves. */
class Http2DrainTest {
  private static final int REFUSED_STREAM = 7;
  private static final Duration LONG = Duration.ofSeconds(20);

  /** What {@code stream-drain-timeout} is when it is not set. */
  private static final Duration DEFAULT_DRAIN = Duration.ofSeconds(5);

  private final CompletableFuture<Void> release = new CompletableFuture<>();

  private final AsyncApp waiting =
      (scope, _, send) -> {
        String path = ((HttpScope) scope).rawPath();
        return path.equals("/wait")
            ? release.thenCompose(_ -> Apps.respond(send, 200, path))
            : Apps.respond(send, 200, path);
      };

  private static void goAway(H2Client client, int last) throws Exception {
    Frame frame = client.next();
    assertThat(frame.type()).isEqualTo(GOAWAY);
    assertThat(frame.number(0)).isEqualTo(last);
    assertThat(frame.number(4)).isZero();
  }

  @Test
  void aClientIsToldTwiceAndEveryRequestBetweenIsAnswered() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting, "h2c", "prior-knowledge");
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/wait");
      Fixture.await(() -> fixture.worker.inFlight().size() == 1);
      fixture.drain(LONG);
      goAway(client, Integer.MAX_VALUE);
      Frame ping = client.next(PING);
      // What was on its way when the client heard of it.
      assertThat(client.get(3, "/late").answer(3).body()).isEqualTo("/late");
      client.frame(PING, ACK, 0, ping.payload());
      goAway(client, 3);
      Frame refused = client.get(5, "/too-late").next();
      assertThat(refused.type()).isEqualTo(RST_STREAM);
      assertThat(refused.number(0)).isEqualTo(REFUSED_STREAM);
      release.complete(null);
      assertThat(client.answer(1).body()).isEqualTo("/wait");
      assertThat(client.ended()).isTrue();
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }

  @Test
  void whatComesTooLateIsRefusedAlsoWithNothingElseUnderWay() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting, "h2c", "prior-knowledge");
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/").answer(1);
      fixture.drain(LONG);
      goAway(client, Integer.MAX_VALUE);
      client.frame(PING, ACK, 0, client.next(PING).payload());
      goAway(client, 1);
      Frame refused = client.get(3, "/too-late").next();
      assertThat(refused.type()).isEqualTo(RST_STREAM);
      assertThat(refused.number(0)).isEqualTo(REFUSED_STREAM);
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void aClientThatDoesNotAnswerIsToldInTheEnd() throws Exception {
    try (Fixture fixture =
            Fixture.serving(waiting, "h2c", "prior-knowledge", "stream-drain-timeout", "100");
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/").answer(1);
      fixture.drain(LONG);
      goAway(client, Integer.MAX_VALUE);
      client.next(PING);
      long told = System.nanoTime();
      goAway(client, 1);
      assertThat(Duration.ofNanos(System.nanoTime() - told)).isLessThan(DEFAULT_DRAIN);
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void whenTheLingerTimeEndsNoAnswerIsWaitedFor() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting, "h2c", "prior-knowledge");
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/wait");
      Fixture.await(() -> fixture.worker.inFlight().size() == 1);
      fixture.drain(Duration.ZERO);
      goAway(client, Integer.MAX_VALUE);
      client.next(PING);
      goAway(client, 1);
      release.complete(null);
      assertThat(client.answer(1).body()).isEqualTo("/wait");
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void aConnectionTakenAfterTheOrderIsServed() throws Exception {
    try (Fixture fixture = Fixture.serving(waiting, "h2c", "prior-knowledge")) {
      fixture.drain(LONG);
      try (H2Client client = H2Client.to(fixture)) {
        assertThat(client.get(1, "/late").answer(1).body()).isEqualTo("/late");
        goAway(client, Integer.MAX_VALUE);
      }
    }
  }
}
