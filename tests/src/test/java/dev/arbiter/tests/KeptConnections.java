package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Load on connections that live as long as their worker: HTTP/2, and WebSockets on connections of
 * their own and in streams; as much of that as the worker kind speaks.
 */
final class KeptConnections implements AutoCloseable {
  private static final int CLIENTS = 4;
  private static final Duration PACE = Duration.ofMillis(10);

  private final List<Load> loads = new ArrayList<>();

  private KeptConnections() {}

  /** The arguments without which a worker of this kind does not speak all it can. */
  static String[] arguments(String kind) {
    return kind.equals("netty") ? new String[] {"--h2c", "prior-knowledge"} : new String[0];
  }

  /**
   * The arbiter was started with {@link #arguments}. Returns when every client has its connection,
   * and a worker to it.
   */
  static KeptConnections start(String kind, ArbiterProcess arbiter) throws InterruptedException {
    int port = arbiter.port();
    KeptConnections kept = new KeptConnections();
    kept.loads.add(
        WebSocketLoad.start(() -> WebSocketLine.upgrading(RawClient.tcp(port)), CLIENTS, PACE));
    if (kind.equals("netty")) {
      kept.loads.add(Http2Load.start(() -> FrameClient.clear(port), CLIENTS, PACE));
      kept.loads.add(
          WebSocketLoad.start(() -> WebSocketLine.stream(FrameClient.clear(port)), CLIENTS, PACE));
    }
    Await.until(
        "all are connected",
        Limits.ANSWER,
        () -> kept.opened().stream().allMatch(count -> count == CLIENTS));
    return kept;
  }

  /** Waits until everybody has been answered more often, several times each on average. */
  void awaitMore() throws InterruptedException {
    for (Load load : loads) {
      load.awaitMore(10 * CLIENTS, Limits.ANSWER);
    }
  }

  /** Of each protocol, how many were told to go because their worker left. */
  List<Integer> told() {
    return loads.stream().map(Load::told).toList();
  }

  private List<Integer> opened() {
    return loads.stream().map(Load::opened).toList();
  }

  /** Lets each client finish, and returns what went wrong. */
  List<Load.Failure> stop() throws InterruptedException {
    List<Load.Failure> failures = new ArrayList<>();
    for (Load load : loads) {
      failures.addAll(load.stop());
    }
    return failures;
  }

  /** Everybody is answered on the connection that he began with, and nobody was told to go. */
  void stayed() throws InterruptedException {
    awaitMore();
    assertThat(stop()).isEmpty();
    assertThat(told()).as("told to go").containsOnly(0);
    assertThat(opened()).as("connections of %s clients", CLIENTS).containsOnly(CLIENTS);
  }

  @Override
  public void close() {
    loads.forEach(Load::close);
  }
}
